// SPDX-License-Identifier: Apache-2.0
#include "ssh/session/target.hpp"

#include "ssh/platform/json_reader.hpp"

namespace ferrule::ssh {

namespace {

constexpr const char* bad = "invalid_target";

/// What libssh can do but leaves off, for devices that know nothing better.
constexpr const char* legacy_kex =
    "+diffie-hellman-group14-sha1,diffie-hellman-group1-sha1,diffie-hellman-group-exchange-sha1";
constexpr const char* legacy_host_key = "+ssh-rsa";
constexpr const char* legacy_ciphers = "+aes256-cbc,aes192-cbc,aes128-cbc,3des-cbc";
constexpr const char* legacy_macs = "+hmac-sha1,hmac-sha1-etm@openssh.com";

std::string list(json_reader& in, const std::string& key, const std::string& fallback) {
    std::string out;
    for (const auto& item : in.texts(key)) {
        out += (out.empty() ? "" : ",") + item;
    }
    return out.empty() ? fallback : out;
}

algorithms read_algorithms(const nlohmann::json& object, const std::string& path, const algorithms& defaults) {
    json_reader in(object, path, bad);
    algorithms out = defaults;
    out.kex = list(in, "kex", out.kex);
    out.host_key = list(in, "host_key_algorithms", out.host_key);
    out.ciphers = list(in, "ciphers", out.ciphers);
    out.macs = list(in, "macs", out.macs);
    out.public_key = list(in, "pubkey_algorithms", out.public_key);
    in.finish();
    return out;
}

host_key_policy read_policy(json_reader& in, host_key_policy fallback) {
    const auto name = in.text("host_key_policy");
    if (name.empty()) {
        return fallback;
    }
    if (name == "strict") {
        return host_key_policy::strict;
    }
    if (name == "accept_new") {
        return host_key_policy::accept_new;
    }
    if (name == "insecure") {
        return host_key_policy::insecure;
    }
    in.wrong("host_key_policy", "one of strict, accept_new, insecure");
}

hop read_place(json_reader& in) {
    hop out;
    out.host = in.text("host");
    if (out.host.empty()) {
        in.wrong("host", "a host name or an address");
    }
    out.port = static_cast<std::uint16_t>(in.number("port", 22, 1, 65535));
    out.credential = in.text("credential");
    return out;
}

void read_device_options(target& to, const nlohmann::json& object, const hop_options& defaults) {
    json_reader in(object, "options", bad);
    to.hops.back().options = read_hop_options(in, defaults);
    in.object("terminal", [&](const nlohmann::json& terminal, const std::string& path) {
        json_reader t(terminal, path, bad);
        if (t.find("width") != nullptr) {
            to.width = static_cast<std::uint16_t>(t.number("width", 511, 0, 32767));
        }
        if (t.find("height") != nullptr) {
            to.height = static_cast<std::uint16_t>(t.number("height", 0, 0, 32767));
        }
        if (t.find("type") != nullptr) {
            to.terminal = t.text("type");
        }
        t.finish();
    });
    if (in.find("prompt") != nullptr) {
        to.prompt = in.text("prompt");
    }
    if (in.find("mode") != nullptr) {
        to.mode = in.text("mode");
    }
    to.keepalive = in.duration("keepalive", to.keepalive);
    to.redact = in.flag("redact", true);
    in.finish();
}

} // namespace

std::string hop::name() const {
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

hop_options read_hop_options(json_reader& in, const hop_options& defaults) {
    hop_options out = defaults;
    out.policy = read_policy(in, defaults.policy);
    out.known_hosts = in.text("known_hosts", defaults.known_hosts);
    if (auto keys = in.texts("host_keys"); !keys.empty()) {
        out.host_keys = std::move(keys);
    }
    if (in.flag("legacy_algorithms", false)) {
        out.algos.kex = legacy_kex;
        out.algos.host_key = legacy_host_key;
        out.algos.ciphers = legacy_ciphers;
        out.algos.macs = legacy_macs;
        out.algos.public_key = legacy_host_key;
    }
    in.object("algorithms", [&](const nlohmann::json& object, const std::string& path) {
        out.algos = read_algorithms(object, path, out.algos);
    });
    if (const auto* agent = in.find("agent")) {
        if (agent->is_boolean()) {
            out.agent = agent->get<bool>() ? "env" : "";
        } else {
            out.agent = in.text("agent");
        }
    }
    return out;
}

target target::parse(std::string_view json, const hop_options& defaults) {
    const auto object = json_reader::parse(json, "The target", bad);
    json_reader in(object, "", bad);
    target out;
    in.objects("jump", [&](const nlohmann::json& jump, const std::string& path) {
        json_reader j(jump, path, bad);
        auto place = read_place(j);
        place.options = defaults;
        j.object("options", [&](const nlohmann::json& options, const std::string& options_path) {
            json_reader o(options, options_path, bad);
            place.options = read_hop_options(o, defaults);
            o.finish();
        });
        j.finish();
        out.hops.push_back(std::move(place));
    });
    out.hops.push_back(read_place(in));
    out.hops.back().options = defaults;
    out.connect_timeout = in.number("connect_timeout_ms", 10'000) * millisecond;
    out.auth_timeout = in.number("auth_timeout_ms", 20'000) * millisecond;
    out.keepalive = in.number("keepalive_ms", 30'000) * millisecond;
    if (const auto* options = in.find("options")) {
        read_device_options(out, *options, defaults);
    }
    if (const auto* platform = in.find("platform")) {
        out.platform_json = platform->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
    return out; // keys of a newer host are not an error
}

} // namespace ferrule::ssh
