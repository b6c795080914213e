#include "config/schema/free_json.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>
#include <optional>

namespace ferrule::config::schema {

namespace {

std::optional<base::json> as_number(std::string_view text) {
    if (text.starts_with('+'))
        text.remove_prefix(1);
    if (text.empty() || text.find_first_not_of("0123456789+-.eE") != std::string_view::npos)
        return std::nullopt; // from_chars would also take "inf", "nan" and hexadecimal
    const char* end = text.data() + text.size();
    std::int64_t whole = 0;
    if (const auto [stop, failed] = std::from_chars(text.data(), end, whole); failed == std::errc{} && stop == end)
        return base::json(whole);
    double real = 0;
    if (const auto [stop, failed] = std::from_chars(text.data(), end, real);
        failed == std::errc{} && stop == end && std::isfinite(real))
        return base::json(real);
    return std::nullopt;
}

base::json scalar(const yaml::node& from) {
    if (from.quoted)
        return from.text;
    const std::string_view text = from.text;
    if (text == "true" || text == "True" || text == "TRUE")
        return true;
    if (text == "false" || text == "False" || text == "FALSE")
        return false;
    if (text.empty())
        return nullptr;
    if (auto number = as_number(text))
        return std::move(*number);
    return from.text;
}

} // namespace

base::json to_json(const yaml::node& from) {
    switch (from.what) {
    case yaml::node::type::null:
        return nullptr;
    case yaml::node::type::scalar:
        return scalar(from);
    case yaml::node::type::list: {
        auto list = base::json::array();
        for (const auto& item : from.items)
            list.push_back(to_json(item));
        return list;
    }
    case yaml::node::type::map:
        break;
    }
    auto object = base::json::object();
    for (const auto& each : from.members)
        object[each.key] = to_json(each.value);
    return object;
}

} // namespace ferrule::config::schema
