// Checks as a service: what is known about them, kept and told.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "model/node.hpp"
#include "model/page.hpp"
#include "model/sample.hpp"
#include "probes/anchor_set.hpp"
#include "probes/check_book.hpp"
#include "probes/check_metrics.hpp"
#include "probes/check_records.hpp"
#include "probes/figures.hpp"
#include "probes/live_checks.hpp"
#include "probes/unkept_samples.hpp"
#include "probes/unwritten_samples.hpp"
#include "runtime/gate.hpp"
#include "runtime/turns.hpp"

namespace ferrule::state {
class event_bus;
}

namespace ferrule::probes {

struct check_options {
    base::duration write_every = std::chrono::seconds(5);  ///< Samples; that much is lost with the process at most.
    base::duration hours_every = std::chrono::seconds(60); ///< Hours and states, which samples can bring back.
    measurement_retention keep;
    series_limits memory{std::chrono::hours(3), std::chrono::hours(1), 120};
    std::size_t most_unwritten = std::size_t{64} * 1024 * 1024; ///< Bytes of samples while the store takes nothing.
    std::size_t most_series = 2'000;                            ///< See check_metrics.
    std::vector<anchor_rule> anchors;
};

/// Takes samples of any node, makes states of them, tells when these change, and keeps all of it. Samples go into
/// memory first and to disk in batches, `write_every`; hours and states go there less often and are brought up to date
/// from the samples after a crash. A change of state is on disk before it is told. Thread-safe; its own work happens on
/// the strand that it was made with. Everything by reference must outlive it.
class check_service {
  public:
    check_service(asio::any_io_executor strand, store::store& records, check_book& book, state::event_bus& events,
                  prometheus::Registry& figures, check_options wanted, const base::clock& time = base::system_clock());
    check_service(const check_service&) = delete;
    check_service& operator=(const check_service&) = delete;
    ~check_service();

    /// Takes up what is on disk and begins. The book has been loaded.
    asio::awaitable<result<void>> start(std::vector<model::node_info> nodes);
    /// Writes what is not on disk yet and ends. Samples that come later are not taken.
    asio::awaitable<void> stop();

    // For nodes.
    /// All nodes that there are, those that are away included.
    void set_nodes(std::vector<model::node_info> nodes);

    /// `hear` is called on the strand when what nodes are to measure may have changed. Before start.
    void on_assignments(std::function<void()> hear) { assigned_ = std::move(hear); }

    [[nodiscard]] std::vector<assignment> assignments_for(const std::string& node) const;
    /// What a node has measured; what else a sample says about its node does not count. One that was given before, and
    /// one that the node was not to measure, changes nothing. `durable` is called on the strand once all are on disk;
    /// never when there is no room to keep them until then, so that whoever has them on a disk gives them again.
    void take(const std::string& node, std::vector<model::sample> samples, std::function<void()> durable = {});

    /// `ask` is called for each node that is to measure now; see run_now.
    void on_run(std::function<void(const std::string& node, const std::string& check, const std::string& target)> ask) {
        ask_ = std::move(ask);
    }

    // For people.
    [[nodiscard]] check_book& book() noexcept { return book_; }

    /// The worst of its targets; pending for a check that is not enabled.
    [[nodiscard]] model::health summary(const std::string& check) const;
    /// Targets, their locations and votes. `check_not_found`.
    [[nodiscard]] result<base::json> state(const std::string& check) const;
    asio::awaitable<result<model::page<base::json>>> results(result_query wanted);
    asio::awaitable<result<base::json>> figures(figures_query wanted);
    /// Has a check measured now; gives the places (target and node) that were asked. `check_not_found`,
    /// `target_not_found`, `check_disabled`.
    result<std::vector<std::pair<std::string, std::string>>> run_now(const std::string& check,
                                                                     const std::string& target = {});
    /// Announces work, beside the windows of the definition; `check_not_found`.
    asio::awaitable<result<void>> announce(std::string check, model::maintenance_window when);
    /// `check_not_found`, `window_not_found`.
    asio::awaitable<result<void>> withdraw(std::string check, std::string window);
    /// Somebody sees to a problem. Without a target all that have one. `check_not_found`, `target_not_found`,
    /// `no_problem`.
    asio::awaitable<result<void>> acknowledge(std::string check, std::string target, acknowledgement said);
    asio::awaitable<result<void>> take_back(std::string check, std::string target);

  private:
    using transitions = std::vector<transition>;

    // check_service_start.cpp
    asio::awaitable<result<void>> restore();
    asio::awaitable<result<void>> restore_states();
    asio::awaitable<result<void>> restore_windows();
    asio::awaitable<result<void>> restore_series(check_book::entry of, stamp contained, std::size_t& recalled);
    void replay(const model::sample& one);
    // check_service_writing.cpp
    asio::awaitable<void> beat();
    [[nodiscard]] bool has_stopped() const;
    asio::awaitable<result<void>> write(bool hours);
    asio::awaitable<result<void>> write_states(std::string check, std::vector<std::string> targets);
    asio::awaitable<result<void>> add_hours(std::vector<store::record>& into);
    void hours_failed();
    asio::awaitable<void> tell();
    void publish(const transitions& made);
    void begin(asio::awaitable<void> body);

    void follow(const std::string& name, const check_book::entry& now);
    void changed(transitions made);
    /// Without `keep` it is judged only; see unkept_samples.
    void take_one(model::sample& found, base::wall_time now, transitions& made, bool keep);
    void plan_look();
    void arm_look();
    void plan_assignments();
    [[nodiscard]] base::json state_of(const live_check& of) const;
    [[nodiscard]] base::json state_of(const live_check& of, const std::string& name, const live_target& target) const;
    [[nodiscard]] result<std::vector<std::string>> targets_of(const std::string& check,
                                                              const std::string& target) const;

    const asio::any_io_executor strand_;
    check_book& book_;
    state::event_bus& events_;
    const check_options options_;
    const base::clock& time_;
    check_records records_;
    std::function<void()> assigned_;
    std::function<void(const std::string&, const std::string&, const std::string&)> ask_;

    mutable std::mutex mutex_; ///< Guards all that follows up to the strand's own.
    live_checks live_;
    anchor_set anchors_;
    check_metrics metrics_;
    unwritten_samples unwritten_;
    unkept_samples unkept_;
    transitions untold_;
    bool telling_ = false;
    bool stopped_ = true;
    bool assigning_ = false;
    std::optional<base::wall_time> look_at_;
    stamp last_stamp_ = 0;

    struct taken_hours {
        std::string check;
        std::string target;
        std::string location;
        std::vector<changed_hour> hours;
    };

    // Only on the strand.
    asio::steady_timer beat_timer_;
    asio::steady_timer look_timer_;
    asio::steady_timer retry_timer_;
    std::optional<base::steady_time> hours_at_;
    std::vector<taken_hours> taken_hours_; ///< On their way to the disk.

    runtime::turns writing_{1};
    runtime::gate work_;
};

} // namespace ferrule::probes
