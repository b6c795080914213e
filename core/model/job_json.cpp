#include "model/job_json.hpp"

#include "base/json.hpp"
#include "model/inventory_json.hpp"

namespace ferrule::model {

using base::json;
using base::object_reader;

namespace {

constexpr std::size_t item_limit = 1'000'000; // the most that jobs.max_commands can allow
constexpr std::size_t line_limit = 64 * 1024;

// A command is one line: what a device would take as two must come as two.
void check_line(object_reader& reader, const std::string& path, const std::string& text) {
    if (text.size() > line_limit)
        reader.complain(path, "is longer than " + std::to_string(line_limit) + " bytes");
    else if (text.find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos)
        reader.complain(path, "must be one line; send each line as an item of its own");
}

void check_count(object_reader& reader, std::string_view key, const json& list) {
    if (list.empty())
        reader.complain(key, "is empty; give at least one item");
    else if (list.size() > item_limit)
        reader.complain(key, "must have at most " + std::to_string(item_limit) + " items");
}

std::vector<prompt_reply> read_prompts(object_reader& command) {
    std::vector<prompt_reply> prompts;
    const auto* list = command.array("prompts");
    if (list == nullptr)
        return prompts;
    for (std::size_t i = 0; i < list->size(); ++i) {
        object_reader entry((*list)[i], command.path_of("prompts[" + std::to_string(i) + "]"));
        prompt_reply reply;
        reply.pattern = entry.required_text("pattern");
        reply.reply = base::secret(entry.text_or("reply", ""));
        command.absorb(entry);
        prompts.push_back(std::move(reply));
    }
    return prompts;
}

std::vector<command> read_commands(object_reader& reader) {
    std::vector<command> commands;
    const auto* list = reader.array("commands");
    if (list == nullptr)
        return commands;
    check_count(reader, "commands", *list);
    for (std::size_t i = 0; i < list->size() && i < item_limit; ++i) {
        const auto& item = (*list)[i];
        const auto path = "commands[" + std::to_string(i) + "]";
        command read;
        if (item.is_string()) {
            read.text = item.get<std::string>();
        } else {
            object_reader entry(item, reader.path_of(path));
            read.text = entry.required_text("command");
            read.prompts = read_prompts(entry);
            reader.absorb(entry);
        }
        check_line(reader, path, read.text);
        commands.push_back(std::move(read));
    }
    return commands;
}

std::vector<std::string> read_config(object_reader& reader) {
    auto lines = reader.texts("config");
    if (const auto* list = reader.member("config"); list != nullptr && list->is_array())
        check_count(reader, "config", *list);
    for (std::size_t i = 0; i < lines.size(); ++i)
        check_line(reader, "config[" + std::to_string(i) + "]", lines[i]);
    return lines;
}

bool holds_anything(const credential& login) {
    return !login.username.empty() || !login.password.empty() || !login.private_key.empty() ||
           !login.passphrase.empty() || !login.agent_socket.empty() || !login.enable_password.empty() ||
           !login.answers.empty();
}

std::optional<inline_target> read_inline(object_reader& reader) {
    const auto* given = reader.object("target");
    if (given == nullptr)
        return std::nullopt;
    object_reader fields(*given, reader.path_of("target"));
    inline_target read;
    read.at = read_target(fields);
    auto login = read_login(fields);
    const bool own = holds_anything(login);
    if (own && !read.at.credential.empty())
        fields.complain("credential", "stands beside a username or another part of a login; give one or the other");
    if (own && login.username.empty())
        fields.complain("username", "is required with a password, a private_key or another part of a login");
    if (own)
        read.login = std::move(login);
    reader.absorb(fields);
    return read;
}

void read_whose(object_reader& reader, job_request& into) {
    const auto* name = reader.member("device");
    const auto* target = reader.member("target");
    if (name != nullptr && name->is_object()) {
        reader.complain("device", "is the name of a device; one that is given inline stands under \"target\"");
        return;
    }
    into.device = reader.text_or("device", "");
    into.inline_at = read_inline(reader);
    if ((name != nullptr && !name->is_string()) || (target != nullptr && !target->is_object()))
        return; // which is told already
    if (into.device.empty() != into.inline_at.has_value())
        reader.complain("device", into.inline_at ? "stands beside target; give one or the other"
                                                 : "is required (or target, for a device given inline)");
    else if (!into.device.empty() && !is_name(into.device))
        reader.complain("device", "is not a device's name");
}

} // namespace

result<job_request> job_request_from_json(const json& body) {
    object_reader reader(body);
    if (!body.is_object())
        return *reader.finish();
    job_request read;
    read_whose(reader, read);
    read.commands = read_commands(reader);
    read.config = read_config(reader);
    const bool none = reader.member("commands") == nullptr && reader.member("config") == nullptr;
    const bool both = reader.member("commands") != nullptr && reader.member("config") != nullptr;
    if (none || both)
        reader.complain("commands", none ? "is required (or config)" : "stands beside config; give one or the other");
    const auto how = reader.one_of("strategy", {"fifo", "pinned"});
    read.how = how ? *strategy_from(*how) : strategy::pinned;
    const auto change = reader.boolean("change");
    const bool config = !read.config.empty();
    if (config && change && !*change)
        reader.complain("change", "cannot be false for config");
    read.change = change.value_or(config) || config;
    read.stop_on_error = reader.boolean_or("stop_on_error", true);
    read.raw = reader.boolean_or("raw", false);
    read.ttl = read_span(reader, "ttl");
    read.timeout = read_span(reader, "timeout");
    if (read.ttl && read.ttl->count() <= 0)
        reader.complain("ttl", "must be longer than 0");
    if (read.timeout && read.timeout->count() <= 0)
        reader.complain("timeout", "must be longer than 0");
    read.tags = read_labels(reader);
    if (auto bad = reader.finish())
        return *bad;
    return read;
}

command_result result_from_json(const json& record) {
    object_reader reader(record);
    command_result read;
    read.command = reader.text_or("command", "");
    read.output = reader.text_or("output", "");
    read.elapsed_ms = reader.number("elapsed_ms").value_or(0);
    read.truncated = reader.boolean_or("truncated", false);
    read.skipped = reader.boolean_or("skipped", false);
    if (const auto* status = reader.member("exit_status"); status != nullptr && status->is_number_integer())
        read.exit_status = status->get<int>();
    if (const auto* failed = reader.object("error"))
        read.failed = base::error_from_json(base::dump(*failed), "unknown");
    return read;
}

result<job> job_from_record(const json& record) {
    const auto corrupt = [](const std::string& why) {
        return error("corrupt_record", "a stored job cannot be read: " + why);
    };
    if (!record.is_object() || !record.contains("request"))
        return corrupt("it has no request");
    auto request = job_request_from_json(record["request"]);
    if (!request)
        return corrupt(request.error().message());
    job read;
    read.request = std::move(*request);
    object_reader reader(record);
    read.id = reader.required_text("id");
    const auto state = job_state_from(reader.required_text("state"));
    if (!state)
        return corrupt("its state is none");
    read.state = *state;
    read.device = reader.text_or("device", "");
    read.node = reader.text_or("node", "");
    read.owner = reader.text_or("owner", "");
    read.node_instance = reader.text_or("node_instance", "");
    if (const auto* restarts = reader.member("restarts"); restarts != nullptr && restarts->is_number_integer())
        read.restarts = restarts->get<std::int64_t>();
    const auto time = [&reader](std::string_view key) -> std::optional<base::wall_time> {
        const auto text = reader.text(key);
        const auto parsed = text ? base::parse_rfc3339(*text) : result<base::wall_time>(error("none", ""));
        return parsed ? std::optional(*parsed) : std::nullopt;
    };
    read.created_at = time("created_at").value_or(base::wall_time{});
    read.started_at = time("started_at");
    read.finished_at = time("finished_at");
    if (const auto* session = reader.object("session")) {
        object_reader fields(*session);
        session_ref ref;
        ref.id = fields.text_or("id", "");
        ref.reused = fields.boolean_or("reused", false);
        read.session = std::move(ref);
    }
    if (const auto* failed = reader.object("error"))
        read.error = base::error_from_json(base::dump(*failed), "unknown");
    if (const auto* results = reader.array("results")) {
        for (const auto& each : *results)
            read.results.push_back(result_from_json(each));
    }
    return read;
}

json job_secrets(const job_request& request) {
    json value;
    if (request.inline_at && request.inline_at->login)
        value["login"] = to_secret_json(*request.inline_at->login);
    for (std::size_t i = 0; i < request.commands.size(); ++i)
        for (std::size_t k = 0; k < request.commands[i].prompts.size(); ++k)
            if (const auto& reply = request.commands[i].prompts[k].reply; !reply.empty())
                value["replies"].push_back({i, k, reply.reveal()});
    return value;
}

result<void> restore_secrets(job_request& request, const json& secrets) {
    const auto corrupt = error("corrupt_record", "a stored job's secrets cannot be read");
    if (secrets.contains("login")) {
        auto login = credential_from_secret_json(secrets["login"]);
        if (!login || !request.inline_at)
            return corrupt;
        request.inline_at->login = std::move(*login);
    }
    if (!secrets.contains("replies"))
        return ok();
    for (const auto& each : secrets["replies"]) {
        if (!each.is_array() || each.size() != 3 || !each[0].is_number_unsigned() || !each[1].is_number_unsigned() ||
            !each[2].is_string())
            return corrupt;
        const auto i = each[0].get<std::size_t>();
        const auto k = each[1].get<std::size_t>();
        if (i >= request.commands.size() || k >= request.commands[i].prompts.size())
            return corrupt;
        request.commands[i].prompts[k].reply = base::secret(each[2].get<std::string>());
    }
    return ok();
}

} // namespace ferrule::model
