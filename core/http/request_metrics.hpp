// Counts requests by route, method and status, and measures how long they take.
#pragma once

#include <memory>

#include "http/dispatcher.hpp"

namespace prometheus {
class Registry;
}

namespace ferrule::http {

/// An observer that writes `ferrule_http_requests_total` and `ferrule_http_request_duration_seconds` into the registry,
/// which must outlive it. Thread-safe.
observer make_request_metrics(prometheus::Registry& registry);

} // namespace ferrule::http
