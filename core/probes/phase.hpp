// Where in its interval each check runs, so that all of them spread evenly and always at the same place.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/clock.hpp"

namespace ferrule::probes {

/// A hash of texts, one after the other, that is the same on every machine and in every version: FNV-1a over the bytes
/// with a separator between the texts, its bits mixed by the finalizer of splitmix64.
std::uint64_t stable_hash(std::initializer_list<std::string_view> parts) noexcept;

/// The offset in [0, interval) at which a check runs on a target from a node, in whole milliseconds: timers on a common
/// grid of 1 ms share their wake-ups. Spread by hash, so it needs no agreement between processes and survives restarts.
base::duration phase_of(std::string_view check, std::string_view target, std::string_view node,
                        base::duration interval) noexcept;

} // namespace ferrule::probes
