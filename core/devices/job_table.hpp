// All jobs that are alive, and the last that ended, in memory.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "devices/finished_jobs.hpp"
#include "devices/job_entry.hpp"
#include "state/event_bus.hpp"
#include "state/metrics.hpp"

namespace ferrule::devices {

/// Keeps the life cycle of jobs consistent between those who run, cancel, expire and watch them: a job is claimed once,
/// ends once, and everybody who waits is told once. It publishes each change on the bus. Thread-safe; callbacks are
/// called without the lock.
class job_table {
  public:
    /// The last finished jobs are remembered, at most so many and so many bytes of them.
    job_table(state::event_bus& bus, state::metrics& figures, std::size_t keep_finished,
              std::size_t keep_bytes = std::size_t{64} * 1024 * 1024);

    /// Adds a queued job that expires at `deadline` unless it is claimed before.
    void add(const entry_ptr& added, base::steady_time deadline);
    /// Takes back a job that was not accepted after all. One that has begun early is told to end, and then is
    /// `refused`; if it has ended already, its end comes back.
    job_ptr withdraw(const entry_ptr& rejected);
    /// Lets a job be claimed while its record is still being written.
    void may_begin(const entry_ptr& added);
    /// Says that the record is on disk, so that the job may be claimed, also one that could not be claimed a moment ago
    /// because listeners were being told of it. The end of one that has ended already comes back.
    job_ptr made_durable(const entry_ptr& accepted);

    enum class ending { to_store, held, refused };
    /// What is to become of the end of a job. held: its own record is still being written, and made_durable or withdraw
    /// gives the end back. refused: its record could not be written, so its end goes nowhere.
    [[nodiscard]] ending offer_end(const entry_ptr& ended, const job_ptr& last);
    /// Already cancelled or expired; a queue can drop it.
    [[nodiscard]] bool is_claimed(const entry_ptr& each) const;

    [[nodiscard]] entry_ptr find(std::string_view id) const;
    /// The job as it is now; while it runs, with the results so far.
    [[nodiscard]] job_ptr view(const entry_ptr& each) const;
    /// The same to build on; one copy instead of two.
    [[nodiscard]] model::job copy(const entry_ptr& each) const;
    /// The job without the results so far; never a copy.
    [[nodiscard]] job_ptr bare(const entry_ptr& each) const;
    /// A finished job that is still remembered, or one that is alive.
    [[nodiscard]] job_ptr view(std::string_view id) const;

    /// True for the first who asks once the job may begin; it then has to finish it.
    [[nodiscard]] bool claim(const entry_ptr& wanted);
    /// As claim, but only once the job's record is on disk.
    [[nodiscard]] bool claim_durable(const entry_ptr& wanted);
    /// queued → running on `node`. `interrupt` ends it early, from any thread; `instance` is the process that runs it,
    /// when that is another one.
    job_ptr started(const entry_ptr& running, std::string node, base::wall_time when, std::function<void()> interrupt,
                    std::string instance = {});
    /// The job runs in another process of the same node than was thought.
    job_ptr moved(const entry_ptr& running, std::string instance);
    /// running → queued, because the node that ran it is gone; counts as a restart. Its place in a queue is the
    /// caller's business, its deadline is the old one. False, and nothing is done, when it was cancelled meanwhile:
    /// then it is to be ended.
    [[nodiscard]] bool requeue(const entry_ptr& running);
    void session_chosen(const entry_ptr& running, model::session_ref session);
    /// Output so far: `begin_result` starts the next command, `append_output` lengthens its output, `end_result`
    /// settles all else of it.
    void begin_result(const entry_ptr& running, std::string command);
    void append_output(const entry_ptr& running, std::string_view bytes);
    void end_result(const entry_ptr& running, model::command_result settled);
    /// Forgets the results so far; the job is tried again.
    void restart_results(const entry_ptr& running);
    /// The job is final and its record is on disk.
    void finished(const entry_ptr& ended, job_ptr last);
    /// It ran, but its record could not be written when it was to be accepted.
    [[nodiscard]] bool is_refused(const entry_ptr& running) const;
    /// The end of one that is refused: nobody will find it any more.
    void dropped(const entry_ptr& ended, job_ptr last);
    /// A job whose end was `unknown` has ended otherwise after all, and its record says so.
    void corrected(const job_ptr& last);

    enum class cancel_outcome { claimed, interrupted, final, not_durable };
    /// claimed: it was queued and is the caller's to finish. interrupted: it runs and was told to end.
    [[nodiscard]] cancel_outcome cancel(const entry_ptr& wanted);
    [[nodiscard]] bool is_cancelling(const entry_ptr& running) const;

    /// Ends a running job because the process stops, not because a client asked; it is to be run again by the next one.
    void interrupt(const entry_ptr& running);
    [[nodiscard]] bool is_interrupted(const entry_ptr& running) const;

    /// Hears which session runs a job, at once; set before anything runs, called without the lock.
    void watch_sessions(std::function<void(const entry_ptr&, const model::session_ref&)> hear);

    /// Who wants to be told; ends with its last owner.
    using listener = std::shared_ptr<const std::function<void()>>;
    /// Calls `told` once the job is final, if it still exists then; true, and no call, when the job is final already.
    bool when_final(const entry_ptr& watched, const listener& told);

    /// Claims what has waited longer than it may; the caller finishes it.
    [[nodiscard]] std::vector<entry_ptr> claim_expired(base::steady_time now);
    [[nodiscard]] std::optional<base::steady_time> next_deadline() const;

    [[nodiscard]] std::size_t queued() const;
    /// Those that were accepted and have not ended.
    [[nodiscard]] std::vector<entry_ptr> unfinished() const;

  private:
    static model::job shown_now(const job_entry& each);
    void drop_deadline(job_entry& each);
    void set_deadline(const entry_ptr& each);
    void end(const entry_ptr& ended, const job_ptr& last, bool keep);
    void publish(const model::job& changed);

    state::event_bus& bus_;
    state::metrics& figures_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, entry_ptr> alive_;
    finished_jobs ended_;
    job_entry::deadlines deadlines_;
    std::size_t queued_ = 0;
    std::function<void(const entry_ptr&, const model::session_ref&)> session_chosen_;
};

} // namespace ferrule::devices
