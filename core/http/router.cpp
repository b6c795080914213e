#include "http/router.hpp"

#include "base/strings.hpp"

#include <algorithm>
#include <stdexcept>

namespace ferrule::http {

namespace {

bool is_parameter(std::string_view segment) {
    return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

std::vector<std::string> segments_of(const std::string& pattern) {
    if (pattern.size() < 2 || pattern.front() != '/' || pattern.back() == '/')
        throw std::invalid_argument("the route \"" + pattern + "\" must begin with a slash and not end with one");
    std::vector<std::string> segments;
    for (const auto part : base::split(std::string_view(pattern).substr(1), '/')) {
        const bool braces = part.find_first_of("{}") != std::string_view::npos;
        if (part.empty() || (braces && !is_parameter(part)))
            throw std::invalid_argument("the route \"" + pattern + "\" has a faulty segment");
        segments.emplace_back(part);
    }
    return segments;
}

// HEAD is GET without its body.
method served_as(method verb) {
    return verb == method::head ? method::get : verb;
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
    return std::equal(pattern.begin(), pattern.end(), path.begin(), path.end(),
                      [](const std::string& wanted, const std::string& given) {
                          return is_parameter(wanted) ? !given.empty() : wanted == given;
                      });
}

} // namespace

void router::add(route entry) {
    if (!entry.run)
        throw std::invalid_argument("the route \"" + entry.pattern + "\" has no handler");
    auto segments = segments_of(entry.pattern);
    const auto size = segments.size();
    if (by_size_.size() <= size)
        by_size_.resize(size + 1);
    auto& places = by_size_[size];
    auto at = std::find_if(places.begin(), places.end(), [&](const place& each) { return each.segments == segments; });
    if (at == places.end()) {
        // A literal goes before a parameter at the first segment where two places differ.
        const auto later = [&](const place& each) {
            for (std::size_t i = 0; i < size; ++i)
                if (is_parameter(each.segments[i]) != is_parameter(segments[i]))
                    return is_parameter(each.segments[i]);
            return false;
        };
        const auto before = std::find_if(places.begin(), places.end(), later);
        at = places.insert(before, place{std::move(segments), {}});
    }
    const auto same = [&](const route* each) { return each->verb == entry.verb; };
    if (std::any_of(at->by_method.begin(), at->by_method.end(), same))
        throw std::invalid_argument("the route \"" + entry.pattern + "\" stands twice");
    routes_.push_back(std::make_unique<route>(std::move(entry)));
    at->by_method.push_back(routes_.back().get());
}

const router::place* router::find_place(const std::vector<std::string>& segments) const {
    if (segments.size() >= by_size_.size())
        return nullptr;
    const auto& places = by_size_[segments.size()];
    const auto at =
        std::find_if(places.begin(), places.end(), [&](const place& each) { return matches(each.segments, segments); });
    return at == places.end() ? nullptr : &*at;
}

bool router::has_path(const std::vector<std::string>& segments) const {
    return find_place(segments) != nullptr;
}

router::found router::find(request& asked) const {
    found answer;
    const auto* const at = find_place(asked.segments);
    if (at == nullptr)
        return answer;
    const auto wanted = served_as(asked.verb);
    for (const auto* each : at->by_method) {
        if (each->verb != wanted)
            continue;
        answer.route = each;
        for (std::size_t i = 0; i < at->segments.size(); ++i)
            if (const std::string_view name = at->segments[i]; is_parameter(name))
                asked.params.emplace_back(name.substr(1, name.size() - 2), asked.segments[i]);
        return answer;
    }
    for (const auto* each : at->by_method) {
        const auto name = boost::beast::http::to_string(each->verb);
        answer.allow.append(name.data(), name.size()).append(", ");
        if (each->verb == method::get)
            answer.allow += "HEAD, ";
    }
    answer.allow += "OPTIONS";
    return answer;
}

} // namespace ferrule::http
