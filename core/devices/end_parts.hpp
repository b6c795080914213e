// Ends of jobs that come in several messages, until the last of them is here.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "base/json_fwd.hpp"
#include "devices/part_store.hpp"
#include "runtime/gate.hpp"
#include "runtime/io.hpp"

namespace ferrule::devices {

/// Bytes of one agent's ends that are not whole. What is beyond them is left out of the ends, which come nevertheless.
struct end_parts_limits {
    std::size_t all = std::size_t{1} << 30U;
    std::size_t one = std::size_t{32} << 20U; ///< Of one end.
};

/// Keeps each part on disk and acknowledges it for itself, so that a long end holds back neither the link nor memory,
/// and goes on where it was after a restart of either side. Whole ends are read one after the other. Thread-safe;
/// `stop` must have ended before it goes.
class end_parts {
  public:
    /// Takes a whole end; `taken` acknowledges it.
    using receiver = std::function<void(const std::string& agent, const ended_job& end, std::function<void()> taken)>;

    end_parts(runtime::io& loop, store::store& records, receiver receive, end_parts_limits limits = {});

    asio::awaitable<void> stop(base::duration limit);

    /// The agent has greeted, and these are the attempts whose end may not have come. What it has kept comes again.
    void greeted(const std::string& agent, const std::vector<held_job>& held);
    void take(const std::string& agent, const end_part& part, const base::json& body, std::function<void()> taken);
    /// The marker behind everything that the agent had kept: calls `then` once the ends before it have been received,
    /// and forgets parts of which no more will come. When a part before it could not be kept, `then` is not called,
    /// because it will come again, and so will the marker: the link repeats what is not acknowledged.
    void caught_up(const std::string& agent, std::function<void()> then);
    /// The agent does not come back.
    void forget(const std::string& agent);

  private:
    using name = std::pair<std::string, std::int64_t>; // of an attempt
    using part_name = std::pair<name, std::size_t>;

    struct whole {
        std::string agent;
        attempt which;
        std::size_t count;
        std::function<void()> taken;
    };

    /// Parts of one attempt that are on their way to the disk. Several loop threads may hear of them in any order, so
    /// only the one that is heard of last tells whether the end is whole.
    struct arrival {
        std::size_t unanswered = 0;
        std::optional<whole> last; ///< The last part is on disk.
    };

    struct room {
        std::map<std::size_t, std::size_t> parts; ///< Bytes of each part.
        std::size_t bytes = 0;                    ///< Of all of them.
    };

    struct state {
        std::map<name, arrival> arriving;
        std::set<name> held;                  ///< Named in the greeting.
        std::set<name> seen;                  ///< Of which parts came since, until the end is on disk.
        std::map<name, room> taken;           ///< By what is on disk, or on its way; greetings change nothing of it.
        std::size_t bytes = 0;                ///< Of all of them.
        std::size_t pending = 0;              ///< Ends whose last part has come and that are not received yet.
        std::set<part_name> missing;          ///< Those that could not be kept, until they have come again.
        std::function<void()> when_caught_up; ///< Waits for those that are pending.
    };

    void kept(const std::string& agent, const end_part& part, const result<void>& done,
              const std::function<void()>& taken);
    void queue(whole next, runtime::gate::pass pass);
    void failed(const std::string& agent, const attempt& which, std::size_t number, const error& why);
    void received(const std::string& agent);
    void stored(const whole& what);
    [[nodiscard]] bool make_room(state& of, const end_part& part, std::size_t bytes) const;
    static void free_room(state& of, const name& which);
    asio::awaitable<void> work(runtime::gate::pass pass);
    asio::awaitable<void> tidy(std::string agent, runtime::gate::pass pass);

    runtime::io& loop_;
    part_store disk_;
    const receiver whole_;
    const end_parts_limits limits_;
    runtime::gate gate_;
    std::mutex mutex_; // all below
    std::map<std::string, state> agents_;
    std::deque<whole> waiting_;
    bool working_ = false;
};

} // namespace ferrule::devices
