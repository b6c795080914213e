// POST /api/v1/probes/run: measures at once, without a check.
#include "api/parameters.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"
#include "api/sse.hpp"
#include "api/waiting.hpp"

#include "base/json.hpp"
#include "model/check_json.hpp"
#include "probes/judge.hpp"
#include "probes/one_off.hpp"
#include "probes/rollup.hpp"

#include <boost/asio/this_coro.hpp>

#include <map>

namespace ferrule::api {

using base::json;
using http::request;
using http::response;
using probes::one_off_run;

namespace {

/// What came of each place, summed up.
class place_sums {
  public:
    void add(const probes::one_off_sample& one) {
        const auto& found = one.found;
        const model::check plain;
        auto& into = sums_[{found.target, found.node}];
        into.add(probes::measure(plain, found, probes::judge(plain, found), false));
    }

    [[nodiscard]] json to_json(const std::vector<probes::one_off_place>& places) const {
        json list = json::array();
        for (const auto& each : places) {
            const auto at = sums_.find({each.target, each.node});
            auto one = probes::figures_json(at == sums_.end() ? probes::rollup() : at->second);
            one.erase("excused");
            one["target"] = each.target;
            one["node"] = each.node;
            list.push_back(std::move(one));
        }
        return list;
    }

  private:
    std::map<std::pair<std::string, std::string>, probes::rollup> sums_;
};

json sample_json(const probes::one_off_sample& one) {
    auto value = model::to_json(one.found);
    value.erase("check");
    value.erase("lag_ms");
    value["round"] = one.round;
    return value;
}

json begin_json(const probes::one_off_request& wanted, const one_off_run& run) {
    json places = json::array();
    for (const auto& each : run.places())
        places.push_back({{"target", each.target}, {"node", each.node}});
    return json{{"probe", wanted.probe},
                {"count", wanted.count},
                {"interval", base::to_text(wanted.interval)},
                {"places", std::move(places)}};
}

asio::awaitable<void> follow_run(services over, caller who, probes::one_off_request wanted, http::body_writer& out) {
    const auto on = co_await asio::this_coro::executor;
    auto shown = wanted;
    auto begun = over.one_off.begin(std::move(wanted), on);
    std::string text;
    if (!begun) {
        append_event(text, "error", base::dump(base::to_json(begun.error())));
        (void)co_await out.write(std::move(text));
        co_return;
    }
    const auto run = std::move(*begun);
    append_event(text, "begin", base::dump(begin_json(shown, *run)));
    place_sums sums;
    while (!run->ended()) {
        const auto sent = co_await out.write(std::move(text));
        if (!sent)
            co_return;
        text.clear();
        const auto found = co_await run->next(over.time.steady_now() + heartbeat);
        if (!may_go_on(over, who))
            co_return;
        for (const auto& each : found) {
            sums.add(each);
            append_event(text, "sample", base::dump(sample_json(each)));
        }
        if (found.empty() && !run->ended())
            text = heartbeat_text;
    }
    append_event(text, "end", base::dump(json{{"figures", sums.to_json(run->places())}}));
    (void)co_await out.write(std::move(text));
}

class probe_run_routes {
  public:
    probe_run_routes(const services& over, base::duration most_wait)
        : over_(over)
        , most_wait_(most_wait) {}

    asio::awaitable<response> run(const request& asked) {
        parameter_reader parameters(asked);
        const auto wait = parameters.time_span("wait", most_wait_).value_or(most_wait_);
        if (parameters.fault())
            co_return problem_reply(asked, *parameters.fault());
        const auto body = read_body(asked);
        if (!body)
            co_return problem_reply(asked, body.error());
        auto wanted = probes::one_off_from_json(*body);
        if (!wanted)
            co_return problem_reply(asked, wanted.error());
        if (const auto refused = borrowed(asked, *wanted))
            co_return problem_reply(asked, *refused);
        if (asked.header("accept").find("text/event-stream") != std::string_view::npos)
            co_return stream(asked, std::move(*wanted));
        co_return co_await collect(asked, std::move(*wanted), wait);
    }

  private:
    // Whoever may only say what to measure must not have files of the node read, or speak with its keys.
    [[nodiscard]] std::optional<error> borrowed(const request& asked, const probes::one_off_request& wanted) const {
        if (!asked.identity || asked.identity->may == model::role::admin)
            return std::nullopt;
        const auto look = [&](const std::string& settings, const std::string& place) -> std::optional<error> {
            if (settings.empty())
                return std::nullopt;
            const auto found = over_.plugins.local_option("probe", wanted.probe, json::parse(settings, nullptr, false));
            if (!found)
                return std::nullopt;
            return error("forbidden", place + "." + *found +
                                          ": names something of the node's machine, which needs the "
                                          "role admin: leave it out");
        };
        if (auto refused = look(wanted.settings, "settings"))
            return refused;
        for (std::size_t i = 0; i < wanted.targets.size(); ++i)
            if (auto refused = look(wanted.targets[i].settings, "targets[" + std::to_string(i) + "].settings"))
                return refused;
        return std::nullopt;
    }

    // What is wrong is told before the stream begins, with a status.
    response stream(const request& asked, probes::one_off_request wanted) {
        if (const auto possible = over_.one_off.check(wanted); !possible)
            return problem_reply(asked, possible.error());
        http::stream_body body = [over = over_, who = asked.identity, wanted = std::move(wanted)](
                                     http::body_writer& out) { return follow_run(over, who, wanted, out); };
        return response(200, http::sse_fields, std::move(body));
    }

    asio::awaitable<response> collect(const request& asked, probes::one_off_request wanted, base::duration wait) {
        const auto on = co_await asio::this_coro::executor;
        const auto shown = wanted;
        auto begun = over_.one_off.begin(std::move(wanted), on);
        if (!begun)
            co_return problem_reply(asked, begun.error());
        const auto run = std::move(*begun);
        place_sums sums;
        json samples = json::array();
        co_await while_asked(asked, gather(*run, wait, sums, samples));
        auto answer = begin_json(shown, *run);
        answer["complete"] = run->ended();
        answer["samples"] = std::move(samples);
        answer["figures"] = sums.to_json(run->places());
        co_return json_reply(200, answer);
    }

    asio::awaitable<void> gather(one_off_run& run, base::duration wait, place_sums& sums, json& samples) {
        const auto deadline = over_.time.steady_now() + wait;
        while (!run.ended()) {
            const auto found = co_await run.next(deadline);
            for (const auto& each : found) {
                sums.add(each);
                samples.push_back(sample_json(each));
            }
            if (found.empty() && !run.ended())
                break;
        }
    }

    const services over_;
    const base::duration most_wait_;
};

} // namespace

void add_probe_runs(endpoints& to, const services& over, const config::http_settings& wanted) {
    const auto routes = std::make_shared<probe_run_routes>(over, wanted.max_wait);
    endpoint made;
    made.verb = http::method::post;
    made.path = "/api/v1/probes/run";
    made.needs = http::access::operator_;
    made.tag = "probes";
    made.summary = "Measure at once, from this node or others; with `Accept: text/event-stream` as a stream of begin, "
                   "sample and end";
    made.query = {{"wait",
                   "How long to wait for the end, such as `10s`; at most and without it " +
                       base::to_text(wanted.max_wait) + ". What is under way then is given up",
                   R"({"type":"string","examples":["10s"]})"}};
    made.body = "ProbeRequest";
    made.answers = {{200, "What was measured", "ProbeRun"}};
    made.problems = {404, 413, 415, 422};
    made.run = bind(routes, &probe_run_routes::run);
    to.push_back(std::move(made));
}

} // namespace ferrule::api
