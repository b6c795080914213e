// Commands as clients see them, as the store keeps them, and results as the link carries them.
#include "model/command_json.hpp"

#include "base/json.hpp"
#include "base/json_time.hpp"

namespace ferrule::model {

using base::json;

namespace {

template <class T>
json or_null(const std::optional<T>& value) {
    return value ? json(*value) : json();
}

std::optional<base::wall_time> read_time(const json& from, const char* key) {
    const auto at = from.find(key);
    if (at == from.end() || !at->is_string())
        return std::nullopt;
    const auto parsed = base::parse_rfc3339(at->get_ref<const std::string&>());
    return parsed ? std::optional(*parsed) : std::nullopt;
}

std::optional<int> read_int(const json& from, const char* key) {
    const auto at = from.find(key);
    if (at == from.end() || !at->is_number_integer())
        return std::nullopt;
    const auto value = at->get<std::int64_t>();
    return value < -1024 || value > 1024 ? std::nullopt : std::optional(static_cast<int>(value));
}

std::string read_text(const json& from, const char* key) {
    const auto at = from.find(key);
    return at != from.end() && at->is_string() ? at->get<std::string>() : std::string();
}

bool read_flag(const json& from, const char* key) {
    const auto at = from.find(key);
    return at != from.end() && at->is_boolean() && at->get<bool>();
}

error corrupt(const std::string& what, const std::string& why) {
    return error("corrupt_record", "a stored " + what + " cannot be read: " + why);
}

} // namespace

json to_json(const command_spec& what) {
    json value = json::object();
    if (what.shell.empty())
        value["argv"] = what.argv;
    else
        value["shell"] = what.shell;
    if (!what.user.empty())
        value["user"] = what.user;
    if (!what.directory.empty())
        value["directory"] = what.directory;
    if (!what.environment.empty())
        value["environment"] = what.environment;
    if (what.timeout != base::duration::zero())
        value["timeout"] = base::to_text(what.timeout);
    return value;
}

json to_json(const command_targets& on) {
    json value = json::object();
    if (!on.agents.empty())
        value["agents"] = on.agents;
    if (!on.group.empty())
        value["group"] = on.group;
    if (!on.tags.empty())
        value["labels"] = on.tags;
    if (on.all)
        value["all"] = true;
    return value;
}

json to_json(const fleet_command& shown) {
    auto value = to_json(shown.request.what);
    if (!shown.request.what.environment.empty()) {
        value["environment"] = json::array(); // values may be secrets
        for (const auto& [name, ignored] : shown.request.what.environment)
            value["environment"].push_back(name);
    }
    json counts = json::object();
    std::uint32_t over = 0;
    for (std::size_t i = 0; i < shown.counts.size(); ++i) {
        if (shown.counts[i] != 0)
            counts[std::string(task_state_texts[i])] = shown.counts[i];
        if (is_final(static_cast<task_state>(i)))
            over += shown.counts[i];
    }
    value["id"] = shown.id;
    value["on"] = to_json(shown.request.on);
    value["state"] = over >= shown.total ? "finished" : "running";
    value["owner"] = shown.owner_name;
    value["from"] = shown.peer;
    value["created_at"] = base::to_rfc3339(shown.created_at);
    value["not_after"] = base::to_rfc3339(shown.not_after);
    value["finished_at"] = base::time_json(shown.finished_at);
    value["total"] = shown.total;
    value["counts"] = std::move(counts);
    return value;
}

json to_json(const task_result& shown, bool with_output) {
    json value{{"exit_code", or_null(shown.exit_code)},
               {"signal", or_null(shown.signal)},
               {"stdout_truncated", shown.out_truncated},
               {"stderr_truncated", shown.err_truncated},
               {"started_at", base::time_json(shown.started_at)},
               {"finished_at", base::time_json(shown.finished_at)},
               {"error", shown.failed ? base::to_json(*shown.failed) : json()}};
    if (with_output) {
        value["stdout"] = shown.out;
        value["stderr"] = shown.err;
    }
    return value;
}

task_result task_result_from_json(const json& from) {
    task_result read;
    if (!from.is_object())
        return read;
    read.exit_code = read_int(from, "exit_code");
    read.signal = read_int(from, "signal");
    read.out = read_text(from, "stdout");
    read.err = read_text(from, "stderr");
    read.out_truncated = read_flag(from, "stdout_truncated");
    read.err_truncated = read_flag(from, "stderr_truncated");
    read.started_at = read_time(from, "started_at");
    read.finished_at = read_time(from, "finished_at");
    if (const auto at = from.find("error"); at != from.end() && at->is_object())
        read.failed = base::error_from_json(base::dump(*at), "unknown");
    return read;
}

json to_json(const command_task& shown, bool with_output) {
    auto value = to_json(shown.result, with_output);
    value["id"] = shown.id;
    value["command"] = shown.command;
    value["agent"] = shown.agent;
    value["state"] = to_text(shown.state);
    if (shown.cancelling)
        value["cancelling"] = true;
    return value;
}

json to_record(const command_task& kept) {
    auto value = to_json(kept);
    value["nonce"] = kept.nonce;
    return value;
}

json to_record(const fleet_command& kept) {
    auto value = to_json(kept);
    value["owner_id"] = kept.owner;
    value.erase("environment");
    if (!kept.finished_at && !kept.request.what.environment.empty())
        value["environment"] = kept.request.what.environment; // until nobody has to be sent it any more
    if (kept.request.ttl)
        value["ttl"] = base::to_text(*kept.request.ttl);
    return value;
}

result<fleet_command> command_from_record(const json& record) {
    if (!record.is_object())
        return corrupt("command", "it is no object");
    json request = json::object();
    for (const auto* key : {"argv", "shell", "user", "directory", "environment", "timeout", "on", "ttl"})
        if (const auto at = record.find(key); at != record.end())
            request[key] = *at;
    auto asked = command_request_from_json(request);
    if (!asked)
        return corrupt("command", asked.error().message());
    fleet_command read;
    read.request = std::move(*asked);
    read.id = read_text(record, "id");
    read.owner = read_text(record, "owner_id");
    read.owner_name = read_text(record, "owner");
    read.peer = read_text(record, "from");
    const auto created = read_time(record, "created_at");
    const auto last = read_time(record, "not_after");
    if (read.id.empty() || !created || !last)
        return corrupt("command", "its id, created_at or not_after is missing");
    read.created_at = *created;
    read.not_after = *last;
    read.finished_at = read_time(record, "finished_at");
    const auto total = record.find("total");
    if (total != record.end() && total->is_number_unsigned())
        read.total = total->get<std::uint32_t>();
    const auto counts = record.find("counts");
    if (counts != record.end() && counts->is_object())
        for (const auto& [name, count] : counts->items())
            if (const auto state = task_state_from(name); state && count.is_number_unsigned())
                read.counts[static_cast<std::size_t>(*state)] = count.get<std::uint32_t>();
    return read;
}

result<command_task> task_from_record(const json& record) {
    if (!record.is_object())
        return corrupt("task", "it is no object");
    command_task read;
    read.id = read_text(record, "id");
    read.command = read_text(record, "command");
    read.agent = read_text(record, "agent");
    read.nonce = read_text(record, "nonce");
    const auto state = task_state_from(read_text(record, "state"));
    if (read.id.empty() || read.command.empty() || read.agent.empty() || !state)
        return corrupt("task", "its id, command, agent or state is missing");
    read.state = *state;
    read.cancelling = read_flag(record, "cancelling");
    read.result = task_result_from_json(record);
    return read;
}

} // namespace ferrule::model
