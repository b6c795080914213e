// The agent's end of commands.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/json_fwd.hpp"
#include "config/exec_settings.hpp"
#include "fleet/exec/envelope.hpp"
#include "fleet/exec/ledger.hpp"
#include "fleet/exec/policy.hpp"
#include "fleet/exec/process_run.hpp"
#include "fleet/link.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/event.hpp"

namespace ferrule::fleet::exec {

/// What the agent's end needs; what is referred to must outlive it.
struct agent_parts {
    asio::any_io_executor on; ///< A strand, or a loop of one thread.
    controller_link& link;
    store::store& records; ///< With the ledger's collections and durability `full`.
    runtime::blocking_pool& pool;
    policy rules;
    verifier check;
    config::exec_settings limits;
    const base::clock& clock;
};

/// Takes orders from the link, judges them, runs each at most once and sees to it that its end is told. An order is
/// first authentic, then new (or answered from the ledger), then timely, then allowed; then it waits for one of the
/// places; then it stands in the ledger; then it starts.
///
/// Made with make_shared; `listen` before the link starts, `start` before the first order, `stop` last. What comes from
/// the link is posted to the strand, on which all else runs.
class command_agent : public std::enable_shared_from_this<command_agent> {
  public:
    explicit command_agent(agent_parts parts);

    /// Sets the handlers of the link.
    void listen();
    /// Who the agent is and whom it trusts from now on, once it has joined; from any thread.
    void recognise(std::string self, trusted_keys keys);
    /// Takes up what the process before left.
    asio::awaitable<result<void>> start();
    /// Takes nothing new, ends what runs, tells of it. What waits is forgotten: the controller asks for it again.
    asio::awaitable<void> stop(base::duration limit);
    /// Lets go of everything as it is: nothing is told any more, and processes go on. On the strand.
    void abandon();

  private:
    struct assignment {
        opened given;
        bool starting = false;
        bool cancelled = false;
        std::shared_ptr<process_run> run;
        base::wall_time started_at{};
        model::task_result result;
    };

    using task_ptr = std::shared_ptr<assignment>;

    void take(const base::json& message);
    void take_run(opened given);
    void take_cancel(const opened& given);
    void refuse_unknown(const base::json& message, const error& why);
    void refuse(const opened& given, model::task_state state, const error& why);
    void answer_again(const opened& given, const char* why);
    void tell_refusal(const std::string& task, const std::string& digest, const error& why);
    void record_refusal(const std::string& task, const std::string& digest, const error& why);
    asio::awaitable<void> tell_recorded(std::string id);
    void pump();
    asio::awaitable<void> launch(task_ptr which);
    void begun(const task_ptr& which, const result<void>& written);
    [[nodiscard]] child_plan plan_of(const model::command_spec& spec, child_user user) const;
    void say_started(const assignment& which);
    void say_output(const assignment& which, output_stream stream, std::size_t offset, std::string_view text);
    void ended(const task_ptr& which, process_end how);
    void settle(const task_ptr& which, model::task_state state);
    void check_idle();
    void tell(const task_end& how, bool again, base::duration pause);

    const agent_parts parts_;
    verifier check_;
    ledger ledger_;
    std::unordered_map<std::string, task_ptr> tasks_; ///< Waiting, starting and running, by id.
    std::deque<task_ptr> waiting_;
    std::size_t running_ = 0; ///< Starting ones as well.
    std::size_t untold_ = 0;  ///< Ends that the link does not keep yet.
    runtime::event idle_;
    bool ready_ = false;
    bool stopping_ = false;
    bool dead_ = false;
};

} // namespace ferrule::fleet::exec
