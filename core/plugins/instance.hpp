// The host's side of one instance of a component.
#pragma once

#include <ferrule/abi/host.h>

#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "net/poll_group.hpp"
#include "plugins/build.hpp"
#include "plugins/driver.hpp"
#include "plugins/environment.hpp"
#include "plugins/misuse.hpp"
#include "plugins/operation_table.hpp"
#include "plugins/session_queues.hpp"
#include "plugins/timer_queue.hpp"

namespace ferrule::plugins {

/// What an operation shall do.
enum class op_kind : std::uint8_t { open, exec, keepalive, close, probe };

const char* name_of(op_kind which) noexcept;

/// One operation to be run.
struct op_call {
    op_kind which = op_kind::exec;
    frl_session session = 0;
    std::string request;
    base::steady_time deadline;
    /// 0 = the setting's.
    std::size_t output_limit = 0;
};

/// Owns one instance of a component: its strand, host table, operations, watches, timers and blocking work. The object
/// itself is never freed, because a faulty plugin may call its host from a thread of its own at any time; what it holds
/// is released when the instance ends. It ends when it is retired and nothing uses it any more.
class instance : public std::enable_shared_from_this<instance> {
  public:
    static std::shared_ptr<instance> make(std::shared_ptr<environment> around, std::shared_ptr<const plugins::build> of,
                                          const component& what);

    /// Calls the component's create with its configuration; fails with `plugin_init_failed`. Any executor.
    asio::awaitable<result<void>> create(std::string config);
    /// create for PURE components and stores, on the calling thread.
    result<void> create_here(const std::string& config);
    /// The end of an instance that was created so.
    void destroy_here();

    /// Runs an operation to its end; see driver_session for deadline and cancellation.
    static asio::awaitable<result<op_reply>> run(std::shared_ptr<instance> self, op_call call,
                                                 op_waiter::output output);
    /// The same without a coroutine: `waiter` must be armed and stay until it resumes. 0 when it did not start; the
    /// waiter is then not used.
    frl_op begin(op_waiter& waiter, op_call call);

    /// Starts several probes in one call where the component can; ops come from `prepare`.
    struct prepared {
        frl_op op = 0;
        base::steady_time deadline;
    };

    frl_op prepare(op_waiter& waiter, op_call& call);
    void launch_batch(std::vector<prepared> all);
    /// Turns the end of an operation into what callers see.
    [[nodiscard]] result<op_reply> reply_of(op_outcome& outcome, op_kind which) const;
    /// Asks an operation to end. [any thread]
    void ask_end(frl_op op, end_reason why);

    /// Sessions that were opened and not closed. [any thread]
    void add_session(frl_session session, std::function<void(error)> on_lost);
    void remove_session(frl_session session);
    /// Closes a session that nobody waits for.
    void close_session(frl_session session);
    /// Asks whatever runs on a session of a BLOCKING driver to end, so that its close gets its turn; an ASYNC one does
    /// that in its close.
    void end_session_work(frl_session session);

    /// Takes no new work in the eyes of the component set; ends when it is idle. [any thread]
    void retire();
    /// Cancels everything that runs and abandons what has not ended after the grace period.
    void end_all();
    /// Abandons what is left: nothing of it is waited for any more. [any thread]
    void leave();
    /// The same when nothing runs on its strand any more, because the loop has stopped or there was never anything.
    void drop();

    [[nodiscard]] bool healthy() const noexcept { return healthy_.load(); }

    [[nodiscard]] bool ended() const noexcept { return ended_.load(); }

    [[nodiscard]] std::size_t uses() const noexcept { return uses_.load(); }

    [[nodiscard]] const plugins::build& build() const noexcept { return *build_; }

    [[nodiscard]] const component& what() const noexcept { return component_; }

    [[nodiscard]] void* raw() const noexcept { return raw_; }

    [[nodiscard]] const std::string& label() const noexcept { return label_; }

    [[nodiscard]] const misuse& faults() const noexcept { return faults_; }

    /// Keeps it from ending; only by who knows that it has not been retired, or uses it already.
    void use() noexcept { ++uses_; }

    void unuse();
    /// Called once it has ended, at once when it has already.
    void on_end(std::function<void()> call);

  private:
    friend struct host_calls;
    friend struct http_service_calls;
    friend struct session_service_calls;
    friend void fill_services(instance& of);

    instance(std::shared_ptr<environment> around, std::shared_ptr<const plugins::build> of, const component& what);

    void fill_host();
    result<void> call_create(const std::string& config);
    void call_destroy() noexcept;

    void launch(frl_op op, op_kind which, frl_session session, base::steady_time deadline);
    void start(frl_op op, op_kind which, frl_session session, base::steady_time deadline);
    bool begins(frl_op op, base::steady_time deadline);
    void end_unbegun(frl_op op, end_reason why, wish outcome);
    void call_start(frl_op op, op_kind which, frl_session session, base::steady_time deadline);
    void watch_deadline(frl_op op, base::steady_time deadline);
    void end_on_strand(frl_op op, end_reason why);
    void abandon(frl_op op);
    void finish(frl_op op, error why);
    void settle(operation_table::ending& ended);
    void complete_from_plugin(frl_op op, frl_status status, std::string_view json, end_reason asked = end_reason::none);
    void on_timer(timer_queue::callback fn, void* arg, std::uint64_t op);
    void on_long_call(const char* function, base::duration took, bool ended);

    /// Calls into the plugin on the strand: measured, and nothing that it throws comes through.
    template <class Call>
    bool guarded(const char* function, Call call) noexcept;
    void note_exception(const char* function, const char* what) noexcept;

    void shut();
    void try_end();
    void advance_end();
    void end_now();

    /// Work of the host's that still owes the plugin a callback.
    void pend() noexcept { ++pending_; }

    void unpend();

    [[nodiscard]] bool asynchronous() const noexcept { return component_.execution == FRL_EXEC_ASYNC; }

    [[nodiscard]] bool on_strand() const noexcept { return strand_.running_in_this_thread(); }

    const std::shared_ptr<environment> around_;
    const std::shared_ptr<const plugins::build> build_;
    const component component_;
    const std::string label_;
    runtime::strand strand_;
    misuse faults_;
    frl_host host_{};
    frl_http_service http_{};
    frl_session_service sessions_service_{};
    void* raw_ = nullptr;
    std::shared_ptr<call_meter> meter_;
    operation_table operations_;
    std::optional<timer_queue> timers_;
    std::optional<net::poll_group> descriptors_;
    std::shared_ptr<blocking_share> share_;
    session_queues queues_;
    std::atomic<std::size_t> uses_{0};
    std::atomic<std::size_t> pending_{0};
    std::atomic<bool> healthy_{true};
    std::atomic<bool> retired_{false};
    std::atomic<bool> ended_{false};
    // On the strand.
    bool created_ = false;
    std::atomic<bool> ending_{false};
    // No host call but log does anything any more.
    std::atomic<bool> closed_{false};
    // Nothing that was posted is run any more.
    std::atomic<bool> destroying_{false};
    std::unordered_map<std::uint64_t, std::uint64_t> queries_;
    std::unordered_map<std::uint64_t, std::uint64_t> exchanges_;
    std::uint64_t last_number_ = 0;
    std::mutex sessions_mutex_;
    std::unordered_map<frl_session, std::function<void(error)>> sessions_;
    std::mutex end_mutex_;
    std::function<void()> on_end_;
};

/// A use of an instance, for as long as it is held.
class instance_use {
  public:
    instance_use() = default;

    /// Takes over a use that was counted before.
    explicit instance_use(std::shared_ptr<instance> counted) noexcept
        : held_(std::move(counted)) {}

    instance_use(instance_use&&) noexcept = default;

    instance_use& operator=(instance_use&& other) noexcept {
        std::swap(held_, other.held_);
        return *this;
    }

    instance_use(const instance_use&) = delete;
    instance_use& operator=(const instance_use&) = delete;

    ~instance_use() {
        if (held_)
            held_->unuse();
    }

    [[nodiscard]] const std::shared_ptr<instance>& get() const noexcept { return held_; }

    instance* operator->() const noexcept { return held_.get(); }

  private:
    std::shared_ptr<instance> held_;
};

} // namespace ferrule::plugins
