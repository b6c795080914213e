#include "base/strings.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <numeric>

namespace ferrule::base {

namespace {

// What is longer is no slip of a name, and comparing it would take its time.
constexpr std::size_t longest_slip = 128;

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Optimal string alignment distance: a swap of neighbours counts as one slip.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
    std::iota(last.begin(), last.end(), 0U);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        now[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = std::min(now[j], before[j - 2] + 1);
        }
        std::swap(before, last);
        std::swap(last, now);
    }
    return last[b.size()];
}

} // namespace

std::string_view nearest(std::string_view word, std::span<const std::string> candidates) {
    std::string_view best;
    if (word.size() > longest_slip)
        return best;
    std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
    const auto wanted = to_lower(word);
    for (const auto& candidate : candidates) {
        const auto apart = std::max(wanted.size(), candidate.size()) - std::min(wanted.size(), candidate.size());
        if (apart >= best_distance) // no distance is less than the difference in length
            continue;
        const auto d = distance(wanted, to_lower(candidate));
        if (d < best_distance) {
            best_distance = d;
            best = candidate;
        }
    }
    return best;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos)
            return parts;
        text.remove_prefix(at + 1);
    }
}

std::string_view trim(std::string_view text) noexcept {
    constexpr std::string_view space = " \t\r\n\f\v";
    const auto first = text.find_first_not_of(space);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

std::string join(std::span<const std::string> items, std::string_view separator) {
    std::string text;
    for (const auto& item : items) {
        if (&item != items.data())
            text += separator;
        text += item;
    }
    return text;
}

bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

std::string to_lower(std::string_view text) {
    std::string copy(text);
    std::transform(copy.begin(), copy.end(), copy.begin(), lower);
    return copy;
}

std::string_view complete_utf8(std::string_view text) noexcept {
    for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if ((byte & 0xc0U) == 0x80U)
            continue;
        const std::size_t size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
        return size > back ? text.substr(0, text.size() - back) : text;
    }
    return text;
}

std::string shortened(std::string_view text, std::size_t most) {
    return text.size() <= most ? std::string(text) : std::string(complete_utf8(text.substr(0, most))) + "…";
}

bool is_utf8(std::string_view text) noexcept {
    // RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        if (lead < 0x80) {
            // Mostly it is ASCII: eight at once.
            std::uint64_t eight = 0;
            while (text.size() - i >= sizeof eight) {
                std::memcpy(&eight, text.data() + i, sizeof eight);
                if ((eight & 0x8080808080808080U) != 0)
                    break;
                i += sizeof eight;
            }
            while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80)
                ++i;
            continue;
        }
        const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        if (lead < 0xc2 || lead > 0xf4 || text.size() - i < size)
            return false;
        const auto second = static_cast<unsigned char>(text[i + 1]);
        if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
            (lead == 0xf4 && second > 0x8f))
            return false;
        for (std::size_t k = 1; k < size; ++k)
            if ((static_cast<unsigned char>(text[i + k]) & 0xc0U) != 0x80U)
                return false;
        i += size;
    }
    return true;
}

} // namespace ferrule::base
