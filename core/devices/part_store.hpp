// Parts of ends on disk.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "devices/ended_job.hpp"
#include "store/store.hpp"

namespace ferrule::devices {

namespace asio = boost::asio;

/// Writes, reads and removes the parts of ends that agents deliver in several messages. What is never asked for again
/// goes after a week. Thread-safe.
class part_store {
  public:
    static std::vector<store::collection> collections();

    explicit part_store(store::store& records, const base::clock& clock = base::system_clock())
        : records_(records)
        , clock_(clock) {}

    /// `done` comes on the loop once it is on disk. A part that is there already is replaced.
    void put(const std::string& agent, const end_part& part, std::string text, std::function<void(result<void>)> done);
    /// The end in so many parts; of those that are missing it says that something was left out.
    asio::awaitable<result<ended_job>> read(std::string agent, attempt which, std::size_t count);
    /// Nobody waits for it: what stays behind is removed another time.
    void remove(const std::string& agent, const attempt& which, std::size_t count);

    /// What there is of an agent.
    asio::awaitable<result<std::vector<end_part>>> list(std::string agent);

  private:
    store::store& records_;
    const base::clock& clock_;
};

} // namespace ferrule::devices
