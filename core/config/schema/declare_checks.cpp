// Checks, and how they are measured.
#include "config/schema/builder.hpp"
#include "config/schema/checks.hpp"
#include "config/schema/declared.hpp"
#include "model/check_rules.hpp"

namespace ferrule::config::schema {

namespace {

using model::check;
using model::check_target;

constexpr std::string_view probe_text = "Settings of the probe; see probes.md.";

std::string check_time(std::string_view text) {
    const auto read = base::parse_rfc3339(text);
    return read ? "" : read.error().message();
}

std::string check_time_of_day(std::string_view text) {
    return model::parse_time_of_day(text) ? "" : "expected a time of day such as 02:30";
}

std::string check_offset(std::string_view text) {
    return model::parse_utc_offset(text) ? "" : "expected an offset such as +08:00, or Z";
}

std::string check_day(std::string_view text) {
    return model::parse_day(text)
               ? ""
               : "\"" + std::string(text.substr(0, 60)) + "\" is not one of sun, mon, tue, wed, thu, fri, sat";
}

} // namespace

template <>
const shape& shape_of<check_target>() {
    static const auto built =
        builder<check_target>()
            .add("name", &check_target::name, "How it is shown.", {.default_text = "the URL, `host:port` or the host"})
            .add("host", &check_target::host, "Name or address.", {.example = "192.0.2.1", .check = check_host})
            .add("port", &check_target::port, "Port.", {.least = 1})
            .add("url", &check_target::url, "In place of a host, for probes that take one.",
                 {.example = "https://www.example.net/"})
            .add_free("settings", &check_target::settings, "Settings of the probe for this target alone.")
            .add("labels", &check_target::tags, "Labels of the target.", {.example = "{site: north}"})
            .build();
    return built;
}

template <>
const shape& shape_of<model::node_filter>() {
    using filter = model::node_filter;
    static const auto built =
        builder<filter>()
            .add("names", &filter::names, "Only these nodes; without it any.",
                 {.example = "[fra1, ams2]", .check = check_name})
            .add("region", &filter::region, "Only nodes in this region.", {.example = "eu"})
            .add("labels", &filter::tags, "Only nodes with all of these labels.", {.example = "{site: fra1}"})
            .add("count", &filter::count, "So many of them for each target; without it all.",
                 {.least = 1, .most = model::most_locations})
            .build();
    return built;
}

template <>
const shape& shape_of<model::quorum>() {
    using model::quorum;
    static const auto built =
        builder<quorum>()
            .add("agree", &quorum::agree, "So many locations must see a problem.",
                 {.least = 1, .most = model::most_locations, .default_text = "the majority of the locations"})
            .add("voters", &quorum::voters, "With fewer votes the state is unknown.",
                 {.least = 1, .most = model::most_locations, .default_text = "`agree`"})
            .add("vote_lifetime", &quorum::vote_lifetime, "How long a vote counts.",
                 {.default_text = "two intervals and the timeout"})
            .build();
    return built;
}

template <>
const shape& shape_of<model::threshold>() {
    using model::threshold;
    static const auto built = builder<threshold>()
                                  .add("warning", &threshold::warning, "Reaching it is a warning.")
                                  .add("critical", &threshold::critical, "Reaching it is critical.")
                                  .add("below", &threshold::below, "Whether small values are the bad ones.")
                                  .build();
    return built;
}

template <>
const shape& shape_of<model::flapping_limits>() {
    using model::flapping_limits;
    static const auto built = builder<flapping_limits>()
                                  .add("enabled", &flapping_limits::enabled, "Whether to look for it.")
                                  .add("high", &flapping_limits::high, "Percent of changes above which a target flaps.")
                                  .add("low", &flapping_limits::low, "Percent down to which it goes on.")
                                  .build();
    return built;
}

template <>
const shape& shape_of<model::dependency>() {
    using model::dependency;
    static const auto built = builder<dependency>()
                                  .add("check", &dependency::check, "The check that stands in front.",
                                       {.example = "uplink", .required = true, .check = check_name})
                                  .add("target", &dependency::target, "One of its targets; without it all of them.")
                                  .build();
    return built;
}

template <>
const shape& shape_of<window_entry>() {
    using entry = window_entry;
    static const auto built =
        builder<entry>()
            .add("name", &entry::name, "Why.", {.example = "move"})
            .add("from", &entry::from, "Once, from this time.",
                 {.example = "2026-05-01T10:00:00Z", .check = check_time})
            .add("until", &entry::until, "Once, until this time.",
                 {.example = "2026-05-01T12:00:00Z", .check = check_time})
            .add("days", &entry::days, "Every week, on these days.",
                 {.example = "[sat, sun]", .check = check_day, .default_text = "all days"})
            .add("start", &entry::start, "Every week, from this time of day.",
                 {.example = "02:30", .check = check_time_of_day})
            .add("duration", &entry::length, "Every week, for so long.", {.least = span(1min), .most = span(168h)})
            .add("utc_offset", &entry::utc_offset, "Of weekly times; summer time is not followed.",
                 {.example = "+08:00", .check = check_offset})
            .build();
    return built;
}

template <>
const shape& shape_of<check_entry>() {
    const auto of = [](auto member) {
        return [member](check_entry & all) -> auto& {
            return all.check.*member;
        };
    };
    static const auto built =
        builder<check_entry>()
            .add("name", of(&check::name), "What it is called.",
                 {.example = "edge", .required = true, .check = check_name, .pattern = name_pattern})
            .add("probe", of(&check::probe), "The probe plugin.",
                 {.example = "icmp", .required = true, .check = check_name, .pattern = name_pattern})
            .add("targets", of(&check::targets), "What is measured.", {.required = true})
            .add_free("settings", of(&check::settings), std::string(probe_text))
            .add("interval", of(&check::interval), "The time from one measurement to the next.",
                 {.least = model::shortest_interval.count(), .most = model::longest_interval.count()})
            .add("timeout", of(&check::timeout), "How long one may take.",
                 {.default_text = "5s, or the interval if that is shorter"})
            .add("retry_interval", of(&check::retry_interval), "The time to the next try while a state is soft.",
                 {.default_text = "a quarter of the interval"})
            .add("max_attempts", of(&check::max_attempts), "Bad results in a row that make a state hard.",
                 {.least = 1, .most = model::most_attempts})
            .add("nodes", of(&check::nodes), "Where it is measured from.")
            .add("quorum", of(&check::agreement), "How many locations must agree.")
            .add("thresholds", of(&check::thresholds), "Limits by metric.")
            .add("latency", of(&check::latency), "The metric that percentiles are made of.",
                 {.check = check_name, .pattern = name_pattern})
            .add("flapping", of(&check::flapping), "When a target comes and goes too often to be believed.")
            .add("depends_on", of(&check::depends_on), "Checks that stand in front.")
            .add("maintenance", &check_entry::maintenance, "When nobody is to be called.")
            .add("labels", of(&check::tags), "Labels to select checks by.", {.example = "{team: net}"})
            .add("enabled", of(&check::enabled), "Whether it is measured.")
            .build();
    return built;
}

template <>
const shape& shape_of<anchor_settings>() {
    using anchor = anchor_settings;
    static const auto built =
        builder<anchor>()
            .add("nodes", &anchor::nodes, "The nodes that have these anchors; without it all.")
            .add("probe", &anchor::probe, "The probe plugin.", {.check = check_name, .pattern = name_pattern})
            .add("targets", &anchor::targets, "A node that reaches none of them is cut off.", {.required = true})
            .add_free("settings", &anchor::settings, std::string(probe_text))
            .add("interval", &anchor::interval, "The time from one measurement to the next.",
                 {.least = model::shortest_interval.count(), .most = model::longest_interval.count()})
            .add("timeout", &anchor::timeout, "How long one may take.",
                 {.default_text = "5s, or the interval if that is shorter"})
            .build();
    return built;
}

template <>
const shape& shape_of<probes_settings>() {
    static const auto built =
        builder<probes_settings>()
            .add("max_running", &probes_settings::max_running,
                 "Measurements of checks at the same time; what is due beyond that waits.",
                 {.least = 1, .most = 1'000'000})
            .add("max_one_off", &probes_settings::max_one_off,
                 "Places (targets by nodes) that one request to measure at once may name.",
                 {.least = 1, .most = 100'000})
            .add(
                "write_interval", &probes_settings::write_interval,
                "Results go into memory first and to disk so often: what a crash of the process loses at most. Changes "
                "of state are on disk before they are told.",
                {.least = span(100ms), .most = span(1min)})
            .add("max_series", &probes_settings::max_series,
                 "Targets at locations that get Prometheus series of their own; as many agents do besides.",
                 {.most = 1'000'000})
            .add("anchors", &probes_settings::anchors,
                 "Hosts that nodes are known to be cut off without; a node that reaches none does not vote.")
            .build();
    return built;
}

} // namespace ferrule::config::schema
