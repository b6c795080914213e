#include "base/json.hpp"
#include "base/strings.hpp"

#include <algorithm>

namespace ferrule::base {

namespace {

std::string_view kind_of(const json& value) {
    switch (value.type()) {
    case json::value_t::null:
        return "null";
    case json::value_t::object:
        return "an object";
    case json::value_t::array:
        return "a list";
    case json::value_t::string:
        return "a text";
    case json::value_t::boolean:
        return "true or false";
    default:
        return "a number";
    }
}

constexpr std::size_t most_problems = 50; ///< The rest is counted: a body can hold as many faults as it has bytes.
constexpr std::size_t longest_quote = 128;

std::string expected(std::string_view wanted, const json& found) {
    return "expected " + std::string(wanted) + ", found " + std::string(kind_of(found));
}

} // namespace

object_reader::object_reader(const json& value, std::string path)
    : value_(value)
    , path_(std::move(path)) {
    if (!value_.is_object()) {
        problems_.push_back({path_, expected("an object", value_)});
        checked_ = true;
    }
}

const json* object_reader::find(std::string_view key) {
    known_.emplace_back(key);
    if (!value_.is_object())
        return nullptr;
    const auto at = value_.find(key);
    return at == value_.end() || at->is_null() ? nullptr : &*at;
}

std::optional<std::string> object_reader::text(std::string_view key) {
    const auto* found = find(key);
    if (found == nullptr)
        return std::nullopt;
    if (!found->is_string()) {
        complain(key, expected("a text", *found));
        return std::nullopt;
    }
    return found->get<std::string>();
}

std::string object_reader::required_text(std::string_view key) {
    const auto before = problems_.size();
    auto found = text(key);
    if (!found && problems_.size() == before)
        complain(key, "is required");
    else if (found && found->empty())
        complain(key, "must not be empty");
    return found.value_or("");
}

std::string object_reader::text_or(std::string_view key, std::string_view fallback) {
    auto found = text(key);
    return found ? std::move(*found) : std::string(fallback);
}

std::optional<bool> object_reader::boolean(std::string_view key) {
    const auto* found = find(key);
    if (found == nullptr)
        return std::nullopt;
    if (!found->is_boolean()) {
        complain(key, expected("true or false", *found));
        return std::nullopt;
    }
    return found->get<bool>();
}

bool object_reader::boolean_or(std::string_view key, bool fallback) {
    return boolean(key).value_or(fallback);
}

std::optional<std::int64_t> object_reader::integer(std::string_view key, std::int64_t least, std::int64_t most) {
    const auto* found = find(key);
    if (found == nullptr)
        return std::nullopt;
    if (!found->is_number_integer()) {
        complain(key, expected("a whole number", *found));
        return std::nullopt;
    }
    const bool huge =
        found->is_number_unsigned() && found->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX);
    const auto value = huge ? INT64_MAX : found->get<std::int64_t>();
    if (value < least || value > most || huge) {
        complain(key, "must be between " + std::to_string(least) + " and " + std::to_string(most));
        return std::nullopt;
    }
    return value;
}

std::int64_t object_reader::integer_or(std::string_view key, std::int64_t fallback, std::int64_t least,
                                       std::int64_t most) {
    return integer(key, least, most).value_or(fallback);
}

std::optional<double> object_reader::number(std::string_view key) {
    const auto* found = find(key);
    if (found == nullptr)
        return std::nullopt;
    if (!found->is_number()) {
        complain(key, expected("a number", *found));
        return std::nullopt;
    }
    return found->get<double>();
}

std::optional<duration> object_reader::time_span(std::string_view key) {
    const auto* found = find(key);
    if (found == nullptr)
        return std::nullopt;
    if (!found->is_string()) {
        complain(key, expected("a duration with its unit as text, such as \"10s\"", *found));
        return std::nullopt;
    }
    auto parsed = parse_duration(found->get_ref<const std::string&>());
    if (!parsed) {
        complain(key, parsed.error().message());
        return std::nullopt;
    }
    return *parsed;
}

duration object_reader::time_span_or(std::string_view key, duration fallback) {
    return time_span(key).value_or(fallback);
}

const json* object_reader::member(std::string_view key) {
    return find(key);
}

const json* object_reader::object(std::string_view key) {
    const auto* found = find(key);
    if (found != nullptr && !found->is_object()) {
        complain(key, expected("an object", *found));
        return nullptr;
    }
    return found;
}

const json* object_reader::array(std::string_view key) {
    const auto* found = find(key);
    if (found != nullptr && !found->is_array()) {
        complain(key, expected("a list", *found));
        return nullptr;
    }
    return found;
}

std::vector<std::string> object_reader::texts(std::string_view key) {
    std::vector<std::string> items;
    const auto* found = array(key);
    if (found == nullptr)
        return items;
    for (std::size_t i = 0; i < found->size(); ++i) {
        if ((*found)[i].is_string())
            items.push_back((*found)[i].get<std::string>());
        else
            complain(std::string(key) + "[" + std::to_string(i) + "]", expected("a text", (*found)[i]));
    }
    return items;
}

std::optional<std::string> object_reader::one_of(std::string_view key, const std::vector<std::string_view>& allowed) {
    auto found = text(key);
    if (!found || std::find(allowed.begin(), allowed.end(), *found) != allowed.end())
        return found;
    std::vector<std::string> names(allowed.begin(), allowed.end());
    complain(key, "must be one of " + join(names, ", ") + "; found \"" + shortened(*found, longest_quote) + "\"");
    return std::nullopt;
}

void object_reader::complain(std::string_view key, std::string_view message) {
    if (problems_.size() < most_problems)
        problems_.push_back({path_of(shortened(key, longest_quote)), std::string(message)});
    else
        ++untold_;
}

std::string object_reader::path_of(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void object_reader::check_unknown() {
    if (checked_)
        return;
    checked_ = true;
    for (const auto& [key, unused] : value_.items()) {
        if (std::find(known_.begin(), known_.end(), key) != known_.end())
            continue;
        const auto near = problems_.size() < most_problems ? nearest(key, known_) : std::string_view();
        complain(key, near.empty() ? "unknown key" : "unknown key; did you mean \"" + std::string(near) + "\"?");
    }
}

void object_reader::absorb(object_reader& nested) {
    nested.check_unknown();
    for (auto& each : nested.problems_) {
        if (problems_.size() < most_problems)
            problems_.push_back(std::move(each));
        else
            ++untold_;
    }
    untold_ += nested.untold_;
    nested.problems_.clear();
    nested.untold_ = 0;
}

std::optional<error> object_reader::finish(std::string_view code) {
    check_unknown();
    if (problems_.empty())
        return std::nullopt;
    std::string message;
    json list = json::array();
    for (const auto& each : problems_) {
        if (!message.empty())
            message += "; ";
        message += each.path.empty() ? each.message : each.path + ": " + each.message;
        list.push_back({{"path", each.path}, {"message", each.message}});
    }
    if (untold_ != 0)
        message += "; and " + std::to_string(untold_) + " more";
    return error(std::string(code), message, false, dump(json{{"problems", std::move(list)}}));
}

} // namespace ferrule::base
