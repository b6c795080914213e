// Accepts device jobs, runs them and knows how each of them went.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "model/job.hpp"
#include "model/page.hpp"
#include "model/session.hpp"

namespace ferrule::devices {

namespace asio = boost::asio;

/// Who asks, and how to recognise a repeated request.
struct submission {
    std::string owner;           ///< Id of the token.
    std::string idempotency_key; ///< Empty when the client sent none.
};

/// What became of a submission: the job, and whether it is one that the same key had made before.
struct accepted {
    std::shared_ptr<const model::job> job;
    bool repeated = false;
};

/// Filters of a listing; empty fields do not filter. Newest first.
struct job_query {
    std::string device;
    std::optional<model::job_state> state;
    std::string cursor; ///< `next` of the page before.
    std::uint32_t limit = 50;
};

/// Everything that the API can do with jobs and sessions. Calls may come from any strand and resume on the caller's;
/// jobs handed out are immutable snapshots.
class job_service {
  public:
    virtual ~job_service() = default;

    /// Validates, makes the job durable and queues it. Fails with `device_not_found`, `device_disabled`,
    /// `credential_not_found`, `platform_not_found`, `invalid_request`, `idempotency_conflict` (same key, other
    /// request), `overloaded`, `no_capacity`, `no_node_online` (retryable), `shutting_down`, `store_failed`.
    virtual asio::awaitable<result<accepted>> submit(model::job_request request, submission by) = 0;
    /// The job once it is final, or as it is when `limit` has passed. `job_not_found`.
    virtual asio::awaitable<result<std::shared_ptr<const model::job>>> wait(std::string id, base::duration limit) = 0;
    virtual asio::awaitable<result<std::shared_ptr<const model::job>>> get(std::string id) = 0;
    virtual asio::awaitable<result<model::page<std::shared_ptr<const model::job>>>> list(job_query query) = 0;
    /// Asks a job to end: a queued one is cancelled at once, a running one soon, a final one gives `job_finished`.
    virtual asio::awaitable<result<std::shared_ptr<const model::job>>> cancel(std::string id) = 0;

    [[nodiscard]] virtual std::vector<model::session_info> sessions() const = 0;
    /// Closes a session once its running job has ended, or at once with `force`. `session_not_found`.
    virtual asio::awaitable<result<void>> close_session(std::string id, bool force) = 0;
};

} // namespace ferrule::devices
