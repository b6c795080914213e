// A check: what is to be measured, how often, from where, and when it is down.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "model/maintenance.hpp"
#include "model/target.hpp"

namespace ferrule::model {

/// What a probe is pointed at. Exactly one of `host` and `url` is set.
struct check_target {
    std::string name; ///< How it is shown; see target_name.
    std::string host;
    std::optional<std::uint16_t> port;
    std::string url;
    std::string settings; ///< JSON object text, or empty; wins over the check's settings, key by key.
    labels tags;

    friend bool operator==(const check_target&, const check_target&) = default;
};

/// Limits of one metric. Reaching a limit is enough.
struct threshold {
    std::optional<double> warning;
    std::optional<double> critical;
    bool below = false; ///< Small values are the bad ones.

    friend bool operator==(const threshold&, const threshold&) = default;
};

/// The nodes that a check runs on: those that are meant, and of them `count`, spread evenly over targets.
struct node_filter : node_selector {
    std::optional<std::uint32_t> count; ///< All of them when it is not given.

    friend bool operator==(const node_filter&, const node_filter&) = default;
};

/// How many locations must agree. What is not given is derived; see probes::agreement_rules.
struct quorum {
    std::optional<std::uint32_t> agree;          ///< K: so many must see a problem; the majority of the locations.
    std::optional<std::uint32_t> voters;         ///< With fewer votes than this nothing is known; as many as `agree`.
    std::optional<base::duration> vote_lifetime; ///< A vote counts so long; two intervals and the timeout.

    friend bool operator==(const quorum&, const quorum&) = default;
};

/// Percent of weighted changes among the last 20 results.
struct flapping_limits {
    bool enabled = true;
    double high = 30; ///< It flaps above this,
    double low = 25;  ///< until it is not above this any more.

    friend bool operator==(const flapping_limits&, const flapping_limits&) = default;
};

/// Another check that stands in front; without a target all its targets.
struct dependency {
    std::string check;
    std::string target;

    friend bool operator==(const dependency&, const dependency&) = default;
};

struct check {
    std::string name;
    std::string probe; ///< Name of the plugin.
    std::vector<check_target> targets;
    std::string settings; ///< JSON object text for the probe, or empty.
    base::duration interval = std::chrono::seconds(60);
    std::optional<base::duration> timeout;        ///< See time_limit.
    std::optional<base::duration> retry_interval; ///< See retry_delay.
    std::uint32_t max_attempts = 3;               ///< Bad results in a row that make a state hard.
    node_filter nodes;
    quorum agreement;
    std::map<std::string, threshold> thresholds; ///< By metric; `duration_ms` and `phases_ms.NAME` count as metrics.
    std::string latency = "duration_ms";         ///< The metric that rollups make percentiles of; milliseconds.
    flapping_limits flapping;
    std::vector<dependency> depends_on;
    std::vector<maintenance_window> maintenance;
    labels tags;
    std::string origin = "api"; ///< `file` (from YAML, read-only by REST) or `api`.
    bool enabled = true;

    friend bool operator==(const check&, const check&) = default;
};

/// Its name, or else what it points at: the URL up to its query, `host:port` or the host. Unique within a check.
std::string target_name(const check_target& of);
/// How long one probe may take: what is set, or else 5 s, but never longer than the interval.
base::duration time_limit(const check& of) noexcept;
/// The time to the next try while a state is soft: what is set, or else a quarter of the interval, in whole
/// milliseconds.
base::duration retry_delay(const check& of) noexcept;

} // namespace ferrule::model
