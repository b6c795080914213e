// The durable store as the floors above use it.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "store/record.hpp"

namespace ferrule::store {

namespace asio = boost::asio;

/// Puts the batched writer and the reading pool over one store plugin. Calls from any thread.
class store {
  public:
    virtual ~store() = default;

    using completion = std::function<void(result<void>)>;

    /// Queues a write; `done` comes on the loop once it is durable, or has failed. Order of calls is order on disk. A
    /// full queue fails with `overloaded`.
    virtual void write(record one, completion done) = 0;
    /// Several in one transaction.
    virtual void write(std::vector<record> all, completion done) = 0;

    /// Resumes once it is durable.
    virtual asio::awaitable<result<void>> put(record one) = 0;
    virtual asio::awaitable<result<std::optional<row>>> get(std::string collection, std::string key) = 0;
    virtual asio::awaitable<result<std::vector<row>>> scan(query wanted) = 0;
};

} // namespace ferrule::store
