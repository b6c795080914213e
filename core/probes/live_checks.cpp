#include "probes/live_checks.hpp"

#include "probes/judge.hpp"
#include "probes/maintenance.hpp"
#include "probes/reachability.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::probes {

using base::wall_time;
using model::health;

namespace {

constexpr auto farthest_look = std::chrono::days(30); // windows may lie where nanoseconds no longer reach

// The heap compares times only, so those of the wall clock will do.
base::steady_time heap_time(wall_time at) {
    return base::steady_time(at.time_since_epoch());
}

wall_time wall_of(base::steady_time at) {
    return wall_time(std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()));
}

health known_state(const check_state& of) {
    return of.is_unreachable() ? health::unreachable : of.settled();
}

// Whether others have to look because of it.
bool matters_to_children(const transition& each) {
    return each.location.empty() && each.what != change::soft && each.what != change::released;
}

} // namespace

// `from`: as that location sees it, where it watches the parent as well.
bool live_checks::reachable(const model::check& of, const std::string* from) const {
    if (of.depends_on.empty())
        return true;
    const auto state = [&](const std::string& check, const std::string& target) {
        const auto parent = checks_.find(check);
        if (parent == checks_.end() || !parent->second.what.definition->enabled)
            return health::pending;
        const auto at = parent->second.targets.find(target);
        if (at == parent->second.targets.end())
            return health::pending;
        const auto& watched = at->second.state;
        if (from != nullptr)
            if (const auto there = watched.locations().find(*from); there != watched.locations().end())
                return known_state(there->second);
        return known_state(watched.agreed());
    };
    const auto targets = [this](const std::string& check) {
        names all;
        if (const auto at = checks_.find(check); at != checks_.end() && at->second.what.definition->enabled)
            for (const auto& [name, each] : at->second.targets)
                all.push_back(name);
        return all;
    };
    return is_reachable(of.depends_on, state, targets);
}

watched_target::view live_checks::around(const live_check& of, wall_time now) const {
    watched_target::view seen;
    seen.around.reachable = reachable(*of.what.definition, nullptr);
    seen.around.maintenance = in_maintenance(of.windows, now);
    seen.cut_off = &cut_off_;
    return seen;
}

location_history* live_checks::history_of(const model::sample& found) {
    auto* target = find(found.check, found.target);
    if (target == nullptr || !target->state.locations().contains(found.node))
        return nullptr;
    return &target->at.try_emplace(found.node, limits_).first->second;
}

live_checks::taken live_checks::take(const model::sample& found, wall_time now, std::vector<transition>& into) {
    auto* const there = history_of(found);
    if (there == nullptr)
        return {fate::stray, {}};
    const auto at = std::min(found.at, now);
    there->history.forget_after(now);
    if (!there->history.is_new(at))
        return {fate::repeated, {}};
    auto& check = checks_.at(found.check);
    auto& target = check.targets.at(found.target);
    const auto& definition = *check.what.definition;
    const auto judged = judge(definition, found);
    auto measured = measure(definition, found, judged, in_maintenance(check.windows, at));
    measured.at = at;
    there->history.add(measured, now);
    if (!there->last || there->last->at < at || there->last->at > now)
        there->last = found;
    const auto from = into.size();
    auto made = target.state.take(found.node, judged, at, reachable(definition, &found.node), around(check, now), now);
    std::move(made.begin(), made.end(), std::back_inserter(into));
    target.changed = true;
    settle(target, now);
    plan(check, target, now);
    follow(check, from, now, into);
    return {fate::taken, measured};
}

void live_checks::recall(const model::sample& found, wall_time now) {
    auto* const there = history_of(found);
    if (there == nullptr || !there->history.is_new(found.at))
        return;
    const auto& check = checks_.at(found.check);
    const auto& definition = *check.what.definition;
    there->history.recall(measure(definition, found, judge(definition, found), in_maintenance(check.windows, found.at)),
                          now);
    if (!there->last || there->last->at < found.at)
        there->last = found;
}

void live_checks::look(wall_time now, std::vector<transition>& into) {
    while (!looks_.empty() && wall_of(looks_.first_time()) <= now) {
        const auto slot = looks_.first();
        looks_.remove(slot);
        auto& check = checks_.at(slots_[slot].first);
        look_at(check, check.targets.at(slots_[slot].second), now, into);
    }
}

void live_checks::look_from(const std::string& location, wall_time now, std::vector<transition>& into) {
    for (auto& [name, check] : checks_)
        for (auto& [target, each] : check.targets)
            if (each.state.locations().contains(location))
                look_at(check, each, now, into);
}

void live_checks::look_at(const std::string& check, wall_time now, std::vector<transition>& into) {
    if (const auto at = checks_.find(check); at != checks_.end())
        for (auto& [target, each] : at->second.targets)
            look_at(at->second, each, now, into);
}

void live_checks::look_at(live_check& of, live_target& target, wall_time now, std::vector<transition>& into) {
    if (!of.what.definition->enabled)
        return;
    const auto from = into.size();
    auto made = target.state.look(around(of, now), now);
    std::move(made.begin(), made.end(), std::back_inserter(into));
    target.changed = target.changed || into.size() != from;
    settle(target, now);
    looks_.remove(target.slot);
    plan(of, target, now);
    follow(of, from, now, into);
}

// What depends on a target looks again when that is down or up again. Dependencies have no way back, so this ends.
void live_checks::follow(const live_check& of, std::size_t from, wall_time now, std::vector<transition>& into) {
    if (std::none_of(into.begin() + static_cast<std::ptrdiff_t>(from), into.end(), matters_to_children))
        return;
    for (auto& [name, child] : checks_)
        for (const auto& parent : child.what.definition->depends_on)
            if (parent.check == of.what.definition->name) {
                look_at(name, now, into);
                break;
            }
}

// An acknowledgement ends with its problem or its time.
void live_checks::settle(live_target& target, wall_time now) {
    auto& said = target.acknowledged;
    if (!said || (!model::is_fine(target.state.agreed().shown()) && (!said->until || *said->until > now)))
        return;
    said.reset();
    target.changed = true;
}

// A look that is planned too early finds nothing and plans the next, so only what is not planned need be thought of.
void live_checks::plan(const live_check& of, live_target& target, wall_time now) {
    auto next = target.state.next_look(now);
    const auto offer = [&next](std::optional<wall_time> at) {
        if (at && (!next || *at < *next))
            next = at;
    };
    offer(next_edge(of.windows, now));
    if (target.acknowledged)
        offer(target.acknowledged->until);
    if (next && of.what.definition->enabled)
        looks_.set(target.slot,
                   heap_time(std::clamp<wall_time>(*next, now + std::chrono::milliseconds(1), now + farthest_look)));
    else
        looks_.remove(target.slot);
}

std::optional<wall_time> live_checks::next_look() const {
    if (looks_.empty())
        return std::nullopt;
    return wall_of(looks_.first_time());
}

live_target* live_checks::find(const std::string& check, const std::string& target) {
    const auto of = checks_.find(check);
    if (of == checks_.end())
        return nullptr;
    const auto at = of->second.targets.find(target);
    return at == of->second.targets.end() ? nullptr : &at->second;
}

} // namespace ferrule::probes
