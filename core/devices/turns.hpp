// Turns under the name that this floor uses.
#pragma once

#include "runtime/turns.hpp"

namespace ferrule::devices {
namespace asio = boost::asio;
using runtime::turns;
} // namespace ferrule::devices
