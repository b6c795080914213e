#include "base/clock.hpp"

#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <limits>

namespace ferrule::base {

namespace {

class real_clock final : public clock {
  public:
    steady_time steady_now() const override { return std::chrono::steady_clock::now(); }

    wall_time wall_now() const override {
        return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

struct unit {
    std::string_view name;
    std::int64_t nanoseconds;
};

// Largest first, so that to_text finds the shortest form.
constexpr std::array<unit, 7> units{{{"d", 86'400'000'000'000},
                                     {"h", 3'600'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"s", 1'000'000'000},
                                     {"ms", 1'000'000},
                                     {"us", 1'000},
                                     {"ns", 1}}};

error bad_duration(std::string_view text) {
    return error("invalid_duration",
                 "\"" + std::string(text) +
                     "\" is not a duration: write a number with a unit, such as 500ms, 10s, 5m, 2h or 7d");
}

error bad_time(std::string_view text) {
    return error("invalid_time",
                 "\"" + std::string(text) + "\" is not a time: write RFC 3339, such as 2026-01-02T03:04:05Z");
}

} // namespace

const clock& system_clock() {
    static const real_clock instance;
    return instance;
}

std::string to_rfc3339(wall_time time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::array<char, 48> text{};
    const int size =
        std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return std::string(text.data(), static_cast<std::size_t>(size));
}

result<wall_time> parse_rfc3339(std::string_view text) {
    int year{}, month{}, day{}, hour{}, minute{}, second{}, used{};
    const std::string copy(text);
    if (copy.size() < 20 || std::sscanf(copy.c_str(), "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &year, &month, &day, &hour,
                                        &minute, &second, &used) != 6)
        return bad_time(text);
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60 || hour < 0 || minute < 0 || second < 0)
        return bad_time(text);
    auto rest = text.substr(static_cast<std::size_t>(used));
    int millis = 0;
    if (!rest.empty() && rest.front() == '.') {
        rest.remove_prefix(1);
        int scale = 100;
        if (rest.empty() || std::isdigit(static_cast<unsigned char>(rest.front())) == 0)
            return bad_time(text);
        for (; !rest.empty() && std::isdigit(static_cast<unsigned char>(rest.front())) != 0; rest.remove_prefix(1)) {
            millis += (rest.front() - '0') * scale;
            scale /= 10;
        }
    }
    std::chrono::minutes offset{0};
    if (rest != "Z" && rest != "z") {
        int oh{}, om{};
        if (rest.size() != 6 || (rest.front() != '+' && rest.front() != '-') ||
            std::sscanf(std::string(rest.substr(1)).c_str(), "%2d:%2d", &oh, &om) != 2 || oh > 23 || om > 59)
            return bad_time(text);
        offset = std::chrono::hours(oh) + std::chrono::minutes(om);
        if (rest.front() == '-')
            offset = -offset;
    }
    return wall_time(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second) + std::chrono::milliseconds(millis) - offset;
}

result<duration> parse_duration(std::string_view text) {
    if (text == "0")
        return duration::zero();
    std::int64_t total = 0;
    auto rest = text;
    if (rest.empty())
        return bad_duration(text);
    while (!rest.empty()) {
        std::int64_t number = 0;
        const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
        if (failed != std::errc{} || number < 0 || end == rest.data())
            return bad_duration(text);
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        std::size_t letters = 0;
        while (letters < rest.size() && std::isalpha(static_cast<unsigned char>(rest[letters])) != 0)
            ++letters;
        const auto name = rest.substr(0, letters);
        rest.remove_prefix(letters);
        std::int64_t scaled = -1;
        for (const auto& candidate : units)
            if (candidate.name == name && number <= std::numeric_limits<std::int64_t>::max() / candidate.nanoseconds)
                scaled = number * candidate.nanoseconds;
        if (scaled < 0 || total > std::numeric_limits<std::int64_t>::max() - scaled)
            return bad_duration(text);
        total += scaled;
    }
    return duration(total);
}

std::string to_text(duration value) {
    auto rest = value.count();
    if (rest == 0)
        return "0s";
    std::string text;
    for (const auto& each : units) {
        if (const auto whole = rest / each.nanoseconds; whole > 0) {
            text += std::to_string(whole);
            text += each.name;
            rest %= each.nanoseconds;
        }
    }
    return text;
}

} // namespace ferrule::base
