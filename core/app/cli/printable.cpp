#include "app/cli/printable.hpp"

#include "base/strings.hpp"

#include <cstdint>

namespace ferrule::app::cli {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

bool is_obeyed(std::uint32_t point) {
    const bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
    const bool turns = point == 0x200e || point == 0x200f || (point >= 0x202a && point <= 0x202e) ||
                       (point >= 0x2066 && point <= 0x2069);
    return control || turns;
}

std::size_t length_of(unsigned char first) {
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

// `one` is a whole character of valid UTF-8.
std::uint32_t point_of(std::string_view one) {
    const auto first = static_cast<unsigned char>(one[0]);
    std::uint32_t point = one.size() == 1 ? first : first & (0xffU >> (one.size() + 1));
    for (const auto each : one.substr(1))
        point = point << 6U | (static_cast<unsigned char>(each) & 0x3fU);
    return point;
}

} // namespace

std::string printable(std::string_view text) {
    const bool valid = base::is_utf8(text);
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto first = static_cast<unsigned char>(text[at]);
        const auto one = text.substr(at, valid ? length_of(first) : 1);
        out += (!valid && first >= 0x80) || is_obeyed(point_of(one)) ? replacement : one;
        at += one.size();
    }
    return out;
}

} // namespace ferrule::app::cli
