// What the check service shows.
#include "probes/check_service.hpp"

#include "base/json.hpp"
#include "model/check_json.hpp"
#include "probes/maintenance.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace ferrule::probes {

using base::json;
using base::wall_time;
using model::health;
using std::chrono::hours;

namespace {

// What people have to look at comes first.
int weight(health state) {
    switch (state) {
    case health::critical:
        return 5;
    case health::unreachable:
        return 4;
    case health::unknown:
        return 3;
    case health::warning:
        return 2;
    case health::pending:
        return 1;
    case health::ok:
        break;
    }
    return 0;
}

health worst_of(const live_check& of) {
    if (!of.what.definition->enabled)
        return health::pending;
    auto worst = health::ok;
    for (const auto& [name, each] : of.targets)
        if (weight(each.state.agreed().shown()) > weight(worst))
            worst = each.state.agreed().shown();
    return worst;
}

json machine_json(const check_state& of) {
    json value{{"state", model::to_text(of.shown())},
               {"settled", model::to_text(of.settled())},
               {"soft", of.is_soft()},
               {"attempt", of.attempt()},
               {"flapping", of.is_flapping()},
               {"reason", of.reason().empty() ? json() : json(of.reason())}};
    value["since"] = of.since() == wall_time{} ? json() : json(base::to_rfc3339(of.since()));
    value["last_at"] = of.last_at() ? json(base::to_rfc3339(*of.last_at())) : json();
    return value;
}

json acknowledged_json(const std::optional<acknowledgement>& said) {
    if (!said)
        return nullptr;
    json value{{"by", said->by}, {"comment", said->comment}, {"at", base::to_rfc3339(said->at)}};
    if (said->until)
        value["until"] = base::to_rfc3339(*said->until);
    return value;
}

} // namespace

health check_service::summary(const std::string& check) const {
    const std::lock_guard lock(mutex_);
    const auto at = live_.all().find(check);
    return at == live_.all().end() ? health::pending : worst_of(at->second);
}

json check_service::state_of(const live_check& of, const std::string& name, const live_target& target) const {
    auto value = machine_json(target.state.agreed());
    const auto around = live_.around(of, time_.wall_now()).around;
    const auto rules = rules_for(*of.what.definition, target.state.locations().size());
    const auto& counted = target.state.votes_now();
    value.erase("settled"); // the agreement has no attempts of its own
    value.erase("soft");
    value.erase("attempt");
    value["target"] = name;
    value["maintenance"] = around.maintenance;
    value["parents_up"] = around.reachable;
    value["acknowledged"] = acknowledged_json(target.acknowledged);
    value["votes"] = {{"state", model::to_text(counted.state)},
                      {"voters", counted.voters},
                      {"agreeing", counted.agreeing},
                      {"agree", rules.agree},
                      {"needed", rules.voters},
                      {"locations", target.state.locations().size()}};
    value["locations"] = json::array();
    for (const auto& [location, state] : target.state.locations()) {
        auto one = machine_json(state);
        one["location"] = location;
        one["connected"] = live_.cut_off().of(location).reached;
        const auto at = target.at.find(location);
        one["last"] = at != target.at.end() && at->second.last ? model::to_json(*at->second.last) : json();
        value["locations"].push_back(std::move(one));
    }
    return value;
}

json check_service::state_of(const live_check& of) const {
    json value{{"check", of.what.definition->name},
               {"enabled", of.what.definition->enabled},
               {"state", model::to_text(worst_of(of))},
               {"targets", json::array()},
               {"windows", json::array()}};
    for (const auto& [name, each] : of.targets)
        value["targets"].push_back(state_of(of, name, each));
    for (const auto& each : of.announced)
        if (!is_over(each, time_.wall_now()))
            value["windows"].push_back(model::to_json(each));
    return value;
}

result<json> check_service::state(const std::string& check) const {
    {
        const std::lock_guard lock(mutex_);
        const auto at = live_.all().find(check);
        if (at != live_.all().end())
            return state_of(at->second);
    }
    return book_.unknown(check);
}

// What is still in memory is written first, so that a page and those after it come from one place.
asio::awaitable<result<model::page<json>>> check_service::results(result_query wanted) {
    const auto of = book_.find(wanted.check);
    if (!of.definition)
        co_return book_.unknown(wanted.check);
    wanted.since = std::max(wanted.since, of.made_at);
    auto writing = asio::co_spawn(strand_, write(false), asio::use_awaitable);
    // What cannot be written is told by the log and waits in memory; what is on disk can be read all the same.
    (void)co_await std::move(writing);
    co_return co_await records_.results(std::move(wanted));
}

asio::awaitable<result<json>> check_service::figures(figures_query wanted) {
    const auto of = book_.find(wanted.check);
    if (!of.definition)
        co_return book_.unknown(wanted.check);
    const auto now = time_.wall_now();
    const auto from = std::max(std::chrono::ceil<std::chrono::milliseconds>(now - wanted.window), of.made_at);
    const wall_time remembered = std::chrono::floor<hours>(now - options_.memory.hours);
    figures_sum sum(wanted.by_target, wanted.by_location);
    if (from < remembered) {
        auto kept = co_await records_.hours(wanted.check, std::chrono::ceil<hours>(from), remembered);
        if (!kept)
            co_return kept.error();
        for (const auto& each : *kept)
            sum.add(each.target, each.location, each.figures, each.figures.start, each.figures.start + hours(1));
    }
    // Nothing lies after now, so the present hour counts as a whole.
    const wall_time until = std::chrono::floor<hours>(now) + hours(1);
    {
        const std::lock_guard lock(mutex_);
        const auto at = live_.all().find(wanted.check);
        if (at == live_.all().end())
            co_return book_.unknown(wanted.check);
        for (const auto& [target, each] : at->second.targets)
            for (const auto& [location, there] : each.at) {
                const auto part = there.history.window(std::max(from, remembered), until);
                if (part.from < part.until)
                    sum.add(target, location, part.total, part.from, std::min(part.until, now));
            }
    }
    json value{{"check", wanted.check},
               {"from", base::to_rfc3339(from)},
               {"until", base::to_rfc3339(now)},
               {"items", sum.to_json()}};
    co_return value;
}

} // namespace ferrule::probes
