// Processes: from the queue to their end.
#include "fleet/exec/command_agent.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "fleet/exec/messages.hpp"
#include "runtime/spawn.hpp"

#include <boost/asio/post.hpp>

#include <filesystem>
#include <system_error>
#include <utility>

namespace ferrule::fleet::exec {

using base::json;

namespace {

// Users of daemons often have a home that is not there.
std::string start_directory(const child_user& user) {
    std::error_code unknown;
    return std::filesystem::is_directory(user.home, unknown) ? user.home : "/";
}

} // namespace

void command_agent::pump() {
    while (!stopping_ && running_ < parts_.limits.max_running && !waiting_.empty()) {
        const auto next = std::move(waiting_.front());
        waiting_.pop_front();
        // It may have waited for long.
        if (const auto good = check_.timely(next->given.what, parts_.clock.wall_now()); !good) {
            next->result.failed = good.error();
            settle(next, model::task_state::expired);
            continue;
        }
        ++running_;
        next->starting = true;
        runtime::spawn(parts_.on, "command_agent", launch(next));
    }
}

asio::awaitable<void> command_agent::launch(task_ptr which) {
    const auto self = shared_from_this();
    const auto& order = which->given.what;
    std::function<result<child_user>()> ask = [name = order.spec.user] { return find_user(name); };
    auto user = co_await runtime::offload(parts_.pool, std::move(ask));
    if (dead_)
        co_return;
    if (stopping_) { // it has not begun, so it may yet, when the controller asks again
        --running_;
        tasks_.erase(order.task_id);
        check_idle();
        co_return;
    }
    if (!user || which->cancelled) {
        --running_;
        if (user)
            which->result.failed = error("cancelled", "it was cancelled before it started");
        else
            which->result.failed = user.error();
        settle(which, user ? model::task_state::cancelled : model::task_state::failed);
        pump();
        co_return;
    }
    const auto weak = weak_from_this();
    auto output = [weak, which](output_stream stream, std::size_t offset, std::string_view text) {
        if (const auto agent = weak.lock())
            agent->say_output(*which, stream, offset, text);
    };
    auto over = [weak, which](process_end how) {
        if (const auto agent = weak.lock())
            agent->ended(which, std::move(how));
    };
    run_limits limits;
    limits.timeout = order.spec.timeout;
    limits.grace = parts_.limits.kill_grace;
    limits.output = parts_.limits.max_output;
    auto plan = plan_of(order.spec, std::move(*user));
    which->run = std::make_shared<process_run>(parts_.on, std::move(plan), limits, std::move(output), std::move(over));
    std::function<void(result<void>)> done = [self, which](result<void> written) {
        asio::post(self->parts_.on, [self, which, written] { self->begun(which, written); });
    };
    ledger_.begin(order.task_id, order.nonce, order.not_after, order.spec.timeout + parts_.limits.kill_grace,
                  std::move(done));
}

// From here on the task is known, whatever happens to this process.
void command_agent::begun(const task_ptr& which, const result<void>& written) {
    if (dead_)
        return;
    which->starting = false;
    if (!written || which->cancelled || stopping_) {
        which->run.reset();
        --running_;
        if (written)
            which->result.failed = error("cancelled", "it was cancelled before it started");
        else
            which->result.failed =
                error("not_recorded", "it was not started, because the agent's ledger of commands cannot be written: " +
                                          written.error().message());
        settle(which, written ? model::task_state::cancelled : model::task_state::failed);
        pump();
        return;
    }
    which->started_at = parts_.clock.wall_now();
    which->run->start();
    say_started(*which);
}

child_plan command_agent::plan_of(const model::command_spec& spec, child_user user) const {
    child_plan made;
    if (spec.shell.empty())
        made.argv = spec.argv;
    else
        made.argv = {"/bin/sh", "-c", spec.shell};
    made.program = made.argv.front();
    made.environment = clean_environment(user);
    for (const auto& [name, value] : spec.environment) {
        std::erase_if(made.environment, [&name = name](const auto& each) { return each.starts_with(name + "="); });
        made.environment.push_back(name + "=" + value);
    }
    made.directory = spec.directory.empty() ? start_directory(user) : spec.directory;
    made.user = std::move(user);
    return made;
}

void command_agent::say_started(const assignment& which) {
    const auto now = std::chrono::floor<std::chrono::seconds>(parts_.clock.wall_now());
    const json told{{"task_id", which.given.what.task_id},
                    {"started_at", base::to_rfc3339(which.started_at)},
                    {"timestamp", now.time_since_epoch().count()}};
    parts_.link.send(started_kind, base::dump(told));
}

void command_agent::say_output(const assignment& which, output_stream stream, std::size_t offset,
                               std::string_view text) {
    const json told{{"task_id", which.given.what.task_id},
                    {"stream", stream == output_stream::out ? "stdout" : "stderr"},
                    {"offset", offset},
                    {"text", text}};
    parts_.link.send(output_kind, base::dump(told));
}

namespace {

error ended_badly(const process_end& how) {
    if (how.signal)
        return error("signal", "it was ended by signal " + std::to_string(*how.signal));
    return error("exit_code", "it ended with the exit code " + std::to_string(how.exit_code.value_or(-1)));
}

} // namespace

void command_agent::ended(const task_ptr& which, process_end how) {
    if (dead_)
        return;
    which->run.reset();
    --running_;
    auto& result = which->result;
    auto state = model::task_state::succeeded;
    switch (how.why) {
    case process_end::cause::not_started:
        state = model::task_state::failed;
        result.failed = how.failed;
        break;
    case process_end::cause::timeout:
        state = model::task_state::timed_out;
        result.failed.emplace("timed_out", "it was ended, because it ran longer than " +
                                               base::to_text(which->given.what.spec.timeout));
        break;
    case process_end::cause::cancel:
        state = model::task_state::cancelled;
        if (stopping_ && !which->cancelled)
            result.failed.emplace("agent_stopped", "it was ended, because the agent was stopped");
        else
            result.failed.emplace("cancelled", "it was cancelled while it ran");
        break;
    case process_end::cause::itself:
        if (how.exit_code != 0) {
            state = model::task_state::failed;
            result.failed = ended_badly(how);
        }
        break;
    }
    result.exit_code = how.exit_code;
    result.signal = how.signal;
    result.out = std::move(how.out);
    result.err = std::move(how.err);
    result.out_truncated = how.out_truncated;
    result.err_truncated = how.err_truncated;
    if (how.why != process_end::cause::not_started)
        result.started_at = which->started_at;
    result.finished_at = parts_.clock.wall_now();
    settle(which, state);
    pump();
}

asio::awaitable<void> command_agent::stop(base::duration limit) {
    const auto self = shared_from_this();
    stopping_ = true;
    for (const auto& each : waiting_)
        tasks_.erase(each->given.what.task_id);
    waiting_.clear();
    for (const auto& [id, each] : tasks_)
        if (each->run && !each->starting)
            each->run->cancel();
    if (running_ > 0 || untold_ > 0)
        co_await idle_.wait_until(parts_.clock.steady_now() + limit);
    abandon();
}

void command_agent::abandon() {
    dead_ = true;
    for (const auto& [id, each] : tasks_)
        if (each->run)
            each->run->abandon();
    tasks_.clear();
    waiting_.clear();
}

} // namespace ferrule::fleet::exec
