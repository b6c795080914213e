// What is known of commands.
#include "fleet/exec/command_center.hpp"

#include "base/json.hpp"
#include "base/strings.hpp"
#include "runtime/event.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

namespace ferrule::fleet::exec {

using base::json;

namespace {

error not_found(const std::string& id) {
    return error("command_not_found",
                 "there is no command " + base::shortened(id, 64) + "; it may be older than the retention time");
}

} // namespace

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
