// Failures as application/problem+json (RFC 9457).
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "http/response.hpp"

namespace ferrule::http {

/// The HTTP status of an error code; the only place where codes meet statuses. Codes that are not in the table are 500.
[[nodiscard]] unsigned status_of(std::string_view code) noexcept;

/// The problem as a response: {"type", "title", "status", "detail", "code", "retryable", "details"?, "request_id"?}.
response problem(const base::error& what, std::string_view request_id = {});
/// As above with a status other than the table's.
response problem(unsigned status, const base::error& what, std::string_view request_id = {});

} // namespace ferrule::http
