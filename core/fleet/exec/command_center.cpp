// Requests: from what was asked to durable tasks, and what is known of them.
#include "fleet/exec/command_center.hpp"

#include "base/id.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"
#include "fleet/exec/messages.hpp"
#include "model/command_json.hpp"
#include "runtime/event.hpp"

#include <sodium.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace ferrule::fleet::exec {

using base::json;

namespace {

std::string hash(const std::string& text) {
    std::array<unsigned char, 32> digest{};
    crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                       nullptr, 0);
    std::array<char, 65> hex{};
    sodium_bin2hex(hex.data(), hex.size(), digest.data(), digest.size());
    return hex.data();
}

std::string fingerprint_of(const model::command_request& request) {
    auto asked = model::to_json(request.what);
    asked["on"] = model::to_json(request.on);
    asked["ttl"] = request.ttl ? base::to_text(*request.ttl) : std::string();
    return hash(base::dump(asked));
}

error not_found(const std::string& id) {
    return error("command_not_found",
                 "there is no command " + base::shortened(id, 64) + "; it may be older than the retention time");
}

error too_long(const char* name, base::duration asked, const char* setting, base::duration most) {
    return error("invalid_request", std::string(name) + ": " + base::to_text(asked) + " is more than " + setting +
                                        " (" + base::to_text(most) + ") allows");
}

bool matches(const model::agent& each, const model::command_targets& on) {
    if (each.state == model::agent_state::revoked)
        return false;
    if (on.all)
        return true;
    const auto has = [&each](const std::string& key, const std::string& value) {
        const auto at = each.tags.find(key);
        return at != each.tags.end() && at->second == value;
    };
    if (!on.group.empty())
        return has("group", on.group);
    return std::all_of(on.tags.begin(), on.tags.end(), [&has](const auto& tag) { return has(tag.first, tag.second); });
}

json audit_details(const model::fleet_command& made) {
    auto details = model::to_json(made.request.what);
    details["environment"] = json::array(); // names only: values may be secrets
    for (const auto& [name, value] : made.request.what.environment)
        details["environment"].push_back(name);
    details["on"] = model::to_json(made.request.on);
    details["targets"] = made.total;
    return details;
}

} // namespace

command_center::command_center(center_parts parts)
    : parts_(std::move(parts))
    , records_(parts_.records,
               command_records::periods{parts_.kept.commands, parts_.kept.audit, parts_.limits.idempotency_window},
               parts_.clock)
    , timer_(parts_.on) {}

result<model::command_request> command_center::completed(model::command_request request) const {
    const auto& limits = parts_.limits;
    if (request.what.timeout == base::duration::zero())
        request.what.timeout = limits.default_timeout;
    if (request.what.timeout > limits.max_timeout)
        return too_long("timeout", request.what.timeout, "commands.max_timeout", limits.max_timeout);
    if (!request.ttl)
        request.ttl = limits.default_ttl;
    if (*request.ttl > limits.max_ttl)
        return too_long("ttl", *request.ttl, "commands.max_ttl", limits.max_ttl);
    if (base::dump(model::to_json(request.what)).size() > longest_order)
        return error("invalid_request", "the command with its arguments and environment is longer than " +
                                            std::to_string(longest_order) + " bytes");
    return request;
}

result<std::vector<std::string>> command_center::choose(const model::command_targets& on) const {
    std::vector<std::string> chosen;
    for (const auto& name : on.agents) {
        const auto known = parts_.agents.find(name);
        if (!known || known->state == model::agent_state::revoked)
            return error("agent_not_found",
                         "there is no agent \"" + base::shortened(name, 128) +
                             (known ? "\": it has been revoked" : "\": ferrule agent list shows them"));
        chosen.push_back(name);
    }
    if (on.agents.empty())
        for (const auto& each : parts_.agents.list())
            if (matches(*each, on))
                chosen.push_back(each->name);
    if (chosen.empty())
        return error("no_targets", "no agent fits " + base::dump(model::to_json(on)));
    if (chosen.size() > parts_.limits.max_targets)
        return error("invalid_request", std::to_string(chosen.size()) + " agents are more than commands.max_targets (" +
                                            std::to_string(parts_.limits.max_targets) + ") allows");
    return chosen;
}

asio::awaitable<result<submitted>> command_center::submit(model::command_request request, asker by) {
    const auto fingerprint = fingerprint_of(request);
    auto whole = completed(std::move(request));
    if (!whole)
        co_return whole.error();
    if (by.idempotency_key.empty())
        co_return co_await accept(std::move(*whole), std::move(by), {}, {});
    const auto key = hash(by.owner + "\n" + by.idempotency_key);
    bool fresh = false;
    {
        const std::lock_guard lock(mutex_);
        fresh = keys_.insert(key).second;
    }
    if (!fresh)
        co_return error("idempotency_in_progress",
                        "a request with the same Idempotency-Key is being answered right now: try again", true);
    const std::unique_ptr<const std::string, std::function<void(const std::string*)>> release(
        &key, [self = shared_from_this()](const std::string* used) {
            const std::lock_guard lock(self->mutex_);
            self->keys_.erase(*used);
        });
    auto used = co_await records_.find_key(key);
    if (!used)
        co_return used.error();
    if (*used)
        co_return co_await repeated(std::move(**used), fingerprint);
    co_return co_await accept(std::move(*whole), std::move(by), key, fingerprint);
}

asio::awaitable<result<submitted>> command_center::repeated(command_records::key_use use, std::string fingerprint) {
    if (use.fingerprint != fingerprint)
        co_return error("idempotency_conflict", "this Idempotency-Key was used for a different request before: use a "
                                                "new key for a new request");
    auto before = co_await get(std::move(use.command));
    if (!before)
        co_return before.error();
    submitted again;
    again.made = std::move(*before);
    again.repeated = true;
    co_return again;
}

command_center::live_ptr command_center::make_live(model::command_request request, const asker& by,
                                                   const std::vector<std::string>& agents) {
    auto made = std::make_shared<live_command>();
    auto& now = made->now;
    now.id = base::make_id();
    now.created_at = parts_.clock.wall_now();
    now.not_after = now.created_at + std::chrono::duration_cast<std::chrono::milliseconds>(*request.ttl);
    now.request = std::move(request);
    now.owner = by.owner;
    now.owner_name = by.owner_name;
    now.peer = by.peer;
    now.total = made->open = static_cast<std::uint32_t>(agents.size());
    for (const auto& agent : agents) {
        auto task = std::make_shared<live_task>();
        task->now.id = base::make_id();
        task->now.command = now.id;
        task->now.agent = agent;
        task->now.nonce = base::random_token(18);
        // One write for those who are here: it says that the order may have left before it does.
        const bool here = parts_.link.is_connected(agent) && parts_.link.has_feature(agent, feature);
        task->now.state = here ? model::task_state::sent : model::task_state::queued;
        task->of = made;
        ++now.counts[static_cast<std::size_t>(task->now.state)];
        made->tasks.push_back(std::move(task));
    }
    return made;
}

void command_center::admit(const live_ptr& made) {
    commands_.emplace(made->now.id, made);
    for (const auto& each : made->tasks) {
        tasks_.emplace(each->now.id, each);
        by_agent_[each->now.agent].insert(each->now.id);
    }
}

void command_center::drop(const live_ptr& rejected) {
    commands_.erase(rejected->now.id);
    for (const auto& each : rejected->tasks) {
        tasks_.erase(each->now.id);
        const auto of = by_agent_.find(each->now.agent);
        if (of != by_agent_.end() && of->second.erase(each->now.id) != 0 && of->second.empty())
            by_agent_.erase(of);
    }
    rejected->tasks.clear(); // they hold each other
}

asio::awaitable<result<void>> command_center::written(std::vector<store::record> all) {
    std::optional<result<void>> outcome;
    auto start = [&](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        records_.write(std::move(all), [shared, &outcome](result<void> came) {
            outcome.emplace(std::move(came));
            asio::dispatch(asio::get_associated_executor(*shared), [shared] { (*shared)(); });
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
    co_return std::move(*outcome);
}

asio::awaitable<result<submitted>> command_center::accept(model::command_request request, asker by, std::string key,
                                                          std::string fingerprint) {
    const auto agents = choose(request.on);
    if (!agents)
        co_return agents.error();
    const auto made = make_live(std::move(request), by, *agents);
    std::vector<store::record> records;
    if (!key.empty())
        records.push_back(records_.make_key(key, made->now.id, fingerprint));
    audit_entry happened;
    happened.what = "command.run";
    happened.who = by.owner_name;
    happened.from = by.peer;
    happened.about = made->now.id;
    happened.details = base::dump(audit_details(made->now));
    records.push_back(records_.make(happened));
    records.push_back(records_.make(made->now));
    for (const auto& each : made->tasks)
        records.push_back(records_.make(each->now));
    {
        const std::lock_guard lock(mutex_);
        if (stopping_)
            co_return error("shutting_down", "the controller is stopping: try again when it is back", true);
        if (tasks_.size() + made->tasks.size() > parts_.limits.max_unfinished)
            co_return error("overloaded",
                            std::to_string(tasks_.size()) + " shares of commands are unfinished already "
                                                            "(commands.max_unfinished): try again",
                            true);
        admit(made);
    }
    const auto stored = co_await written(std::move(records));
    outbox out;
    submitted answer;
    {
        const std::lock_guard lock(mutex_);
        if (!stored) {
            drop(made);
            co_return stored.error();
        }
        const auto tasks = made->tasks; // those that end at once leave the list
        for (const auto& each : tasks) {
            each->durable = true;
            set_due(each, made->now.not_after);
            dispatch(each, out);
        }
        publish_command(*made, out);
        answer.made = made->now;
        if (parts_.figures != nullptr) {
            parts_.figures->accepted(tasks.size());
            parts_.figures->unfinished(tasks_.size());
        }
    }
    send(out);
    co_return answer;
}

asio::awaitable<result<model::fleet_command>> command_center::get(std::string id) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto at = commands_.find(id); at != commands_.end())
            co_return at->second->now;
    }
    auto kept = co_await records_.command(id);
    if (!kept)
        co_return kept.error();
    if (!*kept)
        co_return not_found(id);
    co_return std::move(**kept);
}

asio::awaitable<result<model::fleet_command>> command_center::wait(std::string id, base::duration limit) {
    const auto on = co_await asio::this_coro::executor;
    const auto ended = std::make_shared<runtime::event>(on);
    const std::function<void()> tell = [on, ended] { asio::dispatch(on, [ended] { ended->set(); }); };
    const auto told = std::make_shared<const std::function<void()>>(tell);
    bool lives = false;
    {
        const std::lock_guard lock(mutex_);
        const auto at = commands_.find(id);
        lives = at != commands_.end();
        if (lives) {
            auto& waiting = at->second->waiting;
            std::erase_if(waiting, [](const auto& each) { return each.expired(); });
            waiting.push_back(told);
        }
    }
    if (lives)
        co_await ended->wait_until(parts_.clock.steady_now() + limit);
    co_return co_await get(std::move(id));
}

asio::awaitable<result<model::page<model::fleet_command>>> command_center::list(std::string cursor,
                                                                                std::uint32_t limit) {
    auto kept = co_await records_.commands(std::move(cursor), limit);
    if (!kept)
        co_return kept.error();
    const std::lock_guard lock(mutex_);
    for (auto& each : kept->items)
        if (const auto at = commands_.find(each.id); at != commands_.end())
            each = at->second->now;
    co_return kept;
}

asio::awaitable<result<model::page<model::command_task>>> command_center::tasks(task_query wanted) {
    auto kept = co_await records_.tasks(std::move(wanted));
    if (!kept)
        co_return kept.error();
    const std::lock_guard lock(mutex_);
    for (auto& each : kept->items)
        if (const auto at = tasks_.find(each.id); at != tasks_.end() && !model::is_final(each.state))
            each = at->second->now;
    co_return kept;
}

asio::awaitable<result<model::command_task>> command_center::task(std::string id) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto at = tasks_.find(id); at != tasks_.end())
            co_return at->second->now;
    }
    auto kept = co_await records_.task(id);
    if (!kept)
        co_return kept.error();
    if (!*kept)
        co_return error("task_not_found", "there is no task " + base::shortened(id, 64));
    co_return std::move(**kept);
}

asio::awaitable<result<model::page<json>>> command_center::audit(std::string cursor, std::uint32_t limit) {
    return records_.audit(std::move(cursor), limit);
}

} // namespace ferrule::fleet::exec
