#include "model/maintenance.hpp"

#include <algorithm>
#include <cstdlib>

namespace ferrule::model {

namespace {

using std::chrono::minutes;

constexpr std::array<std::string_view, 7> day_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

// Two digits up to `most`, or -1.
int two_digits(std::string_view text, int most) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.size() != 2 || !digit(text[0]) || !digit(text[1]))
        return -1;
    const int value = (text[0] - '0') * 10 + (text[1] - '0');
    return value > most ? -1 : value;
}

std::string two_digits_text(long value) {
    return (value < 10 ? "0" : "") + std::to_string(value);
}

} // namespace

std::optional<minutes> parse_time_of_day(std::string_view text) {
    if (text.size() != 5 || text[2] != ':')
        return std::nullopt;
    const int hour = two_digits(text.substr(0, 2), 23);
    const int minute = two_digits(text.substr(3), 59);
    if (hour < 0 || minute < 0)
        return std::nullopt;
    return minutes(hour * 60 + minute);
}

std::optional<minutes> parse_utc_offset(std::string_view text) {
    if (text == "Z")
        return minutes(0);
    if (text.empty() || (text.front() != '+' && text.front() != '-'))
        return std::nullopt;
    const auto size = parse_time_of_day(text.substr(1));
    if (!size || *size > std::chrono::hours(14))
        return std::nullopt;
    return text.front() == '-' ? -*size : *size;
}

std::optional<unsigned> parse_day(std::string_view text) {
    const auto* const at = std::find(day_names.begin(), day_names.end(), text);
    if (at == day_names.end())
        return std::nullopt;
    return static_cast<unsigned>(at - day_names.begin());
}

std::string time_of_day_text(minutes since_midnight) {
    return two_digits_text(since_midnight.count() / 60) + ":" + two_digits_text(since_midnight.count() % 60);
}

std::string utc_offset_text(minutes offset) {
    if (offset.count() == 0)
        return "Z";
    return (offset.count() < 0 ? "-" : "+") + time_of_day_text(minutes(std::abs(offset.count())));
}

std::string_view day_text(unsigned day) noexcept {
    return day < day_names.size() ? day_names.at(day) : std::string_view("?");
}

} // namespace ferrule::model
