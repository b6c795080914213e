#include "probes/judge.hpp"

#include <array>
#include <charconv>

namespace ferrule::probes {

namespace {

using model::health;

std::string number_text(double value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 6);
    return {text.data(), end.ptr};
}

bool reaches(double value, double limit, bool below) noexcept {
    return below ? value <= limit : value >= limit;
}

verdict judge_metric(const std::string& name, const model::threshold& limits, std::optional<double> value) {
    if (!value)
        return {health::unknown, "the probe did not measure " + name + ", which has limits"};
    const auto beyond = [&](double limit, std::string_view level) {
        return name + " is " + number_text(*value) + ", the limit for " + std::string(level) + " is " +
               (limits.below ? "at most " : "at least ") + number_text(limit);
    };
    if (limits.critical && reaches(*value, *limits.critical, limits.below))
        return {health::critical, beyond(*limits.critical, "critical")};
    if (limits.warning && reaches(*value, *limits.warning, limits.below))
        return {health::warning, beyond(*limits.warning, "warning")};
    return {health::ok, {}};
}

// What is known to be bad weighs more than what is not known.
int weight(health state) noexcept {
    switch (state) {
    case health::critical:
        return 3;
    case health::unknown:
        return 2;
    case health::warning:
        return 1;
    default:
        return 0;
    }
}

} // namespace

verdict judge(const model::check& of, const model::sample& from) {
    if (from.failed)
        return {health::unknown, "the probe could not be made: " + from.failed->message()};
    if (!from.success && from.failed_phase == "local")
        return {health::unknown, from.reason.empty() ? "this machine could not measure" : from.reason};
    if (!from.success)
        return {health::critical, from.reason.empty() ? "the probe failed without saying why" : from.reason};
    verdict worst{health::ok, {}};
    for (const auto& [name, limits] : of.thresholds) {
        auto one = judge_metric(name, limits, model::metric_of(from, name));
        if (weight(one.state) > weight(worst.state))
            worst = std::move(one);
    }
    return worst;
}

} // namespace ferrule::probes
