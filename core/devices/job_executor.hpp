// An agent's end of device jobs: runs what a controller orders, and tells it how that goes.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/json_fwd.hpp"
#include "devices/agent_sender.hpp"
#include "devices/ended_job.hpp"
#include "devices/job_messages.hpp"
#include "devices/local_node.hpp"
#include "devices/node_parts.hpp"
#include "runtime/gate.hpp"
#include "state/event_bus.hpp"

namespace ferrule::devices {

/// What an agent keeps for its controller, and how often it greets.
struct executor_limits {
    /// Output of one job past so many bytes of messages is left out of its end.
    std::size_t longest_end = std::size_t{16} << 20U;
    std::size_t remembered_changes = 20'000;
    /// Before it greets again because something was lost.
    base::duration greet_pause = std::chrono::seconds(10);
};

/// Runs jobs on the same lanes and fifo runs as a controller does, but keeps no record: the controller has written that
/// the job is here, and the end of each is kept by the link until the controller has it on disk. Credentials live in
/// memory, with the job and its session. Jobs of a process that ends are lost with it; the controller learns that from
/// the greeting of the next one. Thread-safe; messages must come in order.
class job_executor {
  public:
    /// `drivers` names those that there are, at each greeting. Sets `write`, `finish` and `platforms` of the parts.
    job_executor(node_parts& parts, controller_sender& link, std::function<std::vector<std::string>()> drivers,
                 executor_limits limits = {});
    job_executor(const job_executor&) = delete;
    job_executor& operator=(const job_executor&) = delete;
    ~job_executor();

    /// Starts to forward progress.
    void start();
    asio::awaitable<void> stop(base::duration limit);

    /// A controller that offers `jobs/1` is connected: tells it who and what is here.
    void connected();
    void disconnected();
    /// The link had to drop what it kept, perhaps an end: greets again, so that the controller asks for what it never
    /// heard of.
    void something_lost();

    void run(const base::json& body);
    void cancel(const base::json& body);
    void close_session(const base::json& body);

    [[nodiscard]] model::node_info info() const { return node_.info(); }

  private:
    struct held {
        attempt which;
        bool change = false;
        entry_ptr entry;
        std::size_t cut = SIZE_MAX; ///< Of this result the controller has missed something.
    };

    static std::string name_here(const attempt& which);
    void greet();
    void greet_later();
    void take(run_order order);
    [[nodiscard]] bool may_have_run(const run_order& order) const;
    void refuse(const attempt& which, model::job_state state, const error& why);
    void finish(const entry_ptr& entry, model::job last);
    void deliver(const std::string& here, std::shared_ptr<const std::vector<std::string>> parts, std::size_t from,
                 base::duration pause);
    void told(const std::string& here);
    asio::awaitable<void> forward(runtime::gate::pass pass);
    void forward(const state::event& happened);
    bool send_output(job_progress& step, std::string_view text);
    bool send_step(const job_progress& step);
    void forward_session(const state::event& happened);
    void tell_session(const entry_ptr& entry, const model::session_ref& chosen);

    node_parts& parts_;
    controller_sender& link_;
    const std::function<std::vector<std::string>()> drivers_;
    const executor_limits limits_;
    const std::string instance_;
    local_node node_;
    std::unique_ptr<state::subscription> events_;
    runtime::gate forwarding_;
    std::mutex mutex_;
    std::map<std::string, held> held_;        // by the name that the job has here
    std::unordered_set<std::string> changes_; // that ran here, so that none runs twice
    std::deque<attempt> oldest_changes_;
    std::string forgotten_; ///< The highest id of a change that is remembered no more.
    std::map<std::string, std::shared_ptr<const std::string>> platforms_;
    std::int64_t seq_ = 0;
    bool connected_ = false;
    bool greets_later_ = false;
    asio::steady_timer greet_timer_;
    bool stopped_ = false;
};

} // namespace ferrule::devices
