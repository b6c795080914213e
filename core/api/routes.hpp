// The REST interface under /api/v1, with health and metrics beside it.
#pragma once

#include <optional>

#include "api/exporter.hpp"
#include "api/services.hpp"
#include "config/settings.hpp"
#include "http/router.hpp"

namespace ferrule::api {

/// Every route, each described in /api/v1/openapi.json; /probe where there is a page for it. `over` is copied; what it
/// refers to must outlive the router.
http::router make_router(const services& over, const config::http_settings& wanted,
                         const std::optional<exporter_page>& page = std::nullopt);

} // namespace ferrule::api
