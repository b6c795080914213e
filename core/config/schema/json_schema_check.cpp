#include "config/schema/json_schema_check.hpp"

#include "base/json.hpp"
#include "base/redact.hpp"
#include "base/strings.hpp"
#include "config/schema/checks.hpp"
#include "config/schema/free_json.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

namespace ferrule::config::schema {

namespace {

using base::json;

constexpr unsigned depth_limit = 128;

std::string_view type_of(const json& value) {
    if (value.is_number_integer())
        return "integer";
    if (value.is_number())
        return "number";
    return value.type_name();
}

bool has_type(const json& value, std::string_view wanted) {
    if (wanted == "number")
        return value.is_number();
    if (wanted == "integer")
        return value.is_number_integer() ||
               (value.is_number() && std::trunc(value.get<double>()) == value.get<double>());
    return type_of(value) == wanted;
}

std::string words_for(const std::string& type) {
    if (type == "string")
        return "a text";
    if (type == "object")
        return "a map";
    if (type == "array")
        return "a list";
    if (type == "integer")
        return "a whole number";
    if (type == "number")
        return "a number";
    return type == "boolean" ? "true or false" : "nothing";
}

// How far below its start a complaint stands: the deepest one belongs to the form that was meant.
std::size_t depth_of(const problems& faults) {
    std::size_t deepest = 0;
    for (const auto& each : faults.errors())
        deepest = std::max(deepest, each.path.size());
    return deepest;
}

// A pattern that does not compile matches everything: the fault is the schema's, not the user's.
bool matches(const std::string& pattern, std::string_view text) {
    int code = 0;
    PCRE2_SIZE offset = 0;
    const std::unique_ptr<pcre2_code, decltype(&pcre2_code_free)> compiled(
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_UTF, &code, &offset, nullptr),
        &pcre2_code_free);
    if (!compiled)
        return true;
    const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data(
        pcre2_match_data_create_from_pattern(compiled.get(), nullptr), &pcre2_match_data_free);
    return pcre2_match(compiled.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0, data.get(),
                       nullptr) >= 0;
}

// Characters, not bytes.
std::size_t length(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::string number_text(const json& number) {
    return base::dump(number);
}

class checker {
  public:
    checker(const json& root, std::string_view file, problems& found)
        : root_(root)
        , file_(file)
        , found_(found) {}

    void check(const json& rules, const yaml::node& at, const std::string& path, bool hidden, unsigned depth) {
        if (depth > depth_limit)
            return;
        if (rules.is_boolean()) {
            if (!rules.get<bool>())
                complain(at, path, "nothing may stand here");
            return;
        }
        if (!rules.is_object())
            return;
        if (const auto target = rules.find("$ref"); target != rules.end()) {
            if (const auto* referred = resolve(*target); referred != nullptr)
                check(*referred, at, path, hidden, depth + 1);
            return;
        }
        const auto value = to_json(at);
        if (!check_type(rules, value, at, path, hidden))
            return;
        check_choice(rules, value, at, path, hidden);
        if (value.is_number())
            check_number(rules, value, at, path, hidden);
        else if (value.is_string())
            check_text(rules, value.get_ref<const std::string&>(), at, path, hidden);
        else if (value.is_array())
            check_list(rules, at, path, hidden, depth);
        else if (value.is_object())
            check_object(rules, at, path, depth);
        check_combined(rules, at, path, hidden, depth);
    }

  private:
    void complain(const yaml::node& at, const std::string& path, std::string message) {
        found_.add(file_, at.at, path, std::move(message));
    }

    static std::string shown(const yaml::node& at, bool hidden) {
        return hidden && at.what == yaml::node::type::scalar ? std::string(base::redacted) : at.describe();
    }

    const json* resolve(const json& reference) const {
        if (!reference.is_string() || !reference.get_ref<const std::string&>().starts_with("#/"))
            return nullptr;
        const auto* at = &root_;
        for (const auto step : base::split(std::string_view(reference.get_ref<const std::string&>()).substr(2), '/')) {
            if (!at->is_object() || !at->contains(std::string(step)))
                return nullptr;
            at = &(*at)[std::string(step)];
        }
        return at;
    }

    bool check_type(const json& rules, const json& value, const yaml::node& at, const std::string& path, bool hidden) {
        const auto wanted = rules.find("type");
        if (wanted == rules.end())
            return true;
        std::vector<std::string> names;
        for (const auto& each : wanted->is_array() ? *wanted : json::array({*wanted}))
            if (each.is_string())
                names.push_back(each.get<std::string>());
        if (names.empty() || std::any_of(names.begin(), names.end(),
                                         [&value](const std::string& name) { return has_type(value, name); }))
            return true;
        for (auto& name : names)
            name = words_for(name);
        complain(at, path, "expected " + base::join(names, " or ") + "; found " + shown(at, hidden));
        return false;
    }

    void check_choice(const json& rules, const json& value, const yaml::node& at, const std::string& path,
                      bool hidden) {
        auto allowed = json::array();
        if (const auto list = rules.find("enum"); list != rules.end() && list->is_array())
            allowed = *list;
        else if (const auto one = rules.find("const"); one != rules.end())
            allowed.push_back(*one);
        else
            return;
        if (std::find(allowed.begin(), allowed.end(), value) != allowed.end())
            return;
        std::vector<std::string> names;
        for (const auto& each : allowed)
            names.push_back(each.is_string() ? each.get<std::string>() : base::dump(each));
        complain(at, path, "expected one of " + base::join(names, ", ") + "; found " + shown(at, hidden));
    }

    void check_number(const json& rules, const json& value, const yaml::node& at, const std::string& path,
                      bool hidden) {
        const auto number = value.get<double>();
        const auto bound = [&](const char* key, auto violates, std::string_view words) {
            const auto limit = rules.find(key);
            if (limit != rules.end() && limit->is_number() && violates(number, limit->get<double>()))
                complain(at, path,
                         "must be " + std::string(words) + " " + number_text(*limit) + "; found " + shown(at, hidden));
        };
        bound("minimum", std::less<>(), "at least");
        bound("maximum", std::greater<>(), "at most");
        bound("exclusiveMinimum", std::less_equal<>(), "more than");
        bound("exclusiveMaximum", std::greater_equal<>(), "less than");
    }

    void check_size(const json& rules, const char* least, const char* most, std::size_t size, std::string_view what,
                    const yaml::node& at, const std::string& path) {
        if (const auto limit = rules.find(least); limit != rules.end() && limit->is_number_unsigned())
            if (size < limit->get<std::size_t>())
                complain(at, path, "must have at least " + number_text(*limit) + " " + std::string(what));
        if (const auto limit = rules.find(most); limit != rules.end() && limit->is_number_unsigned())
            if (size > limit->get<std::size_t>())
                complain(at, path, "must have at most " + number_text(*limit) + " " + std::string(what));
    }

    void check_text(const json& rules, const std::string& text, const yaml::node& at, const std::string& path,
                    bool hidden) {
        check_size(rules, "minLength", "maxLength", length(text), "characters", at, path);
        if (const auto format = rules.find("format"); format != rules.end() && *format == "regex")
            if (auto complaint = check_regex(text); !complaint.empty())
                complain(at, path, std::move(complaint));
        if (const auto pattern = rules.find("pattern"); pattern != rules.end() && pattern->is_string())
            if (!matches(pattern->get<std::string>(), text))
                complain(at, path, shown(at, hidden) + " does not match " + pattern->get<std::string>());
    }

    void check_list(const json& rules, const yaml::node& at, const std::string& path, bool hidden, unsigned depth) {
        check_size(rules, "minItems", "maxItems", at.items.size(), "items", at, path);
        const auto item = rules.find("items");
        if (item == rules.end())
            return;
        for (std::size_t i = 0; i < at.items.size(); ++i)
            check(*item, at.items[i], path + "[" + std::to_string(i) + "]", hidden, depth + 1);
    }

    void check_object(const json& rules, const yaml::node& at, const std::string& path, unsigned depth) {
        const auto none = json::object();
        const auto part = [&](const char* key) -> const json& {
            const auto found = rules.find(key);
            return found != rules.end() && found->is_object() ? *found : none;
        };
        const auto& known = part("properties");
        const auto& patterns = part("patternProperties");
        const auto others = rules.find("additionalProperties");
        std::vector<std::string> names;
        for (const auto& [name, unused] : known.items())
            names.push_back(name);
        for (const auto& each : at.members) {
            const auto below = path.empty() ? each.key : path + "." + each.key;
            const bool secret = base::is_secret_key(each.key);
            bool covered = false;
            if (const auto rule = known.find(each.key); rule != known.end()) {
                covered = true;
                check(*rule, each.value, below, secret, depth + 1);
            }
            for (const auto& [pattern, rule] : patterns.items()) {
                if (matches(pattern, each.key)) {
                    covered = true;
                    check(rule, each.value, below, secret, depth + 1);
                }
            }
            if (covered || others == rules.end())
                continue;
            if (!others->is_boolean()) {
                check(*others, each.value, below, secret, depth + 1);
            } else if (!others->get<bool>()) {
                const auto near = base::nearest(each.key, names);
                found_.add(file_, each.at, below,
                           near.empty() ? "unknown key; known here: " + base::join(names, ", ")
                                        : "unknown key; did you mean \"" + std::string(near) + "\"?");
            }
        }
        if (const auto required = rules.find("required"); required != rules.end() && required->is_array())
            for (const auto& name : *required)
                if (name.is_string() && at.find(name.get_ref<const std::string&>()) == nullptr)
                    complain(at, path, "\"" + name.get<std::string>() + "\" is missing");
    }

    void check_combined(const json& rules, const yaml::node& at, const std::string& path, bool hidden, unsigned depth) {
        if (const auto all = rules.find("allOf"); all != rules.end() && all->is_array())
            for (const auto& each : *all)
                check(each, at, path, hidden, depth + 1);
        for (const auto* key : {"anyOf", "oneOf"}) {
            const auto some = rules.find(key);
            if (some == rules.end() || !some->is_array() || some->empty())
                continue;
            std::size_t fitting = 0;
            problems nearest_faults;
            for (const auto& each : *some) {
                problems faults;
                checker(root_, file_, faults).check(each, at, path, hidden, depth + 1);
                if (!faults.any())
                    ++fitting;
                else if (!nearest_faults.any() || depth_of(faults) > depth_of(nearest_faults))
                    nearest_faults = std::move(faults);
            }
            if (fitting == 0) {
                for (const auto& each : nearest_faults.errors())
                    found_.add(each.file, each.at, each.path, each.message);
            } else if (fitting > 1 && std::string_view(key) == "oneOf") {
                complain(at, path, "it fits more than one of the forms that are allowed");
            }
        }
    }

    const json& root_;
    std::string_view file_;
    problems& found_;
};

} // namespace

void check_against(const base::json& rules, const yaml::node& value, std::string_view file, const std::string& path,
                   problems& found) {
    checker(rules, file, found).check(rules, value, path, false, 0);
}

} // namespace ferrule::config::schema
