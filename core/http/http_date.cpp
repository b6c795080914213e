#include "http/http_date.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace ferrule::http {

std::string_view http_date() {
    constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    thread_local std::time_t made_for = -1;
    thread_local std::array<char, 64> text{};
    thread_local std::size_t size = 0;
    const auto now = std::time(nullptr);
    if (now != made_for) {
        std::tm parts{};
        gmtime_r(&now, &parts);
        const auto written = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                           days[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                                           months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                                           parts.tm_hour, parts.tm_min, parts.tm_sec);
        size = static_cast<std::size_t>(written);
        made_for = now;
    }
    return {text.data(), size};
}

} // namespace ferrule::http
