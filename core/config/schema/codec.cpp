#include "config/schema/codec.hpp"

#include "config/schema/free_json.hpp"

#include <charconv>
#include <cmath>

namespace ferrule::config::schema {

namespace {

bool is_scalar(const yaml::node& from) {
    return from.what == yaml::node::type::scalar;
}

// A number of bytes with a unit; the largest first, so that to_text finds the shortest form.
constexpr std::array<std::pair<std::string_view, unsigned>, 3> units{{{"GiB", 30}, {"MiB", 20}, {"KiB", 10}}};

std::string range(const std::string& least, const std::string& most) {
    return "must be between " + least + " and " + most;
}

// The bounds of a property in its own notation.
template <class Show>
std::string bounds(const facets& rules, Show show) {
    std::string text;
    if (rules.least && rules.most)
        text = range(show(*rules.least), show(*rules.most));
    else if (rules.least)
        text = "must be at least " + show(*rules.least);
    else if (rules.most)
        text = "must be at most " + show(*rules.most);
    return rules.zero ? text + ", or 0" : text;
}

bool inside(const facets& rules, std::int64_t value) {
    if (rules.zero && value == 0)
        return true;
    return (!rules.least || value >= *rules.least) && (!rules.most || value <= *rules.most);
}

} // namespace

bool read_text(reader& in, const yaml::node& from, const property& how, std::string& into) {
    if (!is_scalar(from)) {
        in.expected(from, how, "a text");
        return false;
    }
    if (how.rules.check != nullptr) {
        if (auto complaint = how.rules.check(from.text); !complaint.empty()) {
            in.complain(from, std::move(complaint));
            return false;
        }
    }
    into = from.text;
    return true;
}

bool read_boolean(reader& in, const yaml::node& from, const property& how, bool& into) {
    if (!is_scalar(from) || (from.text != "true" && from.text != "false")) {
        in.expected(from, how, "true or false");
        return false;
    }
    into = from.text == "true";
    return true;
}

bool read_integer(reader& in, const yaml::node& from, const property& how, std::int64_t least, std::int64_t most,
                  std::int64_t& into) {
    std::int64_t value = 0;
    const char* end = from.text.data() + from.text.size();
    const auto [stop, failed] = std::from_chars(from.text.data(), end, value);
    if (!is_scalar(from) || stop != end || failed == std::errc::invalid_argument) {
        in.expected(from, how, "a whole number");
        return false;
    }
    const auto& rules = how.rules;
    if (failed != std::errc{} || value < least || value > most || !inside(rules, value)) {
        const auto shown =
            range(std::to_string(rules.least.value_or(least)), std::to_string(rules.most.value_or(most)));
        in.complain(from,
                    shown + (rules.zero && rules.least.value_or(least) > 0 ? ", or 0" : "") + "; found " + from.text);
        return false;
    }
    into = value;
    return true;
}

bool read_number(reader& in, const yaml::node& from, const property& how, double& into) {
    double value = 0;
    const char* end = from.text.data() + from.text.size();
    const auto [stop, failed] = std::from_chars(from.text.data(), end, value);
    if (!is_scalar(from) || stop != end || failed != std::errc{} || !std::isfinite(value)) {
        in.expected(from, how, "a number");
        return false;
    }
    into = value;
    return true;
}

bool read_duration(reader& in, const yaml::node& from, const property& how, base::duration& into) {
    const auto parsed = base::parse_duration(from.text);
    if (!is_scalar(from) || !parsed) {
        in.expected(from, how, "a duration such as 500ms, 10s, 5m, 2h or 7d");
        return false;
    }
    if (!inside(how.rules, parsed->count())) {
        in.complain(from, bounds(how.rules, [](std::int64_t each) { return base::to_text(base::duration(each)); }) +
                              "; found " + from.text);
        return false;
    }
    into = *parsed;
    return true;
}

bool read_size(reader& in, const yaml::node& from, const property& how, byte_size& into) {
    std::uint64_t number = 0;
    const char* end = from.text.data() + from.text.size();
    const auto [stop, failed] = std::from_chars(from.text.data(), end, number);
    const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
    unsigned shift = 0;
    bool known = unit.empty();
    for (const auto& [name, bits] : units) {
        if (unit == name) {
            shift = bits;
            known = true;
        }
    }
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (!is_scalar(from) || failed != std::errc{} || !known || number > (most >> shift)) {
        in.expected(from, how, "a size such as 512, 64KiB, 4MiB or 1GiB");
        return false;
    }
    const byte_size value{number << shift};
    if (!inside(how.rules, static_cast<std::int64_t>(value.count))) {
        const auto show = [](std::int64_t each) { return to_text(byte_size{static_cast<std::uint64_t>(each)}); };
        in.complain(from, bounds(how.rules, show) + "; found " + from.text);
        return false;
    }
    into = value;
    return true;
}

bool read_path(reader& in, const yaml::node& from, const property& how, std::filesystem::path& into) {
    if (!is_scalar(from) || from.text.empty()) {
        in.expected(from, how, "a path");
        return false;
    }
    into = (in.folder() / from.text).lexically_normal();
    return true;
}

bool read_secret(reader& in, const yaml::node& from, const property& how, base::secret& into) {
    if (!is_scalar(from)) {
        in.expected(from, how, "a text, ${VARIABLE} or !file path");
        return false;
    }
    if (!from.from_elsewhere)
        in.note_clear_secret(from);
    into = base::secret(from.text);
    return true;
}

bool read_free(reader& in, const yaml::node& from, const property& how, json_text& into) {
    if (!expect_map(in, from, how))
        return false;
    into.text = base::dump(from.what == yaml::node::type::null ? base::json::object() : to_json(from));
    return true;
}

std::optional<std::size_t> read_choice(reader& in, const yaml::node& from, const property& how) {
    if (is_scalar(from))
        for (std::size_t i = 0; i < how.choices.size(); ++i)
            if (how.choices[i] == from.text)
                return i;
    in.expected(from, how, type_text(how));
    return std::nullopt;
}

bool expect_list(reader& in, const yaml::node& from, const property& how) {
    if (from.what == yaml::node::type::list || from.what == yaml::node::type::null)
        return true;
    in.expected(from, how, "a list");
    return false;
}

bool expect_map(reader& in, const yaml::node& from, const property& how) {
    if (from.what == yaml::node::type::map || from.what == yaml::node::type::null)
        return true;
    in.expected(from, how, "a map");
    return false;
}

std::string to_text(byte_size shown) {
    for (const auto& [name, bits] : units)
        if (shown.count != 0 && shown.count % (std::uint64_t{1} << bits) == 0)
            return std::to_string(shown.count >> bits) + std::string(name);
    return std::to_string(shown.count);
}

} // namespace ferrule::config::schema
