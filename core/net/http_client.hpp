// Requests to HTTP servers, many at once, without a thread each.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>

#include "base/error.hpp"
#include "net/http_message.hpp"
#include "runtime/io.hpp"

namespace ferrule::net {

namespace asio = boost::asio;

using http_callback = std::function<void(result<http_response>)>;

/// Bounds of one client.
struct http_client_settings {
    /// Connections kept open for reuse.
    unsigned pool = 64;
    /// Connections open at the same time, in all and to one host; more exchanges wait for a free one. 0 = no limit.
    unsigned max_connections = 1024;
    unsigned max_per_host = 64;
    std::string user_agent = "ferrule";
};

/// libcurl's multi interface on the event loop: connections are pooled, the certificates of a CA file are read once.
/// Runs on a strand of its own; every member may be called from any thread. An answer with any HTTP status is a
/// success; failures are `invalid_url`, `resolve_failed`, `connection_refused`, `connect_failed`, `connect_timeout`,
/// `deadline`, `tls_failed`, `certificate_invalid`, `body_too_large`, `too_many_redirects`, `protocol_error`,
/// `cancelled`, each with a sentence that names the URL without its credentials and query.
class http_client {
  public:
    explicit http_client(runtime::io& loop, http_client_settings wanted = {});
    http_client(const http_client&) = delete;
    http_client& operator=(const http_client&) = delete;
    /// Ends every running exchange with `cancelled`.
    ~http_client();

    /// Resumes the caller with the answer. Cancelling the coroutine ends the exchange.
    asio::awaitable<result<http_response>> send(http_request request);

    /// The same with a callback, which comes exactly once on `on` and never inside this call. Returns a number for
    /// `cancel`.
    std::uint64_t start(http_request request, asio::any_io_executor on, http_callback done);
    /// Lets the callback of a running exchange come soon with `cancelled`; does nothing for one that has ended.
    void cancel(std::uint64_t exchange);

    class engine;

  private:
    std::shared_ptr<engine> engine_;
};

} // namespace ferrule::net
