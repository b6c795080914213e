// Requests: strict, with every fault at once.
#include "model/command_json.hpp"

#include "base/json.hpp"
#include "model/inventory_json.hpp"

#include <algorithm>

namespace ferrule::model {

using base::json;
using base::object_reader;

namespace {

constexpr std::size_t most_words = 1024;
constexpr std::size_t longest_word = std::size_t{64} * 1024;
constexpr std::size_t most_names = 10'000;

bool has_zero(const std::string& text) {
    return text.find('\0') != std::string::npos;
}

void check_word(object_reader& reader, const std::string& path, const std::string& text) {
    if (has_zero(text))
        reader.complain(path, "holds a zero byte, which no program can be given");
    else if (text.size() > longest_word)
        reader.complain(path, "is longer than " + std::to_string(longest_word) + " bytes");
}

void read_program(object_reader& reader, command_spec& into) {
    into.argv = reader.texts("argv");
    into.shell = reader.text_or("shell", "");
    const bool argv = reader.member("argv") != nullptr;
    const bool shell = reader.member("shell") != nullptr;
    if (argv == shell) {
        reader.complain("argv", argv ? "stands beside shell; give one or the other" : "is required (or shell)");
        return;
    }
    if (shell) {
        if (into.shell.empty())
            reader.complain("shell", "is empty");
        check_word(reader, "shell", into.shell);
        return;
    }
    if (into.argv.empty())
        reader.complain("argv", "is empty; the first element is the program's path");
    else if (!into.argv.front().starts_with('/'))
        reader.complain("argv[0]", "must be the absolute path of a program, such as /usr/bin/uptime");
    if (into.argv.size() > most_words)
        reader.complain("argv", "has more than " + std::to_string(most_words) + " elements");
    for (std::size_t i = 0; i < std::min(into.argv.size(), most_words); ++i)
        check_word(reader, "argv[" + std::to_string(i) + "]", into.argv[i]);
}

bool is_variable(std::string_view name) {
    const auto good = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    };
    return !name.empty() && name.size() <= 128 && (name[0] < '0' || name[0] > '9') &&
           std::all_of(name.begin(), name.end(), good);
}

void read_environment(object_reader& reader, command_spec& into) {
    const auto* given = reader.object("environment");
    if (given == nullptr)
        return;
    for (const auto& [name, value] : given->items()) {
        if (!is_variable(name))
            reader.complain("environment", "\"" + name.substr(0, 64) + "\" is not the name of a variable");
        else if (!value.is_string())
            reader.complain("environment." + name, "must be a text");
        else
            check_word(reader, "environment." + name, into.environment[name] = value.get<std::string>());
    }
    if (into.environment.size() > most_words)
        reader.complain("environment", "has more than " + std::to_string(most_words) + " variables");
}

command_spec read_spec(object_reader& reader) {
    command_spec read;
    read_program(reader, read);
    read.user = reader.text_or("user", "");
    read.directory = reader.text_or("directory", "");
    check_word(reader, "user", read.user);
    check_word(reader, "directory", read.directory);
    if (!read.directory.empty() && !read.directory.starts_with('/'))
        reader.complain("directory", "must be an absolute path");
    read_environment(reader, read);
    const auto timeout = reader.time_span("timeout");
    if (timeout && *timeout < std::chrono::milliseconds(1))
        reader.complain("timeout", "must be at least 1ms");
    read.timeout = timeout.value_or(base::duration::zero());
    return read;
}

command_targets read_targets(object_reader& reader) {
    command_targets read;
    const auto* on = reader.object("on");
    if (on == nullptr) {
        if (reader.member("on") == nullptr)
            reader.complain("on",
                            "is required: {\"agents\": […]}, {\"group\": …}, {\"labels\": {…}} or {\"all\": true}");
        return read;
    }
    object_reader fields(*on, "on");
    read.agents = fields.texts("agents");
    read.group = fields.text_or("group", "");
    read.all = fields.boolean_or("all", false);
    read.tags = read_labels(fields);
    if (read.agents.size() > most_names)
        fields.complain("agents", "has more than " + std::to_string(most_names) + " names");
    std::sort(read.agents.begin(), read.agents.end());
    read.agents.erase(std::unique(read.agents.begin(), read.agents.end()), read.agents.end());
    const int ways = int{!read.agents.empty()} + int{!read.group.empty()} + int{!read.tags.empty()} + int{read.all};
    if (ways != 1)
        fields.complain("agents", ways == 0 ? "is required (or group, labels, or all: true)"
                                            : "stands beside another choice; give one of agents, group, labels, all");
    reader.absorb(fields);
    return read;
}

} // namespace

result<command_request> command_request_from_json(const json& body) {
    object_reader reader(body);
    if (!body.is_object())
        return *reader.finish();
    command_request read;
    read.what = read_spec(reader);
    read.on = read_targets(reader);
    read.ttl = reader.time_span("ttl");
    if (read.ttl && *read.ttl < std::chrono::seconds(1))
        reader.complain("ttl", "must be at least 1s");
    if (auto bad = reader.finish())
        return *bad;
    return read;
}

result<command_spec> command_spec_from_json(const json& args) {
    object_reader reader(args);
    if (!args.is_object())
        return *reader.finish();
    auto read = read_spec(reader);
    if (read.timeout == base::duration::zero() && reader.member("timeout") == nullptr)
        reader.complain("timeout", "is required");
    if (auto bad = reader.finish())
        return *bad;
    return read;
}

} // namespace ferrule::model
