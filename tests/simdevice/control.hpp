// The control language of the executable: one command a line in, one JSON object a line out.
#pragma once

#include "simdevice/simulator.hpp"

#include <string>

namespace ferrule::simdevice {

/// The line that tells that all devices listen: their ports and host keys.
std::string ready_line(const simulator& devices);

/// Carries out `drop NAME`, `reset NAME`, `rotate NAME`, `freeze NAME`, `thaw NAME`, `close NAME`, `listen NAME`,
/// `transcript NAME`, `clear NAME`, `sessions NAME`, `counters NAME`, `port NAME` or `devices`. The answer has `ok`;
/// when that is false, `error` says what was wrong. Any thread.
std::string control(simulator& devices, const std::string& line);

} // namespace ferrule::simdevice
