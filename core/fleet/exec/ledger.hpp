// What an agent has run, on its disk.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "model/command.hpp"
#include "store/store.hpp"

namespace ferrule::fleet::exec {

namespace asio = boost::asio;

/// How a task ended, as it is kept and told.
struct task_end {
    task_end();
    std::string task;
    std::string nonce; ///< Of the order that was run; empty for a task that was cancelled before it came.
    std::string digest;
    model::task_state state = model::task_state::unknown;
    model::task_result result;
    base::wall_time not_after{};
};

base::json to_json(const task_end& told);
result<task_end> task_end_from_json(const base::json& from);

/// Keeps a command from running twice: a task stands here, on disk, before its process starts, and a task that stands
/// here is never started again. Its store must be opened with durability `full`: after a power cut a task that is
/// forgotten would run again when the controller asks for it once more. It is a file of its own, apart from the agent's
/// other store, so that only commands pay for the fsync; a store rather than a log, because it brings group commit,
/// expiry and recovery with it.
///
/// What ended is forgotten some time after no controller can ask for it any more. On one strand; completions of the
/// store come on the loop.
class ledger {
  public:
    static std::vector<store::collection> collections();

    explicit ledger(store::store& records, const base::clock& clock = base::system_clock());

    /// Reads what the process before left. Gives the tasks whose end has to be told: those that were running, which are
    /// `unknown` now and recorded so before it returns, and those whose end the link may not have taken.
    asio::awaitable<result<std::vector<task_end>>> load();

    struct seen {
        std::string nonce;
        bool ended = false;
    };

    [[nodiscard]] const seen* find(const std::string& task) const;
    /// The task for which this nonce was used; null for a new one.
    [[nodiscard]] const std::string* used_by(const std::string& nonce) const;

    /// It is about to start, and may run for so long. `done` on the loop, once that is on disk.
    void begin(const std::string& task, const std::string& nonce, base::wall_time not_after, base::duration timeout,
               std::function<void(result<void>)> done);
    void end(const task_end& how, std::function<void(result<void>)> done);
    /// The link keeps its end now.
    void told(const task_end& how);
    asio::awaitable<result<std::optional<task_end>>> recorded(std::string task);
    /// Something that is no order of a trusted controller was refused.
    void refused(const base::json& record);

  private:
    void remember(const std::string& task, const std::string& nonce, bool ended, base::wall_time until);
    void forget_old();
    [[nodiscard]] store::record make_record(const task_end& how, bool told) const;
    [[nodiscard]] base::wall_time kept_until(base::wall_time not_after) const;

    struct entry {
        seen what;
        base::wall_time until{};
    };

    store::store& records_;
    const base::clock& clock_;
    std::unordered_map<std::string, entry> tasks_;
    std::unordered_map<std::string, std::string> nonces_;
    std::size_t sweep_at_ = 4096;
    std::size_t refusals_ = 0;
};

} // namespace ferrule::fleet::exec
