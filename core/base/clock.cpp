#include "base/clock.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
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
    // By hand: each job has three of them, and snprintf costs as much as all the rest of its record.
    std::string text = "0000-00-00T00:00:00.000Z";
    const auto put = [&text](std::size_t from, std::size_t to, std::int64_t number) {
        for (; to > from && number > 0; number /= 10)
            text[--to] = static_cast<char>('0' + number % 10);
    };
    put(0, 4, static_cast<int>(date.year()));
    put(5, 7, static_cast<unsigned>(date.month()));
    put(8, 10, static_cast<unsigned>(date.day()));
    put(11, 13, clock.hours().count());
    put(14, 16, clock.minutes().count());
    put(17, 19, clock.seconds().count());
    put(20, 23, clock.subseconds().count());
    return text;
}

result<wall_time> parse_rfc3339(std::string_view text) {
    auto rest = text;
    bool good = true;
    // Exactly so many digits; signs and blanks are none.
    const auto digits = [&rest, &good](std::size_t count) {
        int value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            good = good && i < rest.size() && rest[i] >= '0' && rest[i] <= '9';
            value = good ? value * 10 + (rest[i] - '0') : 0;
        }
        rest.remove_prefix(std::min(count, rest.size()));
        return value;
    };
    const auto one_of = [&rest, &good](std::string_view allowed) {
        good = good && !rest.empty() && allowed.find(rest.front()) != std::string_view::npos;
        const char found = good ? rest.front() : '\0';
        rest.remove_prefix(std::min<std::size_t>(1, rest.size()));
        return found;
    };
    const int year = digits(4);
    one_of("-");
    const int month = digits(2);
    one_of("-");
    const int day = digits(2);
    one_of("Tt ");
    const int hour = digits(2);
    one_of(":");
    const int minute = digits(2);
    one_of(":");
    const int second = digits(2);
    int millis = 0;
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        const auto fraction = rest.substr(0, rest.find_first_not_of("0123456789"));
        good = good && !fraction.empty();
        int scale = 100;
        for (std::size_t i = 0; i < fraction.size() && i < 3; ++i, scale /= 10)
            millis += (fraction[i] - '0') * scale;
        rest.remove_prefix(fraction.size());
    }
    std::chrono::minutes offset{0};
    if (const char sign = one_of("Zz+-"); sign == '+' || sign == '-') {
        const int hours = digits(2);
        one_of(":");
        const int minutes = digits(2);
        good = good && hours <= 23 && minutes <= 59;
        offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
        if (sign == '-')
            offset = -offset;
    }
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    // 60 is a leap second; it counts as the next one.
    if (!good || !rest.empty() || !date.ok() || hour > 23 || minute > 59 || second > 60)
        return bad_time(text);
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
    if (rest < 0) // nothing that parse_duration reads, but an honest thing to show
        return rest == std::numeric_limits<std::int64_t>::min() ? to_text(value + duration(1)) : "-" + to_text(-value);
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
