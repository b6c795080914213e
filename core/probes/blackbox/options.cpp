#include "probes/blackbox/options.hpp"

#include "config/schema/checks.hpp"
#include "probes/blackbox/go_forms.hpp"

#include <arpa/inet.h>

#include <array>
#include <utility>

namespace ferrule::probes::blackbox {

namespace {

constexpr std::array<std::pair<std::string_view, const char*>, 4> tls_versions{{
    {"TLS10", "1.0"},
    {"TLS11", "1.1"},
    {"TLS12", "1.2"},
    {"TLS13", "1.3"},
}};

std::string read_version(map_reader& from, std::string_view key, std::string fallback) {
    const auto given = from.choice(key, {"TLS10", "TLS11", "TLS12", "TLS13"});
    for (const auto& [name, ours] : tls_versions)
        if (given && *given == name)
            return ours;
    return fallback;
}

bool is_address(const std::string& text) {
    std::array<unsigned char, 16> ignored{};
    return inet_pton(AF_INET, text.c_str(), ignored.data()) == 1 ||
           inet_pton(AF_INET6, text.c_str(), ignored.data()) == 1;
}

} // namespace

void read_family(map_reader& from, section& to) {
    const auto wanted = from.choice("preferred_ip_protocol", {"ip4", "ip6"});
    to.settings["ip_version"] = wanted == "ip4" ? 4 : 6;
    to.settings["ip_fallback"] = from.flag("ip_protocol_fallback").value_or(true);
}

void read_source(map_reader& from, section& to) {
    const auto given = from.text("source_ip_address");
    if (!given || given->empty())
        return;
    if (!is_address(*given))
        from.complain("source_ip_address", "expected an address of this machine, such as 192.0.2.1");
    to.settings["source"] = *given;
}

void read_tls(map_reader& from, section& to) {
    auto given = from.map("tls_config");
    base::json tls = base::json::object();
    // Go's own least version, whatever the system's OpenSSL is set to.
    const auto least = read_version(given, "min_version", {});
    const auto most = read_version(given, "max_version", {});
    tls["min_version"] = least.empty() ? "1.2" : least;
    if (!most.empty()) {
        tls["max_version"] = most;
        if (most < tls["min_version"].get_ref<const std::string&>())
            given.complain("max_version", "is older than min_version, which is TLS12 unless it is given; no version "
                                          "is left");
    }
    if (given.flag("insecure_skip_verify").value_or(false))
        tls["verify"] = false;
    if (const auto name = given.text("server_name"); name && !name->empty())
        tls["server_name"] = *name;
    if (auto path = read_file_path(given, "ca_file", to); !path.empty())
        tls["ca_file"] = std::move(path);
    auto cert = read_file_path(given, "cert_file", to);
    auto key = read_file_path(given, "key_file", to);
    if (cert.empty() != key.empty())
        given.complain(cert.empty() ? "key_file" : "cert_file", "cert_file and key_file belong together; give both");
    if (!cert.empty() && !key.empty()) {
        tls["client_cert"] = std::move(cert);
        tls["client_key"] = std::move(key);
    }
    for (const auto* newer : {"ca", "cert", "key", "ca_ref", "cert_ref", "key_ref"})
        given.unsupported(newer, "put it into a file and name that as ca_file, cert_file or key_file");
    given.finish();
    to.settings["tls_config"] = std::move(tls);
}

std::string read_file_path(map_reader& from, std::string_view key, const section& to) {
    const auto given = from.text(key);
    return !given || given->empty() ? std::string() : (to.folder / *given).lexically_normal().string();
}

std::string pattern_fault(const std::string& pattern) {
    return config::schema::check_whole_regex(pcre_of(pattern));
}

void read_patterns(map_reader& from, const std::string& key, base::json& into) {
    auto made = base::json::array();
    const auto given = from.texts(key);
    for (std::size_t i = 0; i < given.size(); ++i) {
        if (auto fault = pattern_fault(given[i]); !fault.empty())
            from.complain(key, i, std::move(fault));
        made.push_back(pcre_of(given[i]));
    }
    if (!made.empty())
        into[key] = std::move(made);
}

} // namespace ferrule::probes::blackbox
