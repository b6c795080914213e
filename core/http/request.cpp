#include "http/request.hpp"

#include "base/strings.hpp"

#include <algorithm>

namespace ferrule::http {

std::string_view request::header(field name) const noexcept {
    const auto at =
        std::find_if(headers_.begin(), headers_.end(), [name](const auto& each) { return each.id == name; });
    return at == headers_.end() ? std::string_view() : view(at->value);
}

std::string_view request::header(std::string_view name) const noexcept {
    for (const auto& each : headers_)
        if (base::equals_ignoring_case(view(each.name), name))
            return view(each.value);
    return {};
}

std::size_t request::header_count(field name) const noexcept {
    return static_cast<std::size_t>(
        std::count_if(headers_.begin(), headers_.end(), [name](const auto& each) { return each.id == name; }));
}

std::size_t request::header_count(std::string_view name) const noexcept {
    return static_cast<std::size_t>(std::count_if(headers_.begin(), headers_.end(), [&](const auto& each) {
        return base::equals_ignoring_case(view(each.name), name);
    }));
}

std::optional<std::string_view> request::query_value(std::string_view name) const noexcept {
    for (const auto& [key, value] : query)
        if (key == name)
            return value;
    return std::nullopt;
}

const std::string& request::param(std::string_view name) const noexcept {
    static const std::string none;
    for (const auto& [key, value] : params)
        if (key == name)
            return value;
    return none;
}

void request::clear() {
    constexpr std::size_t kept_body = 64 * 1024;
    verb = method::unknown;
    version = 11;
    keep_alive = true;
    has_body = false;
    body.clear();
    if (body.capacity() > kept_body)
        body.shrink_to_fit();
    id.clear();
    segments.clear();
    query.clear();
    params.clear();
    route = nullptr;
    admitted = false;
    identity.reset();
    text_.clear();
    verb_text_ = {};
    target_ = {};
    headers_.clear();
}

void request::start(method verb_value, std::string_view verb_name, std::string_view target_text,
                    unsigned version_value) {
    verb = verb_value;
    verb_text_ = keep(verb_name);
    target_ = keep(target_text);
    version = version_value;
}

void request::add_header(field id_value, std::string_view name, std::string_view value) {
    const auto kept_name = keep(name);
    headers_.push_back({id_value, kept_name, keep(value)});
}

request::span request::keep(std::string_view part) {
    const span made{static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(part.size())};
    text_.append(part);
    return made;
}

} // namespace ferrule::http
