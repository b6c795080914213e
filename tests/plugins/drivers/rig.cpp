// SPDX-License-Identifier: Apache-2.0
#include "plugins/drivers/rig.hpp"

#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace ferrule::drivers_test {

namespace {

json to_json(const YAML::Node& node) {
    if (node.IsMap()) {
        json out = json::object();
        for (const auto& item : node) {
            out[item.first.as<std::string>()] = to_json(item.second);
        }
        return out;
    }
    if (node.IsSequence()) {
        json out = json::array();
        for (const auto& item : node) {
            out.push_back(to_json(item));
        }
        return out;
    }
    const auto text = node.as<std::string>("");
    const bool quoted = node.Tag() == "!";
    if (!quoted && (text == "true" || text == "false")) {
        return text == "true";
    }
    if (!quoted && !text.empty() && text.find_first_not_of("0123456789") == std::string::npos) {
        return std::stoll(text);
    }
    return text;
}

} // namespace

json platform(const std::string& name) {
    auto own = to_json(YAML::LoadFile(std::string(FERRULE_PLATFORMS) + "/" + name + ".yaml"));
    if (own.contains("inherits")) {
        auto base = platform(own["inherits"].get<std::string>());
        for (const auto& item : own.items()) {
            if (item.value().is_object() && base.contains(item.key()) && base[item.key()].is_object()) {
                base[item.key()].update(item.value());
            } else {
                base[item.key()] = item.value();
            }
        }
        own = base;
    }
    own["name"] = name;
    return own;
}

scratch::scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ferrule-drivers-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error("no temporary directory");
    }
    root_ = pattern;
}

scratch::~scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
}

std::string scratch::write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    std::filesystem::permissions(path(name), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return path(name);
}

std::string scratch::read(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

rig::rig(json config)
    : plugin(testhost::plugin::load(FERRULE_SSH_PLUGIN))
    , driver(on, plugin.component(FRL_KIND_DRIVER, "ssh"), config.dump()) {
    set_login({{"username", "admin"}, {"password", "admin"}});
}

json rig::target(std::uint16_t port, const std::string& platform_name, json options) const {
    if (!options.contains("host_key_policy")) {
        options["host_key_policy"] = "insecure";
    }
    return {{"host", "127.0.0.1"},      {"port", port},
            {"credential", "login"},    {"platform", platform(platform_name)},
            {"options", options},       {"connect_timeout_ms", 10'000},
            {"auth_timeout_ms", 10'000}};
}

void rig::set_login(json credential, const std::string& reference) {
    on.services().set_secret(reference, credential.dump());
}

ended rig::finish(frl_op op) {
    const auto got = on.wait(op);
    if (!got.completed) {
        throw std::runtime_error("the operation did not complete");
    }
    return {got.ok(), json::parse(got.json), got.output};
}

ended rig::open(frl_session session, const json& to) {
    return finish(driver.open(session, to.dump()));
}

ended rig::exec(frl_session session, const std::string& command, json more) {
    more["command"] = command;
    if (!more.contains("idle_timeout_ms")) {
        more["idle_timeout_ms"] = 10'000;
    }
    return finish(driver.exec(session, more.dump()));
}

ended rig::config(frl_session session, const std::vector<std::string>& lines, json more) {
    more["config"] = lines;
    if (!more.contains("idle_timeout_ms")) {
        more["idle_timeout_ms"] = 10'000;
    }
    return finish(driver.exec(session, more.dump()));
}

ended rig::keepalive(frl_session session) {
    return finish(driver.keepalive(session));
}

ended rig::close(frl_session session) {
    return finish(driver.close(session));
}

} // namespace ferrule::drivers_test
