#include "simdevice/control.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>

namespace ferrule::simdevice {

namespace {

using nlohmann::json;
using action = std::function<void(simulator&, const std::string&, json&)>;

std::string text_of(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

const char* name_of(entry_kind kind) {
    switch (kind) {
    case entry_kind::command:
        return "command";
    case entry_kind::reply:
        return "reply";
    case entry_kind::exec:
        break;
    }
    return "exec";
}

void transcript(simulator& devices, const std::string& name, json& answer) {
    auto& entries = answer["transcript"] = json::array();
    for (const auto& entry : devices.transcript(name)) {
        entries.push_back(
            {{"session", entry.session}, {"kind", name_of(entry.kind)}, {"mode", entry.mode}, {"text", entry.text}});
    }
}

void sessions(simulator& devices, const std::string& name, json& answer) {
    auto& records = answer["sessions"] = json::array();
    for (const auto& record : devices.sessions(name)) {
        records.push_back({{"id", record.id},
                           {"user", record.user},
                           {"method", record.method},
                           {"open", record.open},
                           {"commands", record.commands},
                           {"returns", record.returns},
                           {"keepalives", record.keepalives},
                           {"end", record.end}});
    }
}

void counters(simulator& devices, const std::string& name, json& answer) {
    const auto now = devices.counters(name);
    answer["counters"] = {{"connections", now.connections},
                          {"connections_open", now.connections_open},
                          {"sessions_open", now.sessions_open},
                          {"logins", now.logins},
                          {"failed_logins", now.failed_logins},
                          {"commands", now.commands},
                          {"returns", now.returns},
                          {"keepalives", now.keepalives},
                          {"forwards", now.forwards}};
}

const std::map<std::string, action>& actions() {
    static const std::map<std::string, action> all{
        {"drop", [](auto& devices, auto& name, json&) { devices.drop_all(name); }},
        {"reset", [](auto& devices, auto& name, json&) { devices.drop_all(name, true); }},
        {"freeze", [](auto& devices, auto& name, json&) { devices.set_frozen(name, true); }},
        {"thaw", [](auto& devices, auto& name, json&) { devices.set_frozen(name, false); }},
        {"close", [](auto& devices, auto& name, json&) { devices.set_listening(name, false); }},
        {"listen", [](auto& devices, auto& name, json&) { devices.set_listening(name, true); }},
        {"clear", [](auto& devices, auto& name, json&) { devices.clear_transcript(name); }},
        {"port", [](auto& devices, auto& name, json& answer) { answer["port"] = devices.port(name); }},
        {"rotate",
         [](auto& devices, auto& name, json& answer) {
             devices.change_host_key(name);
             answer["host_keys"] = devices.host_keys(name);
         }},
        {"transcript", transcript},
        {"sessions", sessions},
        {"counters", counters},
    };
    return all;
}

json failure(const std::string& message) {
    return {{"ok", false}, {"error", message}};
}

} // namespace

std::string ready_line(const simulator& devices) {
    json answer{{"ok", true}, {"ready", true}};
    for (const auto& [name, port] : devices.ports()) {
        answer["devices"][name] = {{"port", port}, {"host_keys", devices.host_keys(name)}};
    }
    return text_of(answer);
}

std::string control(simulator& devices, const std::string& line) {
    std::istringstream words(line);
    std::string verb;
    std::string name;
    words >> verb >> name;
    if (verb == "devices") {
        return ready_line(devices);
    }
    const auto place = actions().find(verb);
    if (place == actions().end()) {
        std::string known = "devices";
        for (const auto& [key, unused] : actions()) {
            known += ", " + key;
        }
        return text_of(failure("unknown command '" + verb + "'; there are: " + known));
    }
    try {
        json answer{{"ok", true}};
        place->second(devices, name, answer);
        return text_of(answer);
    } catch (const std::exception& problem) {
        return text_of(failure(problem.what()));
    }
}

} // namespace ferrule::simdevice
