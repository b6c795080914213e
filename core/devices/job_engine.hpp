// The job service: admission, durability, recovery and the end of every job.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "devices/idempotency.hpp"
#include "devices/inventory.hpp"
#include "devices/job_records.hpp"
#include "devices/job_service.hpp"
#include "devices/job_table.hpp"
#include "devices/node_parts.hpp"
#include "devices/node_set.hpp"
#include "devices/placement.hpp"

namespace ferrule::devices {

/// Connects the table, the records and the node. Acceptance, queue position and place on disk are decided together
/// under one lock, so they are the same order; so is a change of the node. Made once a process; `start` before anything
/// else, `stop` last.
class job_engine final : public job_service {
  public:
    job_engine(node_parts& parts, const inventory& known, job_records& records,
               std::shared_ptr<plugins::scheduler> chooser, agent_sender* agents = nullptr);
    ~job_engine() override;

    /// Takes up what the process before left: queued jobs and read-only ones that ran here are queued again in their
    /// order, changes that ran here become `unknown`. What agents run is theirs still, until they are given up.
    asio::awaitable<result<void>> start();
    /// Takes nothing new, lets what runs end within `limit`; the rest stays in the store.
    asio::awaitable<void> stop(base::duration limit);

    asio::awaitable<result<accepted>> submit(model::job_request request, submission by) override;
    asio::awaitable<result<job_ptr>> wait(std::string id, base::duration limit) override;
    asio::awaitable<result<job_ptr>> get(std::string id) override;
    asio::awaitable<result<model::page<job_ptr>>> list(job_query query) override;
    asio::awaitable<result<job_ptr>> cancel(std::string id) override;
    [[nodiscard]] std::vector<model::session_info> sessions() const override;
    asio::awaitable<result<void>> close_session(std::string id, bool force) override;

    [[nodiscard]] std::vector<model::node_info> nodes() const { return nodes_.infos(); }

    // For agent_jobs, which hears the agents.

    [[nodiscard]] node_set& node_places() noexcept { return nodes_; }

    /// An agent has said what it has.
    void node_greeted(remote_node& by, const job_hello& hello);
    /// Nodes have come or have room: finds places for what waits for one. Not under a lock.
    void place_waiting();
    /// The agent is not expected back: its queued jobs, and those that only read, go to other nodes in their order;
    /// changes that may have run become `unknown`.
    void give_up_node(const std::string& name);
    /// The end of an attempt that does not run any more: corrects a change that became `unknown`, and nothing else.
    void ended_late(const std::string& name, const ended_job& end, std::function<void()> taken);

  private:
    result<resolved_ptr> admit(const model::job_request& request) const;
    void enqueue(const entry_ptr& entry, node* chosen, base::steady_time deadline, const std::string& key,
                 const std::string& fingerprint, std::function<void(result<void>)> done);
    void finish(entry_ptr entry, model::job last);
    void recorded(const entry_ptr& entry, bool written);
    void drop(const entry_ptr& entry, model::job last);
    void store_last(entry_ptr entry, job_ptr last, base::duration pause);
    void store_without_output(entry_ptr entry, job_ptr last);
    void arm_expiry();
    void expire();
    asio::awaitable<result<accepted>> accept(model::job_request request, std::string owner, std::string key,
                                             std::string fingerprint);
    asio::awaitable<result<accepted>> repeated(job_records::key_use use, std::string fingerprint);
    [[nodiscard]] model::page<job_ptr> living(const job_query& query) const;
    /// How a job that the process before left ends without being run again; none when it can run.
    std::optional<model::job> settle(const model::job& left, const result<resolved_ptr>& at) const;
    void take_up(model::job left, resolved_ptr at);
    void look_for_places_at_last();
    void adopt(model::job left, resolved_ptr at);
    [[nodiscard]] bool runs_elsewhere(const model::job& left, const result<resolved_ptr>& at) const;
    void place_soon();
    /// Moves the jobs of its device, or this fifo job, to a node. False when there is none.
    bool place_first(const entry_ptr& first);
    void end_given_up(const std::string& node, const remote_board::given& job);

    /// Ends that came too late and are being compared with their record; the same one may come again meanwhile.
    struct late_end {
        std::vector<std::function<void()>> taken;
        job_table::listener looks_again; ///< Waits until the job is final.
    };

    void compare_late(const std::string& node, const ended_job& end);
    void late_settled(const attempt& which, bool safe);
    asio::awaitable<void> correct(std::string node, ended_job end);

    node_parts& parts_;
    const inventory& known_;
    job_records& records_;
    agent_sender* agents_;
    node_set nodes_;
    idempotency keys_;
    std::mutex order_;
    asio::steady_timer expiry_;
    std::mutex expiry_mutex_;
    base::steady_time expiry_at_ = base::steady_time::max(); // guarded by expiry_mutex_, as is the timer
    std::atomic<bool> stopping_{false};
    std::atomic<bool> abandoned_{false};
    std::atomic<bool> places_soon_{false};
    std::mutex late_mutex_;
    std::map<std::pair<std::string, std::int64_t>, late_end> late_; // by attempt
};

} // namespace ferrule::devices
