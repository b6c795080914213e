// Host names to addresses without blocking a thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "runtime/io.hpp"

namespace ferrule::net {

namespace asio = boost::asio;

using addresses = std::vector<asio::ip::address>;
using resolve_callback = std::function<void(result<addresses>)>;

/// How names are asked for.
struct resolver_settings {
    /// `address[:port]` of the servers to ask; empty takes them from the system's resolv.conf.
    std::vector<std::string> servers;
    /// Wait for the first try at a server; later tries wait longer.
    base::duration try_timeout = std::chrono::milliseconds(1500);
    int tries = 3;
    /// Limit of one look-up with all its tries.
    base::duration total_timeout = std::chrono::seconds(10);
};

/// Resolves names through c-ares on the event loop: address literals at once, the hosts file, then DNS (A and AAAA
/// together, in the order in which they should be tried). One channel per resolver, on a strand of its own. Every
/// member may be called from any thread. Fails with `invalid_host_name`, `name_not_found`, `resolve_timeout`
/// (retryable), `resolve_failed` (retryable) or `cancelled`.
class resolver {
  public:
    explicit resolver(runtime::io& loop, resolver_settings wanted = {});
    resolver(const resolver&) = delete;
    resolver& operator=(const resolver&) = delete;
    /// Ends every look-up that still runs with `cancelled`.
    ~resolver();

    /// Resumes the caller with one address or more. Cancelling the coroutine ends the wait at once.
    asio::awaitable<result<addresses>> resolve(std::string name);

    /// The same with a callback, which comes exactly once on `on` and never inside this call. Returns a number for
    /// `cancel`.
    std::uint64_t start(std::string name, asio::any_io_executor on, resolve_callback done);
    /// Lets the callback of a running look-up come soon with `cancelled`; does nothing for one that has ended.
    void cancel(std::uint64_t query);

    class channel;

  private:
    std::shared_ptr<channel> channel_;
};

} // namespace ferrule::net
