// Several records in one transaction, waited for.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <vector>

#include "runtime/event.hpp"
#include "store/store.hpp"

namespace ferrule::fleet {

namespace asio = boost::asio;

/// A write that has begun: it is in its place before every write that begins later. So begun under the lock that guards
/// what is written, the disk cannot end up with the older of two states. Made and awaited on the executor `on`.
class begun_write {
  public:
    begun_write(store::store& into, std::vector<store::record> all, const asio::any_io_executor& on);

    /// Once all of it is durable, or nothing is.
    asio::awaitable<result<void>> done();

  private:
    struct state;
    std::shared_ptr<state> state_;
};

/// Resumes on the caller's executor once all of it is durable, or nothing is.
asio::awaitable<result<void>> write_all(store::store& into, std::vector<store::record> all);

} // namespace ferrule::fleet
