#include "probes/blackbox/go_forms.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <utility>

namespace ferrule::probes::blackbox {

namespace {

// "µs" with either of the two characters that look like it.
constexpr std::array<std::pair<std::string_view, double>, 8> time_units{{
    {"ns", 1},
    {"us", 1e3},
    {"\xc2\xb5s", 1e3},
    {"\xce\xbcs", 1e3},
    {"ms", 1e6},
    {"s", 1e9},
    {"m", 60e9},
    {"h", 3600e9},
}};

constexpr double longest = 24 * 3600e9;
constexpr double largest = 1125899906842624.0; // 1 PiB

bool is_number_part(char c) {
    return (c >= '0' && c <= '9') || c == '.';
}

// Takes the number at the front; none when there is none.
std::optional<double> take_number(std::string_view& from) {
    const auto* const begin = from.data();
    const auto size =
        static_cast<std::size_t>(std::find_if_not(from.begin(), from.end(), is_number_part) - from.begin());
    double read = 0;
    const auto [stopped, failed] = std::from_chars(begin, begin + size, read, std::chars_format::fixed);
    if (failed != std::errc() || stopped != begin + size)
        return std::nullopt;
    from.remove_prefix(size);
    return read;
}

std::string_view take_unit(std::string_view& from) {
    const auto unit =
        from.substr(0, static_cast<std::size_t>(std::find_if(from.begin(), from.end(), is_number_part) - from.begin()));
    from.remove_prefix(unit.size());
    return unit;
}

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Whether `(?flags)` or `(?flags:` with an m stands anywhere: then `$` has another meaning.
bool is_multiline(std::string_view pattern) {
    for (auto at = pattern.find("(?"); at != std::string_view::npos; at = pattern.find("(?", at + 2)) {
        for (const char c : pattern.substr(at + 2)) {
            if (c == 'm')
                return true;
            if (c != 'i' && c != 's' && c != 'U')
                break;
        }
    }
    return false;
}

// The end of the class that begins at `at`: one past its bracket.
std::size_t end_of_class(std::string_view pattern, std::size_t at) {
    ++at;
    if (pattern.substr(at).starts_with('^'))
        ++at;
    if (pattern.substr(at).starts_with(']'))
        ++at;
    while (at < pattern.size() && pattern[at] != ']') {
        const auto rest = pattern.substr(at);
        if (rest.starts_with('\\'))
            at += 2;
        else if (const auto named = rest.find(":]"); rest.starts_with("[:") && named != std::string_view::npos)
            at += named + 2;
        else
            ++at;
    }
    return std::min(at + 1, pattern.size());
}

// The end of the class, the quotation, the escape or the character that begins at `at`.
std::size_t end_of_item(std::string_view pattern, std::size_t at) {
    if (pattern.substr(at).starts_with("\\Q")) {
        const auto end = pattern.find("\\E", at);
        return end == std::string_view::npos ? pattern.size() : end + 2;
    }
    if (pattern[at] == '\\')
        return std::min(at + 2, pattern.size());
    return pattern[at] == '[' ? end_of_class(pattern, at) : at + 1;
}

bool is_place(std::string_view item) {
    return item == "^" || item == "$" || item == "\\b" || item == "\\B" || item == "\\A" || item == "\\z";
}

bool is_repeat(std::string_view rest) {
    return rest.front() == '*' || rest.front() == '+' || rest.front() == '?' ||
           (rest.front() == '{' && rest.size() > 1 && rest[1] >= '0' && rest[1] <= '9');
}

} // namespace

std::optional<base::duration> go_duration(std::string_view text) {
    if (text == "0")
        return base::duration(0);
    if (text.starts_with('+'))
        text.remove_prefix(1);
    if (text.empty())
        return std::nullopt;
    double sum = 0;
    while (!text.empty()) {
        const auto number = take_number(text);
        const auto name = take_unit(text);
        const auto* unit =
            std::find_if(time_units.begin(), time_units.end(), [name](const auto& each) { return each.first == name; });
        if (!number || unit == time_units.end())
            return std::nullopt;
        sum += *number * unit->second;
    }
    if (sum > longest)
        return std::nullopt;
    return base::duration(std::llround(sum));
}

std::optional<std::uint64_t> go_size(std::string_view text) {
    const auto number = take_number(text);
    if (!number)
        return std::nullopt;
    double scale = 1;
    if (text != "B") {
        const auto prefix = std::string_view("KMGTPE").find(text.substr(0, 1));
        if (text.empty() || prefix == std::string_view::npos || (text.substr(1) != "B" && text.substr(1) != "iB"))
            return std::nullopt;
        scale = std::pow(1024.0, static_cast<double>(prefix + 1));
    }
    if (*number * scale > largest)
        return std::nullopt;
    return static_cast<std::uint64_t>(*number * scale);
}

std::string pcre_of(std::string_view pattern) {
    const bool ends_only = !is_multiline(pattern);
    std::string made;
    for (std::size_t at = 0; at < pattern.size();) {
        const auto next = end_of_item(pattern, at);
        const auto item = pattern.substr(at, next - at);
        const std::string same = item == "$" && ends_only ? "\\z" : std::string(item);
        // Go repeats a place in the text as it does a character, PCRE2 only as a group.
        const bool repeated = is_place(item) && next < pattern.size() && is_repeat(pattern.substr(next));
        made += repeated ? "(?:" + same + ")" : same;
        at = next;
    }
    return made;
}

std::string template_of(std::string_view text, bool has_captures) {
    std::string made;
    while (!text.empty()) {
        const auto dollar = text.find('$');
        made += text.substr(0, dollar);
        if (dollar == std::string_view::npos)
            break;
        text.remove_prefix(dollar + 1);
        if (!has_captures) {
            made += "$$";
            continue;
        }
        if (text.starts_with('$')) {
            made += "$$";
            text.remove_prefix(1);
            continue;
        }
        const bool braced = text.starts_with('{');
        const auto rest = text.substr(braced ? 1 : 0);
        const auto name = rest.substr(
            0, static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), is_word) - rest.begin()));
        if (name.empty() || (braced && !rest.substr(name.size()).starts_with('}'))) { // malformed: stays as it is
            made += "$$";
            continue;
        }
        made += "${" + std::string(name) + "}";
        text.remove_prefix(name.size() + (braced ? 2 : 0));
    }
    return made;
}

} // namespace ferrule::probes::blackbox
