// SPDX-License-Identifier: Apache-2.0
#include "common/duration.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace ferrule::probes {

namespace {

constexpr std::uint64_t longest = 30ull * 24 * 3600 * second;

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 7> units{{
    {"ns", 1},
    {"us", 1'000},
    {"ms", millisecond},
    {"s", second},
    {"m", 60 * second},
    {"h", 3600 * second},
    {"d", 24 * 3600 * second},
}};

std::uint64_t scale_of(std::string_view unit) {
    for (const auto& [name, scale] : units) {
        if (name == unit) {
            return scale;
        }
    }
    return 0;
}

} // namespace

std::optional<std::uint64_t> parse_duration(std::string_view text) {
    std::uint64_t sum = 0;
    if (text.empty()) {
        return std::nullopt;
    }
    while (!text.empty()) {
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{}) {
            return std::nullopt;
        }
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        const auto unit = text.substr(0, text.find_first_of("0123456789"));
        text.remove_prefix(unit.size());
        const auto scale = scale_of(unit);
        if (scale == 0 || number > (longest - sum) / scale) {
            return std::nullopt;
        }
        sum += number * scale;
    }
    return sum;
}

std::string duration_text(std::uint64_t nanoseconds) {
    const bool long_one = nanoseconds >= second;
    const auto number = static_cast<double>(nanoseconds) / static_cast<double>(long_one ? second : millisecond);
    std::array<char, 64> buffer{};
    auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed, 3).ptr;
    while (end[-1] == '0') {
        --end;
    }
    if (end[-1] == '.') {
        --end;
    }
    return std::string(buffer.data(), end) + (long_one ? " s" : " ms");
}

} // namespace ferrule::probes
