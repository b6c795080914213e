// Takes a parsed request to its handler: who may, how often, and in which form.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "config/settings.hpp"
#include "http/rate_limiter.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "http/router.hpp"

namespace ferrule::http {

namespace asio = boost::asio;

/// Gives the token's entry for a bearer text that is valid now, otherwise null.
using recogniser = std::function<std::shared_ptr<const model::token>(std::string_view text, base::wall_time now)>;

/// Told about each request: `status` and the time from the complete request to its response, which is then sent; a
/// stream is told at its end. The route's pattern is the label.
using observer = std::function<void(const request& done, unsigned status, base::duration took)>;

/// The path of each request: id, target, route, token and role, rate, query, content type, body, handler. Each refusal
/// is a problem document with its own code. Thread-safe; the router is only read.
class dispatcher {
  public:
    dispatcher(router routes, recogniser who, const config::rate_limit_settings& rate, const base::clock& time,
               observer seen = {});

    /// What the head alone tells, so that nobody's body is read for nothing: the answer that ends the request here, or
    /// nothing when it may go on. Counts against the caller's rate.
    [[nodiscard]] std::optional<response> admit(request& asked);
    /// Everything before the handler, without waiting and without a socket: admit, if that was not done, then what only
    /// the body shows. Nothing when request.route is to run.
    [[nodiscard]] std::optional<response> prepare(request& asked);
    /// prepare, then the handler; never throws but for cancellation.
    asio::awaitable<response> handle(request& asked);
    /// Counts and logs a request that was answered.
    void finished(const request& done, unsigned status, base::steady_time began) const;

    [[nodiscard]] const router& routes() const noexcept { return routes_; }

    [[nodiscard]] const base::clock& time() const noexcept { return time_; }

    /// Gives a request an id of its own: a part for the process and a counter.
    [[nodiscard]] std::string next_request_id();

  private:
    std::optional<response> find_route(request& asked);
    std::optional<response> check_caller(request& asked);
    std::optional<response> check_rate(const request& asked);
    std::optional<response> check_query(const request& asked) const;
    std::optional<response> check_type(const request& asked) const;

    router routes_;
    recogniser who_;
    rate_limiter rate_;
    const base::clock& time_;
    observer seen_;
    std::string id_prefix_;
    std::atomic<std::uint64_t> id_counter_{0};
};

} // namespace ferrule::http
