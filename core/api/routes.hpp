// The REST interface under /api/v1, with health and metrics beside it.
#pragma once

#include "api/services.hpp"
#include "config/settings.hpp"
#include "http/router.hpp"

namespace ferrule::api {

/// Every route, each described in /api/v1/openapi.json. `over` is copied; what it refers to must outlive the router.
http::router make_router(const services& over, const config::http_settings& wanted);

} // namespace ferrule::api
