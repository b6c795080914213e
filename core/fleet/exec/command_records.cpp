#include "fleet/exec/command_records.hpp"

#include "base/id.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "model/command_json.hpp"

#include <utility>

namespace ferrule::fleet::exec {

using base::json;

namespace {

constexpr const char* commands_name = "commands";
constexpr const char* tasks_name = "command_tasks";
constexpr const char* keys_name = "command_keys";
constexpr const char* audit_name = "audit";

// One damaged record must not hide the others, nor keep the daemon from starting.
void unreadable(const std::string& id, const error& why) {
    base::log::error("fleet", "a stored record of a command is left out, because it cannot be read",
                     {{"id", id}, {"why", why.message()}});
}

// Cuts off the row that only shows that there are more.
std::optional<std::string> next_of(std::vector<store::row>& rows, std::uint32_t limit) {
    if (rows.size() <= limit)
        return std::nullopt;
    rows.pop_back();
    return rows.empty() ? std::string() : rows.back().key;
}

} // namespace

std::vector<store::collection> command_records::collections() {
    std::vector<store::collection> kept;
    kept.emplace_back(commands_name, std::vector<std::string>{});
    kept.emplace_back(tasks_name, std::vector<std::string>{"state", "command", "agent"});
    kept.emplace_back(keys_name, std::vector<std::string>{});
    kept.emplace_back(audit_name, std::vector<std::string>{"what"});
    return kept;
}

command_records::command_records(store::store& records, periods kept, const base::clock& clock)
    : records_(records)
    , kept_(kept)
    , clock_(clock) {}

std::int64_t command_records::after(base::wall_time from, base::duration span) const {
    if (span == base::duration::zero())
        return 0;
    return (from + std::chrono::duration_cast<std::chrono::milliseconds>(span)).time_since_epoch().count();
}

store::record command_records::make(const model::fleet_command& kept) const {
    store::record made(commands_name, kept.id, base::dump(model::to_record(kept)));
    made.expires_at_ms = kept.finished_at ? after(*kept.finished_at, kept_.commands) : 0;
    return made;
}

store::record command_records::make(const model::command_task& kept) const {
    store::record made(tasks_name, kept.id, base::dump(model::to_record(kept)));
    made.attributes = {std::string(model::to_text(kept.state)), kept.command, kept.agent};
    made.expires_at_ms = model::is_final(kept.state) ? after(clock_.wall_now(), kept_.commands) : 0;
    return made;
}

store::record command_records::make(const audit_entry& happened) const {
    const auto now = clock_.wall_now();
    auto id = base::is_id(happened.id) ? happened.id : base::make_id();
    json value{{"id", id},
               {"at", base::to_rfc3339(now)},
               {"what", happened.what},
               {"who", happened.who},
               {"from", happened.from},
               {"about", happened.about},
               {"details", json::parse(happened.details, nullptr, false)}};
    if (value["details"].is_discarded())
        value["details"] = nullptr;
    store::record made(audit_name, std::move(id), base::dump(value));
    made.attributes = {happened.what};
    made.insert_only = true;
    made.expires_at_ms = after(now, kept_.audit);
    return made;
}

store::record command_records::make_key(const std::string& key, const std::string& command,
                                        const std::string& fingerprint) const {
    store::record made(keys_name, key, base::dump(json{{"command", command}, {"fingerprint", fingerprint}}));
    made.expires_at_ms = after(clock_.wall_now(), kept_.keys);
    return made;
}

void command_records::write(std::vector<store::record> all, std::function<void(result<void>)> done) {
    records_.write(std::move(all), std::move(done));
}

begun_write command_records::begin(std::vector<store::record> all, const asio::any_io_executor& on) {
    return {records_, std::move(all), on};
}

void command_records::note(const audit_entry& happened) {
    note(happened, [] {});
}

void command_records::note(const audit_entry& happened, std::function<void()> done) {
    records_.write(make(happened), [what = happened.what, done = std::move(done)](const result<void>& written) {
        if (written || written.error().code() == "conflict")
            done();
        else
            base::log::error("fleet", "the record of who did what cannot be written",
                             {{"what", what}, {"why", written.error().message()}});
    });
}

asio::awaitable<result<std::optional<command_records::key_use>>> command_records::find_key(std::string key) {
    auto row = co_await records_.get(keys_name, std::move(key));
    if (!row)
        co_return row.error();
    std::optional<key_use> found;
    const auto now = clock_.wall_now().time_since_epoch().count();
    if (*row && ((*row)->expires_at_ms == 0 || (*row)->expires_at_ms > now)) {
        const auto value = json::parse((*row)->value, nullptr, false);
        base::object_reader reader(value);
        key_use use;
        use.command = reader.required_text("command");
        use.fingerprint = reader.required_text("fingerprint");
        if (const auto bad = reader.finish("corrupt_record"))
            co_return bad->within("a stored Idempotency-Key");
        found = std::move(use);
    }
    co_return found;
}

asio::awaitable<result<std::optional<model::fleet_command>>> command_records::command(std::string id) {
    auto row = co_await records_.get(commands_name, std::move(id));
    if (!row)
        co_return row.error();
    std::optional<model::fleet_command> found;
    if (!*row)
        co_return found;
    auto read = model::command_from_record(json::parse((*row)->value, nullptr, false));
    if (!read)
        co_return read.error();
    found = std::move(*read);
    co_return found;
}

asio::awaitable<result<std::optional<model::command_task>>> command_records::task(std::string id) {
    auto row = co_await records_.get(tasks_name, std::move(id));
    if (!row)
        co_return row.error();
    std::optional<model::command_task> found;
    if (!*row)
        co_return found;
    auto read = model::task_from_record(json::parse((*row)->value, nullptr, false));
    if (!read)
        co_return read.error();
    found = std::move(*read);
    co_return found;
}

asio::awaitable<result<model::page<model::fleet_command>>> command_records::commands(std::string cursor,
                                                                                     std::uint32_t limit) {
    store::query wanted;
    wanted.collection = commands_name;
    wanted.reverse = true;
    wanted.to = std::move(cursor);
    wanted.limit = limit + 1;
    auto rows = co_await records_.scan(std::move(wanted));
    if (!rows)
        co_return rows.error();
    model::page<model::fleet_command> found;
    found.next = next_of(*rows, limit);
    for (const auto& row : *rows) {
        auto read = model::command_from_record(json::parse(row.value, nullptr, false));
        if (read)
            found.items.push_back(std::move(*read));
        else
            unreadable(row.key, read.error());
    }
    co_return found;
}

asio::awaitable<result<model::page<model::command_task>>> command_records::tasks(task_query asked) {
    store::query wanted;
    wanted.collection = tasks_name;
    if (!asked.cursor.empty())
        wanted.from = asked.cursor + "0"; // the first key after it
    wanted.limit = asked.limit + 1;
    if (!asked.command.empty())
        wanted.filters.emplace_back("command", asked.command);
    if (!asked.agent.empty())
        wanted.filters.emplace_back("agent", asked.agent);
    if (asked.state)
        wanted.filters.emplace_back("state", model::to_text(*asked.state));
    auto rows = co_await records_.scan(std::move(wanted));
    if (!rows)
        co_return rows.error();
    model::page<model::command_task> found;
    found.next = next_of(*rows, asked.limit);
    for (const auto& row : *rows) {
        auto read = model::task_from_record(json::parse(row.value, nullptr, false));
        if (read)
            found.items.push_back(std::move(*read));
        else
            unreadable(row.key, read.error());
    }
    co_return found;
}

asio::awaitable<result<std::vector<model::command_task>>> command_records::unfinished() {
    store::query wanted;
    wanted.collection = tasks_name;
    for (const auto state : {model::task_state::queued, model::task_state::sent, model::task_state::running})
        wanted.filters.emplace_back("state", model::to_text(state));
    auto rows = co_await records_.scan(std::move(wanted));
    if (!rows)
        co_return rows.error();
    std::vector<model::command_task> left;
    left.reserve(rows->size());
    for (const auto& row : *rows) {
        auto read = model::task_from_record(json::parse(row.value, nullptr, false));
        if (read)
            left.push_back(std::move(*read));
        else
            unreadable(row.key, read.error());
    }
    co_return left;
}

asio::awaitable<result<model::page<json>>> command_records::audit(std::string cursor, std::uint32_t limit) {
    store::query wanted;
    wanted.collection = audit_name;
    wanted.reverse = true;
    wanted.to = std::move(cursor);
    wanted.limit = limit + 1;
    auto rows = co_await records_.scan(std::move(wanted));
    if (!rows)
        co_return rows.error();
    model::page<json> found;
    found.next = next_of(*rows, limit);
    for (const auto& row : *rows) {
        auto read = json::parse(row.value, nullptr, false);
        if (read.is_object())
            found.items.push_back(std::move(read));
    }
    co_return found;
}

} // namespace ferrule::fleet::exec
