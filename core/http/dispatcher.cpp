#include "http/dispatcher.hpp"

#include "base/id.hpp"
#include "base/log.hpp"
#include "base/strings.hpp"
#include "http/problem.hpp"
#include "http/target.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace ferrule::http {

namespace {

bool is_sound_request_id(std::string_view text) {
    return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-._:/+=@").find(c) != std::string_view::npos;
    });
}

bool is_json(std::string_view content_type) {
    const auto semicolon = content_type.find(';');
    if (!base::equals_ignoring_case(base::trim(content_type.substr(0, semicolon)), "application/json"))
        return false;
    if (semicolon == std::string_view::npos)
        return true;
    const auto parameter = base::to_lower(base::trim(content_type.substr(semicolon + 1)));
    return parameter == "charset=utf-8" || parameter == "charset=\"utf-8\"" || parameter.empty();
}

// The token of `Authorization: Bearer …`, or nothing for another scheme.
std::optional<std::string_view> bearer_text(std::string_view authorization) {
    const auto space = authorization.find(' ');
    if (!base::equals_ignoring_case(authorization.substr(0, space), "bearer") || space == std::string_view::npos)
        return std::nullopt;
    return base::trim(authorization.substr(space));
}

access access_of(model::role may) {
    switch (may) {
    case model::role::admin:
        return access::admin;
    case model::role::operator_:
        return access::operator_;
    case model::role::viewer:
        break;
    }
    return access::viewer;
}

std::string_view name_of(access needed) {
    switch (needed) {
    case access::admin:
        return "admin";
    case access::operator_:
        return "operator";
    default:
        return "viewer";
    }
}

std::string joined_path(const std::vector<std::string>& segments) {
    return "/" + base::join(segments, "/");
}

// The address without its port, for callers without a token.
std::string_view address_of(std::string_view peer) {
    return peer.substr(0, peer.rfind(':'));
}

} // namespace

dispatcher::dispatcher(router routes, recogniser who, const config::rate_limit_settings& rate, const base::clock& time,
                       observer seen)
    : routes_(std::move(routes))
    , who_(std::move(who))
    , rate_(rate.requests_per_second, rate.burst)
    , time_(time)
    , seen_(std::move(seen))
    , id_prefix_(base::random_token(6) + "-") {}

std::string dispatcher::next_request_id() {
    return id_prefix_ + std::to_string(id_counter_.fetch_add(1, std::memory_order_relaxed));
}

std::optional<response> dispatcher::admit(request& asked) {
    const auto given = asked.header("x-request-id");
    asked.id = is_sound_request_id(given) ? std::string(given) : next_request_id();
    if (auto done = find_route(asked))
        return done;
    if (auto done = check_caller(asked))
        return done;
    if (auto done = check_rate(asked))
        return done;
    if (auto done = check_query(asked))
        return done;
    if (auto done = check_type(asked))
        return done;
    asked.admitted = true;
    return std::nullopt;
}

std::optional<response> dispatcher::prepare(request& asked) {
    if (!asked.admitted)
        if (auto done = admit(asked))
            return done;
    if (asked.route->body != body_kind::none)
        return std::nullopt;
    // Many clients send an empty object with every POST.
    const auto given = base::trim(asked.body);
    if (given.empty() || (given == "{}" && asked.verb == method::post))
        return std::nullopt;
    return problem(error("unexpected_body", "this request takes no body"), asked.id);
}

std::optional<response> dispatcher::find_route(request& asked) {
    if (asked.verb == method::unknown || asked.verb == method::connect || asked.verb == method::trace)
        return problem(error("method_unknown", "the method " + std::string(asked.verb_text()) + " is not served here"),
                       asked.id);
    if (auto read = read_target(asked); !read)
        return problem(read.error(), asked.id);
    if (asked.segments.empty()) // OPTIONS *
        return response(204);
    auto found = routes_.find(asked);
    asked.route = found.route;
    if (found.route != nullptr)
        return std::nullopt;
    if (!found.allow.empty()) {
        if (asked.verb == method::options) {
            response answer(204);
            answer.add("Allow", found.allow);
            return answer;
        }
        auto answer =
            problem(error("method_not_allowed", joined_path(asked.segments) + " has no " +
                                                    std::string(asked.verb_text()) + "; it allows " + found.allow),
                    asked.id);
        answer.add("Allow", found.allow);
        return answer;
    }
    std::string hint;
    if (asked.segments.size() > 1 && asked.segments.back().empty()) {
        auto without = asked.segments;
        without.pop_back();
        if (routes_.has_path(without))
            hint = "; without the slash at its end, " + joined_path(without) + " exists";
    }
    return problem(error("not_found", "there is nothing at " + joined_path(asked.segments) + hint), asked.id);
}

std::optional<response> dispatcher::check_caller(request& asked) {
    const auto needed = asked.route->needs;
    if (needed == access::anonymous)
        return std::nullopt;
    const auto authorization = asked.header(field::authorization);
    const auto text = bearer_text(authorization);
    // Guessing counts against the address.
    if (!text) {
        if (auto limited = check_rate(asked))
            return limited;
        auto answer =
            problem(error("unauthorized", authorization.empty()
                                              ? "this needs a token: send \"Authorization: Bearer TOKEN\""
                                              : "the Authorization header is not of the form \"Bearer TOKEN\""),
                    asked.id);
        answer.add("WWW-Authenticate", "Bearer realm=\"ferrule\"");
        return answer;
    }
    asked.identity = who_(*text, time_.wall_now());
    if (!asked.identity) {
        if (auto limited = check_rate(asked))
            return limited;
        auto answer = problem(error("unauthorized", "the token is unknown, revoked or expired"), asked.id);
        answer.add("WWW-Authenticate", "Bearer realm=\"ferrule\", error=\"invalid_token\"");
        return answer;
    }
    if (access_of(asked.identity->may) < needed) {
        auto answer = problem(error("forbidden", "this needs the role " + std::string(name_of(needed)) +
                                                     "; the token \"" + asked.identity->name + "\" has the role " +
                                                     std::string(name_of(access_of(asked.identity->may)))),
                              asked.id);
        answer.add("WWW-Authenticate", "Bearer realm=\"ferrule\", error=\"insufficient_scope\"");
        return answer;
    }
    return std::nullopt;
}

std::optional<response> dispatcher::check_rate(const request& asked) {
    if (!rate_.enabled())
        return std::nullopt;
    const auto caller = asked.identity ? std::string_view(asked.identity->id) : address_of(asked.peer);
    const auto wait = rate_.take(caller, time_.steady_now());
    if (!wait)
        return std::nullopt;
    const auto seconds = std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(*wait).count());
    auto answer =
        problem(error("rate_limited",
                      "too many requests from this caller; try again in " + std::to_string(seconds) + " s", true),
                asked.id);
    answer.add("Retry-After", std::to_string(seconds));
    return answer;
}

std::optional<response> dispatcher::check_query(const request& asked) const {
    const auto& route = *asked.route;
    if (std::find(route.query.begin(), route.query.end(), "*") != route.query.end())
        return std::nullopt;
    for (std::size_t i = 0; i < asked.query.size(); ++i) {
        const auto& name = asked.query[i].first;
        if (std::find(route.query.begin(), route.query.end(), name) == route.query.end()) {
            const auto near = base::nearest(name, route.query);
            return problem(error("unknown_parameter",
                                 "the query parameter \"" + name + "\" is not known here" +
                                     (near.empty() ? std::string() : "; did you mean \"" + std::string(near) + "\"?")),
                           asked.id);
        }
    }
    return std::nullopt;
}

std::optional<response> dispatcher::check_type(const request& asked) const {
    if (asked.route->body == body_kind::none)
        return std::nullopt;
    const auto type = asked.header(field::content_type);
    if (is_json(type))
        return std::nullopt;
    auto answer = problem(
        error("unsupported_media_type", type.empty() ? "the Content-Type header is missing; send application/json"
                                                     : "only application/json in UTF-8 is understood here"),
        asked.id);
    answer.add("Accept", "application/json");
    return answer;
}

asio::awaitable<response> dispatcher::handle(request& asked) {
    if (auto done = prepare(asked))
        co_return std::move(*done);
    error failed;
    try {
        co_return co_await asked.route->run(asked);
    } catch (const std::exception& what) {
        failed = error("internal", what.what());
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        co_return problem(error("deadline", "the request took too long and was given up", true), asked.id);
    base::log::error("http", "a handler failed",
                     {{"request_id", asked.id}, {"route", asked.route->pattern}, {"reason", failed.message()}});
    co_return problem(error("internal", "the server failed to answer; its log says why under this request_id"),
                      asked.id);
}

void dispatcher::finished(const request& done, unsigned status, base::steady_time began) const {
    const auto took = time_.steady_now() - began;
    if (seen_)
        seen_(done, status, took);
    if (!base::log::enabled(base::log::level::debug))
        return;
    const auto target = done.target();
    base::log::debug("http", "request answered",
                     {{"id", done.id},
                      {"method", std::string(done.verb_text())},
                      {"path", std::string(target.substr(0, target.find('?')))},
                      {"status", std::to_string(status)},
                      {"took", base::to_text(took)},
                      {"peer", done.peer},
                      {"caller", done.identity ? done.identity->name : std::string()}});
}

} // namespace ferrule::http
