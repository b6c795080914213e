// What people ask of checks: to measure now, maintenance, acknowledgements.
#include "probes/check_service.hpp"

#include "base/json.hpp"
#include "probes/maintenance.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace ferrule::probes {

namespace {

constexpr std::size_t most_windows = 100; // announced for one check; each result looks through them

error no_target(const std::string& check, const std::string& target) {
    return error("target_not_found", "the check \"" + check + "\" has no target " + base::dump(base::json(target)));
}

} // namespace

// Called with the lock held.
result<std::vector<std::string>> check_service::targets_of(const std::string& check, const std::string& target) const {
    const auto at = live_.all().find(check);
    if (at == live_.all().end())
        return error("check_not_found", "there is no check \"" + check + "\"");
    std::vector<std::string> names;
    for (const auto& [name, each] : at->second.targets)
        if (target.empty() || target == name)
            names.push_back(name);
    if (names.empty())
        return no_target(check, target);
    return names;
}

result<std::vector<std::pair<std::string, std::string>>> check_service::run_now(const std::string& check,
                                                                                const std::string& target) {
    std::vector<std::pair<std::string, std::string>> places;
    {
        const std::lock_guard lock(mutex_);
        const auto names = targets_of(check, target);
        if (!names)
            return names.error();
        if (!live_.all().at(check).what.definition->enabled)
            return error("check_disabled", "the check \"" + check + "\" is not enabled");
        for (const auto& name : *names)
            for (const auto& [location, state] : live_.find(check, name)->state.locations())
                places.emplace_back(name, location);
    }
    if (ask_)
        for (const auto& [name, location] : places)
            ask_(location, check, name);
    return places;
}

asio::awaitable<result<void>> check_service::announce(std::string check, model::maintenance_window when) {
    if (!book_.find(check).definition)
        co_return book_.unknown(check);
    const auto* const fixed = std::get_if<model::fixed_window>(&when.when);
    if (fixed != nullptr && fixed->until <= time_.wall_now())
        co_return error("invalid_request", "until: the window is over already; give a time that is still to come");
    std::vector<std::string> over;
    {
        const std::lock_guard lock(mutex_);
        const auto at = live_.all().find(check);
        if (at == live_.all().end()) // it went meanwhile
            co_return book_.unknown(check);
        const auto now = time_.wall_now();
        std::size_t others = 0;
        for (const auto& each : at->second.announced)
            if (is_over(each, now) && each.name != when.name)
                over.push_back(each.name);
            else if (each.name != when.name)
                ++others;
        if (others >= most_windows)
            co_return error("invalid_request", "for the check \"" + check + "\" " + std::to_string(most_windows) +
                                                   " windows are announced, more are not taken; remove some, or give "
                                                   "one that comes every week");
    }
    std::vector<store::record> kept;
    for (const auto& each : over)
        records_.drop_window(check, each, kept);
    records_.put_window(check, when, kept);
    auto written = co_await records_.write(std::move(kept));
    if (!written)
        co_return written.error();
    const std::lock_guard lock(mutex_);
    for (const auto& each : over)
        live_.announce(check, each, std::nullopt);
    const auto name = when.name;
    live_.announce(check, name, std::move(when));
    transitions made;
    live_.look_at(check, time_.wall_now(), made);
    changed(std::move(made));
    plan_look();
    co_return ok();
}

asio::awaitable<result<void>> check_service::withdraw(std::string check, std::string window) {
    if (!book_.find(check).definition)
        co_return book_.unknown(check);
    {
        const std::lock_guard lock(mutex_);
        const auto at = live_.all().find(check);
        if (at == live_.all().end()) // it went meanwhile
            co_return book_.unknown(check);
        const auto& announced = at->second.announced;
        if (std::none_of(announced.begin(), announced.end(),
                         [&window](const auto& each) { return each.name == window; }))
            co_return error("window_not_found", "no window \"" + window + "\" was announced for the check \"" + check +
                                                    "\"; those of its definition are changed there");
    }
    std::vector<store::record> gone;
    records_.drop_window(check, window, gone);
    auto written = co_await records_.write(std::move(gone));
    if (!written)
        co_return written.error();
    const std::lock_guard lock(mutex_);
    live_.announce(check, window, std::nullopt);
    transitions made;
    live_.look_at(check, time_.wall_now(), made);
    changed(std::move(made));
    plan_look();
    co_return ok();
}

asio::awaitable<result<void>> check_service::acknowledge(std::string check, std::string target, acknowledgement said) {
    std::vector<std::string> met;
    {
        const std::lock_guard lock(mutex_);
        const auto names = targets_of(check, target);
        if (!names)
            co_return names.error();
        for (const auto& name : *names) {
            auto& of = *live_.find(check, name);
            if (model::is_fine(of.state.agreed().shown()))
                continue;
            of.acknowledged = said;
            of.changed = true;
            met.push_back(name);
        }
        if (met.empty())
            co_return error("no_problem", "there is no problem to acknowledge");
        transitions made;
        live_.look_at(check, time_.wall_now(), made);
        changed(std::move(made));
        plan_look();
    }
    auto writing = asio::co_spawn(strand_, write_states(std::move(check), std::move(met)), asio::use_awaitable);
    co_return co_await std::move(writing);
}

asio::awaitable<result<void>> check_service::take_back(std::string check, std::string target) {
    std::vector<std::string> met;
    {
        const std::lock_guard lock(mutex_);
        const auto names = targets_of(check, target);
        if (!names)
            co_return names.error();
        for (const auto& name : *names) {
            auto& of = *live_.find(check, name);
            of.acknowledged.reset();
            of.changed = true;
        }
        met = *names;
    }
    auto writing = asio::co_spawn(strand_, write_states(std::move(check), std::move(met)), asio::use_awaitable);
    co_return co_await std::move(writing);
}

} // namespace ferrule::probes
