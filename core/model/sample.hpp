// What one probe found at one time from one place.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "model/target.hpp"

namespace ferrule::model {

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
    labels tags;
    std::optional<error> failed;
};

/// A metric by name, `duration_ms` and `phases_ms.NAME` included; none when the probe did not give it.
std::optional<double> metric_of(const sample& from, const std::string& name);

} // namespace ferrule::model
