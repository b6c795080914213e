// A live session as it is listed.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace ferrule::model {

/// What is known about one open session of a driver.
struct session_info {
    std::string id;
    std::string device;
    std::string driver;
    std::string host;
    std::uint16_t port = 0;
    std::string username;
    std::string node;
    std::string state; ///< opening, idle, busy, closing
    base::wall_time opened_at{};
    base::wall_time last_used_at{};
    std::uint64_t commands = 0;
};

} // namespace ferrule::model
