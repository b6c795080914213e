// SPDX-License-Identifier: Apache-2.0
#include "http/json_check.hpp"

#include <charconv>

namespace ferrule::probes::http {

namespace {

std::string unescaped(std::string_view step) {
    std::string out;
    for (std::size_t i = 0; i < step.size(); ++i) {
        const bool escape = step[i] == '~' && i + 1 < step.size() && (step[i + 1] == '0' || step[i + 1] == '1');
        out += !escape ? step[i] : step[i + 1] == '0' ? '~' : '/';
        i += escape ? 1 : 0;
    }
    return out;
}

bool pointer_steps(std::string_view text, std::vector<std::string>& into) {
    while (!text.empty()) {
        text.remove_prefix(1); // the slash
        const auto end = text.find('/');
        into.push_back(unescaped(text.substr(0, end)));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end);
    }
    return true;
}

bool dotted_steps(std::string_view text, std::vector<std::string>& into) {
    if (text.starts_with('$')) {
        text.remove_prefix(text.starts_with("$.") ? 2 : 1);
    }
    while (!text.empty()) {
        if (text.front() == '[') {
            const auto end = text.find(']');
            const auto inside = end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
            if (inside.empty() || inside.find_first_not_of("0123456789") != std::string_view::npos) {
                return false;
            }
            into.emplace_back(inside);
            text.remove_prefix(end + 1);
            if (text.starts_with('.')) {
                text.remove_prefix(1);
                if (text.empty()) {
                    return false;
                }
            }
            continue;
        }
        const auto end = text.find_first_of(".[");
        if (end == 0) {
            return false;
        }
        into.emplace_back(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end);
        if (text.starts_with('.')) {
            text.remove_prefix(1);
            if (text.empty()) {
                return false;
            }
        }
    }
    return true;
}

bool same(const sdk::json& a, const sdk::json& b) {
    if (a.is_number() && b.is_number()) {
        return a.is_integer() && b.is_integer() ? a.as_integer() == b.as_integer() : a.as_number() == b.as_number();
    }
    return a.dump() == b.dump();
}

std::string shown(const sdk::json& value) {
    constexpr std::size_t most = 80;
    auto text = value.dump();
    if (text.size() > most) {
        text.resize(most);
        text += "…";
    }
    return text;
}

std::string number_text(double value) {
    std::string out;
    sdk::append_json_number(out, value);
    return out;
}

std::optional<double> number_of(settings_reader& from, std::string_view key) {
    const auto* member = from.find(key);
    if (member == nullptr) {
        return std::nullopt;
    }
    if (!member->is_number()) {
        from.wrong(key, "a number");
    }
    return member->as_number();
}

std::optional<sdk::json> value_of(settings_reader& from, std::string_view key) {
    const auto* member = from.find(key);
    if (member == nullptr) {
        return std::nullopt;
    }
    return *member;
}

} // namespace

sdk::result<json_path> json_path::parse(std::string_view text) {
    json_path made;
    made.text_ = text;
    const bool pointer = text.empty() || text.front() == '/';
    if (!(pointer ? pointer_steps(text, made.steps_) : dotted_steps(text, made.steps_))) {
        return sdk::error("invalid_path",
                          "'" + made.text_ + "' is no path; write a JSON pointer such as /data/0/id, or data[0].id");
    }
    return made;
}

const sdk::json* json_path::find(const sdk::json& in) const {
    const auto* at = &in;
    for (const auto& step : steps_) {
        if (at->is_object()) {
            at = at->find(step);
        } else if (at->is_array()) {
            std::size_t index = 0;
            const auto [end, bad] = std::from_chars(step.data(), step.data() + step.size(), index);
            const bool good = bad == std::errc() && end == step.data() + step.size() && index < at->items().size();
            at = good ? &at->items()[index] : nullptr;
        } else {
            return nullptr;
        }
        if (at == nullptr) {
            return nullptr;
        }
    }
    return at;
}

json_check json_check::read(settings_reader& from) {
    if (from.find("path") == nullptr) {
        from.wrong("path", "given: a JSON pointer such as /data/0/id, or data[0].id");
    }
    auto path = json_path::parse(from.text("path"));
    if (!path) {
        from.refuse("path", path.error().message() + ".");
    }
    json_check made;
    made.path = *path;
    if (from.find("exists") != nullptr) {
        made.exists = from.flag("exists", true);
    }
    made.equals = value_of(from, "equals");
    made.not_equals = value_of(from, "not_equals");
    made.at_least = number_of(from, "at_least");
    made.at_most = number_of(from, "at_most");
    if (const auto pattern = from.text("matches"); !pattern.empty()) {
        auto compiled = regex::compile(pattern, from.code());
        if (!compiled) {
            from.refuse("matches", compiled.error().message());
        }
        made.matches = *compiled;
    }
    made.metric = from.text("metric");
    from.finish();
    const bool asks = made.exists || made.equals || made.not_equals || made.at_least || made.at_most || made.matches;
    if (!asks && made.metric.empty()) {
        made.exists = true;
    }
    if (made.exists == false && (asks && (made.equals || made.at_least || made.at_most || made.matches))) {
        from.refuse("exists", "is false; nothing more can be asked of a value that must not be there.");
    }
    return made;
}

std::optional<std::string> json_check::refuse(const sdk::json& whole) const {
    const auto* value = path.find(whole);
    const auto name = "'" + path.text() + "'";
    if (value == nullptr) {
        const bool wanted =
            exists.value_or(true) && !(not_equals && !equals && !at_least && !at_most && !matches && !exists);
        return wanted ? std::optional(name + " is not there") : std::nullopt;
    }
    if (exists == false) {
        return name + " is there (" + shown(*value) + ")";
    }
    if (equals && !same(*value, *equals)) {
        return name + " is " + shown(*value) + ", not " + shown(*equals);
    }
    if (not_equals && same(*value, *not_equals)) {
        return name + " is " + shown(*value);
    }
    if ((at_least || at_most) && !value->is_number()) {
        return name + " is " + shown(*value) + ", which is no number";
    }
    if (at_least && value->as_number() < *at_least) {
        return name + " is " + shown(*value) + ", below " + number_text(*at_least);
    }
    if (at_most && value->as_number() > *at_most) {
        return name + " is " + shown(*value) + ", above " + number_text(*at_most);
    }
    const auto how = matches ? matches->search(value->is_text() ? value->as_text() : value->dump()) : match_status::yes;
    if (how == match_status::costly) {
        return matches->too_costly(name);
    }
    if (how == match_status::no) {
        return name + " is " + shown(*value) + ", which does not match '" + matches->pattern() + "'";
    }
    return std::nullopt;
}

} // namespace ferrule::probes::http
