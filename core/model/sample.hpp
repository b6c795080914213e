// What one probe found at one time from one place.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "model/target.hpp"

namespace ferrule::model {

/// The longest list of round trips that a result may have.
inline constexpr std::size_t most_round_trips = 1'000;

/// The result of one run of a check's probe. `at` is the true time of the measurement, however late it arrives. With
/// `failed` the probe itself could not be made, and nothing else says anything about the target.
struct sample {
    std::string check;
    std::string target; ///< As target_name gives it.
    std::string node;   ///< The location.
    base::wall_time at{};
    base::duration lag{}; ///< How far behind its time it began.
    bool success = false;
    double duration_ms = 0;
    std::string reason;       ///< Why not, for people.
    std::string failed_phase; ///< resolve, connect, tls, request, reply, local; empty when it succeeded.
    std::map<std::string, double> metrics;
    std::map<std::string, double> phases_ms;
    std::vector<std::optional<double>>
        rtts_ms; ///< Of a burst, in the order of sending; none for a packet that was lost.
    labels tags;
    std::optional<error> failed;
};

/// A metric by name, `duration_ms` and `phases_ms.NAME` included; none when the probe did not give it.
std::optional<double> metric_of(const sample& from, const std::string& name);

} // namespace ferrule::model
