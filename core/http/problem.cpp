#include "http/problem.hpp"

#include "base/json.hpp"
#include "base/strings.hpp"

#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace ferrule::http {

namespace {

using entry = std::pair<std::string_view, unsigned>;

// Sorted by code, so that a look-up is a binary search and a reader finds a code at once.
constexpr std::array table{
    entry{"agent_in_use", 409},
    entry{"agent_not_found", 404},
    entry{"bad_request", 400},
    entry{"body_too_large", 413},
    entry{"check_disabled", 409},
    entry{"check_not_found", 404},
    entry{"command_finished", 409},
    entry{"command_not_found", 404},
    entry{"credential_not_found", 422},
    entry{"deadline", 504},
    entry{"device_disabled", 409},
    entry{"device_not_found", 404},
    entry{"disk_full", 503},
    entry{"expectation_failed", 417},
    entry{"forbidden", 403},
    entry{"header_too_large", 431},
    entry{"idempotency_conflict", 422},
    entry{"idempotency_in_progress", 409},
    entry{"in_use", 409},
    entry{"internal", 500},
    entry{"invalid_duration", 400},
    entry{"invalid_json", 400},
    entry{"invalid_modules", 422},
    entry{"invalid_parameter", 400},
    entry{"invalid_request", 400},
    entry{"invalid_time", 400},
    entry{"job_finished", 409},
    entry{"job_not_found", 404},
    entry{"join_token_not_found", 404},
    entry{"last_admin", 409},
    entry{"method_not_allowed", 405},
    entry{"method_unknown", 501},
    entry{"name_taken", 409},
    entry{"no_capacity", 503},
    entry{"no_fleet", 409},
    entry{"no_node", 422},
    entry{"no_node_online", 503},
    entry{"no_problem", 409},
    entry{"no_targets", 422},
    entry{"node_unreachable", 503},
    entry{"not_found", 404},
    entry{"not_ready", 503},
    entry{"overloaded", 503},
    entry{"platform_not_found", 422},
    entry{"plugin_not_found", 404},
    entry{"rate_limited", 429},
    entry{"read_only", 409},
    entry{"record_too_large", 413},
    entry{"request_timeout", 408},
    entry{"session_not_found", 404},
    entry{"shutting_down", 503},
    entry{"store_busy", 503},
    entry{"store_failed", 503},
    entry{"store_unavailable", 503},
    entry{"target_not_found", 404},
    entry{"task_not_found", 404},
    entry{"token_not_found", 404},
    entry{"too_many_connections", 503},
    entry{"too_many_streams", 503},
    entry{"transfer_encoding", 501},
    entry{"unauthorized", 401},
    entry{"unexpected_body", 400},
    entry{"unknown_module", 400},
    entry{"unknown_parameter", 400},
    entry{"unsupported_media_type", 415},
    entry{"version_unsupported", 505},
    entry{"window_not_found", 404},
};
static_assert(std::is_sorted(table.begin(), table.end()));

// Some messages quote what they were given.
constexpr std::size_t longest_detail = 16 * 1024;

} // namespace

unsigned status_of(std::string_view code) noexcept {
    const auto* const at =
        std::lower_bound(table.begin(), table.end(), code,
                         [](const entry& each, std::string_view wanted) { return each.first < wanted; });
    return at != table.end() && at->first == code ? at->second : 500;
}

response problem(const base::error& what, std::string_view request_id) {
    return problem(status_of(what.code()), what, request_id);
}

response problem(unsigned status, const base::error& what, std::string_view request_id) {
    const auto title = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
    auto document = base::to_json(what);
    document["detail"] = base::shortened(what.message(), longest_detail);
    document.erase("message");
    document["type"] = "urn:ferrule:problem:" + what.code();
    document["title"] = std::string_view(title.data(), title.size());
    document["status"] = status;
    if (!request_id.empty())
        document["request_id"] = request_id;
    return response(status, problem_fields, base::dump(document));
}

} // namespace ferrule::http
