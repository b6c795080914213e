// A job while it is alive in this process.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "devices/resolved_target.hpp"
#include "model/job.hpp"

namespace ferrule::devices {

using job_ptr = std::shared_ptr<const model::job>;

class job_table;
class node;

/// What the process knows about one job besides its public face. The first block never changes after the job was made
/// but for its place; the second belongs to job_table and is guarded by its lock.
struct job_entry {
    job_entry(job_ptr first, resolved_ptr target, base::duration limit)
        : id(first->id)
        , how(first->request.how)
        , at(std::move(target))
        , timeout(limit)
        , now(std::move(first)) {}

    const std::string id;
    const model::strategy how;
    const resolved_ptr at;
    const base::duration timeout;
    /// Whose queue it is in; the engine alone sets it.
    std::atomic<node*> place{nullptr};

    using deadlines = std::multimap<base::steady_time, std::shared_ptr<job_entry>>;

  private:
    friend class job_table;

    job_ptr now;
    bool ready = false;              ///< It may be claimed to run.
    bool durable = false;            ///< Its record is on disk.
    bool refused = false;            ///< Its record cannot be written; if it runs already, it is ended.
    bool told = false;               ///< Listeners know that it exists, or will hear of it when it starts.
    bool tells = false;              ///< They will.
    job_ptr held;                    ///< Its end, when that came before its record was on disk.
    bool claimed = false;            ///< Someone runs, cancels or expires it; whoever claims it finishes it.
    bool cancelling = false;         ///< A client asked for its end while it ran.
    bool interrupted = false;        ///< The process asked for its end, because it stops.
    std::function<void()> interrupt; ///< Ends the running job; set while it runs.
    std::vector<std::weak_ptr<const std::function<void()>>> waiting; ///< Called once when it is final.
    std::size_t tidy_at = 16;                                        ///< Waiters at which those who left are dropped.
    std::optional<model::session_ref> session;                       ///< The one that runs it.
    std::vector<model::command_result> progress;                     ///< Results so far; the last may still grow.
    std::size_t published = 0; ///< Bytes of the last result that listeners have seen.
    base::steady_time expires{};
    deadlines::iterator deadline;
    bool has_deadline = false;
};

using entry_ptr = std::shared_ptr<job_entry>;

} // namespace ferrule::devices
