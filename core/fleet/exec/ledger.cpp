#include "fleet/exec/ledger.hpp"

#include "base/id.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "fleet/protocol/frame.hpp"
#include "model/command_json.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::fleet::exec {

using base::json;
using protocol::text_of;

namespace {

constexpr const char* tasks = "command_ledger";
constexpr const char* refusals = "command_refusals";
constexpr std::chrono::hours kept_after{24 * 7};
constexpr std::chrono::hours refusals_kept{24 * 90};
constexpr std::size_t most_refusals = 10'000; // of one process; the log has all

error interrupted() {
    return error("interrupted", "the agent ended while this command ran, so whether it did its work is not known: look "
                                "at the host before you repeat it");
}

} // namespace

task_end::task_end() = default;

json to_json(const task_end& told) {
    auto value = model::to_json(told.result);
    value["task_id"] = told.task;
    value["nonce"] = told.nonce;
    value["digest"] = told.digest;
    value["state"] = model::to_text(told.state);
    value["not_after"] = base::to_rfc3339(told.not_after);
    return value;
}

result<task_end> task_end_from_json(const json& from) {
    const auto corrupt = [](const char* why) {
        return error("corrupt_record", std::string("the end of a task cannot be read: ") + why);
    };
    if (!from.is_object())
        return corrupt("it is no object");
    task_end read;
    read.task = text_of(from, "task_id");
    read.nonce = text_of(from, "nonce");
    read.digest = text_of(from, "digest");
    const auto state = model::task_state_from(text_of(from, "state"));
    if (!base::is_id(read.task) || !state)
        return corrupt("its task_id or state is missing");
    read.state = *state;
    if (const auto time = base::parse_rfc3339(text_of(from, "not_after")))
        read.not_after = *time;
    read.result = model::task_result_from_json(from);
    return read;
}

std::vector<store::collection> ledger::collections() {
    std::vector<store::collection> kept;
    kept.emplace_back(tasks, std::vector<std::string>{"phase"});
    kept.emplace_back(refusals, std::vector<std::string>{});
    return kept;
}

ledger::ledger(store::store& records, const base::clock& clock)
    : records_(records)
    , clock_(clock) {}

base::wall_time ledger::kept_until(base::wall_time not_after) const {
    return std::max(not_after, clock_.wall_now()) + kept_after;
}

store::record ledger::make_record(const task_end& how, bool told) const {
    store::record made(tasks, how.task, base::dump(to_json(how)));
    made.attributes = {told ? "told" : "ended"};
    made.expires_at_ms = kept_until(how.not_after).time_since_epoch().count();
    return made;
}

asio::awaitable<result<std::vector<task_end>>> ledger::load() {
    store::query all;
    all.collection = tasks;
    auto rows = co_await records_.scan(std::move(all));
    if (!rows)
        co_return rows.error();
    store::query ended;
    ended.collection = tasks;
    ended.filters.emplace_back("phase", "told");
    auto told_rows = co_await records_.scan(std::move(ended));
    if (!told_rows)
        co_return told_rows.error();
    std::unordered_map<std::string, bool> told;
    for (const auto& row : *told_rows)
        told[row.key] = true;
    std::vector<task_end> left;
    for (const auto& row : *rows) {
        auto read = task_end_from_json(json::parse(row.value, nullptr, false));
        if (!read) {
            // Whatever it was, a task of this id has been here.
            base::log::error("fleet", "a record of the ledger cannot be read", {{"task", row.key}});
            remember(row.key, {}, true, base::wall_time::max());
            continue;
        }
        const bool ran = !model::is_final(read->state);
        remember(row.key, read->nonce, true, kept_until(read->not_after));
        if (ran) {
            read->state = model::task_state::unknown;
            read->result.failed = interrupted();
        }
        if (!ran && told.contains(row.key))
            continue;
        if (ran) {
            auto written = co_await records_.put(make_record(*read, false));
            if (!written)
                co_return written.error().within("the ledger of commands");
        }
        left.push_back(std::move(*read));
    }
    co_return left;
}

const ledger::seen* ledger::find(const std::string& task) const {
    const auto at = tasks_.find(task);
    return at == tasks_.end() ? nullptr : &at->second.what;
}

const std::string* ledger::used_by(const std::string& nonce) const {
    const auto at = nonces_.find(nonce);
    return at == nonces_.end() ? nullptr : &at->second;
}

void ledger::remember(const std::string& task, const std::string& nonce, bool ended, base::wall_time until) {
    forget_old();
    auto& known = tasks_[task];
    known.what.nonce = nonce;
    known.what.ended = ended;
    known.until = until;
    if (!nonce.empty())
        nonces_.insert_or_assign(nonce, task);
}

void ledger::forget_old() {
    if (tasks_.size() < sweep_at_)
        return;
    const auto now = clock_.wall_now();
    std::erase_if(tasks_, [this, now](const auto& each) {
        const bool old = each.second.what.ended && each.second.until < now;
        if (old)
            nonces_.erase(each.second.what.nonce);
        return old;
    });
    sweep_at_ = std::max<std::size_t>(4096, tasks_.size() * 2);
}

void ledger::begin(const std::string& task, const std::string& nonce, base::wall_time not_after, base::duration timeout,
                   std::function<void(result<void>)> done) {
    const auto longest = clock_.wall_now() + std::chrono::ceil<std::chrono::milliseconds>(timeout);
    const auto until = std::max(kept_until(not_after), longest + kept_after);
    remember(task, nonce, false, until);
    task_end begun;
    begun.task = task;
    begun.nonce = nonce;
    begun.state = model::task_state::running;
    begun.not_after = not_after;
    begun.result.started_at = clock_.wall_now();
    store::record made(tasks, task, base::dump(to_json(begun)));
    made.attributes = {"begun"};
    made.insert_only = true; // the last door: what stands here already does not start
    made.expires_at_ms = until.time_since_epoch().count();
    records_.write(std::move(made), std::move(done));
}

void ledger::end(const task_end& how, std::function<void(result<void>)> done) {
    remember(how.task, how.nonce, true, kept_until(how.not_after));
    records_.write(make_record(how, false), std::move(done));
}

void ledger::told(const task_end& how) {
    records_.write(make_record(how, true), [task = how.task](const result<void>& written) {
        if (!written) // it is told once more after the next start
            base::log::warn("fleet", "the ledger of commands cannot be written",
                            {{"task", task}, {"why", written.error().message()}});
    });
}

asio::awaitable<result<std::optional<task_end>>> ledger::recorded(std::string task) {
    std::optional<task_end> found;
    auto row = co_await records_.get(tasks, std::move(task));
    if (!row)
        co_return row.error();
    if (!*row)
        co_return found;
    auto read = task_end_from_json(json::parse((*row)->value, nullptr, false));
    if (!read)
        co_return read.error();
    found = std::move(*read);
    co_return found;
}

void ledger::refused(const json& record) {
    if (++refusals_ > most_refusals)
        return;
    store::record made(refusals, base::make_id(), base::dump(record));
    made.expires_at_ms = (clock_.wall_now() + refusals_kept).time_since_epoch().count();
    records_.write(std::move(made), [](const result<void>& written) {
        if (!written)
            base::log::warn("fleet", "a refusal cannot be recorded", {{"why", written.error().message()}});
    });
}

} // namespace ferrule::fleet::exec
