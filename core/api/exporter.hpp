// The page that stands in for blackbox_exporter.
#pragma once

#include <vector>

#include "api/endpoint.hpp"
#include "config/exporter_settings.hpp"

namespace ferrule::probes::blackbox {
class exporter;
}

namespace ferrule::api {

/// What the page is served from, and to whom.
struct exporter_page {
    probes::blackbox::exporter& over; ///< Must outlive the router.
    config::exporter_access access = config::exporter_access::operator_;
};

/// `GET /probe`, and the modules behind it under /api/v1/probes.
void add_exporter(std::vector<endpoint>& to, const exporter_page& page);

} // namespace ferrule::api
