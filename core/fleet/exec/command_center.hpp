// The controller's end of commands.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "config/settings.hpp"
#include "fleet/agent_directory.hpp"
#include "fleet/exec/command_intake.hpp"
#include "fleet/exec/command_metrics.hpp"
#include "fleet/exec/command_records.hpp"
#include "fleet/exec/envelope.hpp"
#include "fleet/exec/ledger.hpp"
#include "fleet/link.hpp"
#include "state/event_bus.hpp"

namespace ferrule::fleet::exec {

/// What the controller's end needs; what is referred to must outlive it.
struct center_parts {
    asio::any_io_executor on; ///< Timers and completions run here.
    agents_link& link;
    const agent_directory& agents;
    store::store& records;
    state::event_bus& bus;
    signing_key key;
    config::commands_settings limits;
    config::retention_settings kept;
    const base::clock& clock;
    command_metrics* figures = nullptr; ///< May be null.
};

struct submitted {
    model::fleet_command made;
    bool repeated = false;
};

/// Turns a command into one task for each agent that it is for, and brings each of them to an end: it sends orders to
/// agents that are connected and to others when they come, takes what they answer, and gives up what can no longer
/// happen. A task is `queued` on disk until just before its order may leave, so that a task that is queued has
/// certainly not run; from then on only the agent's answer, or its silence for long, ends it.
///
/// Made with make_shared; `listen` before the link starts, `start` before the first request. Thread-safe.
class command_center : public std::enable_shared_from_this<command_center> {
  public:
    explicit command_center(center_parts parts);

    /// Sets the handlers of the link.
    void listen();
    /// Takes up what the process before left.
    asio::awaitable<result<void>> start();
    /// Takes nothing new; what is unfinished stays in the store.
    void stop();

    /// Fails with `invalid_request`, `agent_not_found`, `no_targets`, `idempotency_conflict`,
    /// `idempotency_in_progress` (retryable), `overloaded` (retryable), `shutting_down`, or the store's error. Once it
    /// has succeeded the command is durable.
    asio::awaitable<result<submitted>> submit(model::command_request request, asker by);
    /// `command_not_found`.
    asio::awaitable<result<model::fleet_command>> get(std::string id);
    /// As it is once all its tasks have ended, or after `limit`.
    asio::awaitable<result<model::fleet_command>> wait(std::string id, base::duration limit);
    asio::awaitable<result<model::page<model::fleet_command>>> list(std::string cursor, std::uint32_t limit);
    /// With the output so far of those that run.
    asio::awaitable<result<model::page<model::command_task>>> tasks(task_query wanted);
    /// `task_not_found`.
    asio::awaitable<result<model::command_task>> task(std::string id);
    /// Ends what has not left at once, and asks the agents to end the rest. `command_not_found`, `command_finished`.
    asio::awaitable<result<model::fleet_command>> cancel(std::string id, asker by);
    asio::awaitable<result<model::page<base::json>>> audit(std::string cursor, std::uint32_t limit);
    /// The agent has come, or was revoked: what is unfinished of it is sent, asked for or ended.
    void agent_changed(const std::string& agent);

    [[nodiscard]] const public_key& key() const noexcept { return parts_.key.shown(); }

  private:
    struct live_command;

    struct live_task {
        model::command_task now; ///< Its result holds the output so far.
        std::shared_ptr<live_command> of;
        bool durable = false; ///< What `now` says is on disk.
        bool ending = false;  ///< Its end is on its way to the disk.
        std::vector<std::function<void()>> taken;
    };

    using task_ptr = std::shared_ptr<live_task>;

    struct live_command {
        model::fleet_command now;
        std::vector<task_ptr> tasks;  ///< All of them that are unfinished.
        model::task_counts settled{}; ///< Of those whose end is at least on its way.
        std::uint32_t open = 0;       ///< The others.
        std::vector<std::weak_ptr<const std::function<void()>>> waiting;
    };

    using live_ptr = std::shared_ptr<live_command>;

    /// What is to be done once the lock is released.
    struct outbox {
        std::vector<std::pair<std::string, order>> orders;
        std::vector<std::function<void()>> calls;
    };

    /// An answer to what no longer awaits one.
    struct late_answer {
        std::string agent;
        task_end how;
        bool again = false;
        std::function<void()> taken;
    };

    // Of the request.
    asio::awaitable<result<submitted>> accept(model::command_request request, asker by, std::string key,
                                              std::string fingerprint);
    asio::awaitable<result<submitted>> repeated(command_records::key_use use, std::string fingerprint);
    asio::awaitable<result<void>> written(std::vector<store::record> all);
    live_ptr make_live(model::command_request request, const asker& by, const std::vector<std::string>& agents);
    void admit(const live_ptr& made);
    void drop(const live_ptr& rejected);

    // With the lock held; what they cannot do under it goes to the outbox.
    void dispatch(const task_ptr& which, outbox& out);
    void mark_sent(const task_ptr& which, outbox& out);
    void give_up(const task_ptr& which, outbox& out);
    void finish(const task_ptr& which, model::task_state state, model::task_result how, outbox& out);
    void set_state(const task_ptr& which, model::task_state state);
    void publish_task(const live_task& shown, outbox& out) const;
    void publish_command(const live_command& shown, outbox& out) const;
    void take_up(const live_ptr& left, model::command_task kept);
    void set_due(const task_ptr& which, base::wall_time when);
    [[nodiscard]] order order_for(const live_task& which, action what) const;
    [[nodiscard]] base::wall_time silent_until(const live_task& which) const;

    void send(outbox& out);
    void store_end(const task_ptr& which, std::vector<store::record> records, model::command_task last,
                   base::duration pause);
    void stored_end(const task_ptr& which, model::command_task last);
    void later(base::duration pause, std::function<void()> what);
    void arm();
    void on_due();

    // What agents say.
    void started(const std::string& agent, const base::json& body);
    void output(const std::string& agent, const base::json& body);
    void result_came(const std::string& agent, const base::json& body, std::function<void()> taken);
    void refusal_came(const std::string& agent, const base::json& body, std::function<void()> taken);
    asio::awaitable<void> late_answers();
    asio::awaitable<void> take_late(late_answer came);
    void note_said(const std::string& agent, const char* what, const std::string& about, const base::json& details);
    /// `id` is the agent's own for it, under which it stands once; `done` when it is on disk or not to be there.
    void note_said(const std::string& agent, const char* what, const std::string& about, const base::json& details,
                   const std::string& id, std::function<void()> done);
    [[nodiscard]] task_ptr find(const std::string& id, const std::string& agent) const;

    const center_parts parts_;
    command_records records_;
    const command_intake intake_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, live_ptr> commands_;
    std::unordered_map<std::string, task_ptr> tasks_;
    std::unordered_map<std::string, std::set<std::string>> by_agent_; ///< Ids of unfinished tasks, in their order.
    std::unordered_set<std::string> keys_;                            ///< Idempotency keys in use right now.
    std::multimap<base::wall_time, std::weak_ptr<live_task>> due_;
    std::deque<late_answer> late_; ///< Taken one after the other: they change the counts of their commands.
    bool late_at_work_ = false;
    std::unordered_map<std::string, base::steady_time> noted_until_; ///< By agent; what it said is paid for until then.
    std::size_t live_bytes_ = 0;
    asio::steady_timer timer_;
    base::wall_time armed_ = base::wall_time::max();
    bool stopping_ = false;
};

} // namespace ferrule::fleet::exec
