#include "model/check.hpp"

#include "model/health.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ferrule::model {

namespace {

constexpr std::array<std::pair<health, std::string_view>, 6> states{{{health::pending, "pending"},
                                                                     {health::ok, "ok"},
                                                                     {health::warning, "warning"},
                                                                     {health::critical, "critical"},
                                                                     {health::unknown, "unknown"},
                                                                     {health::unreachable, "unreachable"}}};

} // namespace

std::string_view to_text(health state) noexcept {
    for (const auto& [value, name] : states)
        if (value == state)
            return name;
    return "unknown";
}

std::optional<health> health_from(std::string_view text) noexcept {
    for (const auto& [value, name] : states)
        if (name == text)
            return value;
    return std::nullopt;
}

std::string target_name(const check_target& of) {
    if (!of.name.empty())
        return of.name;
    if (!of.url.empty()) // names are shown everywhere, and a query may hold a token
        return of.url.substr(0, of.url.find('?'));
    if (!of.port)
        return of.host;
    const bool v6 = of.host.find(':') != std::string::npos;
    return (v6 ? "[" + of.host + "]" : of.host) + ":" + std::to_string(*of.port);
}

base::duration time_limit(const check& of) noexcept {
    constexpr base::duration usual = std::chrono::seconds(5);
    return of.timeout.value_or(std::min(usual, of.interval));
}

base::duration retry_delay(const check& of) noexcept {
    const auto quarter = std::chrono::floor<std::chrono::milliseconds>(of.interval / 4);
    return of.retry_interval.value_or(std::max<base::duration>(quarter, std::chrono::milliseconds(1)));
}

} // namespace ferrule::model
