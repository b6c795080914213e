#include "probes/check_state.hpp"

#include <algorithm>

namespace ferrule::probes {

using model::health;

namespace {

bool fails(health state) noexcept {
    return state == health::critical || state == health::unknown;
}

} // namespace

std::vector<transition> check_state::take(const verdict& found, base::wall_time at, const surroundings& around) {
    changes made;
    if (last_at_ && at < *last_at_)
        return made;
    last_at_ = at;
    if (!around.reachable && fails(found.state)) {
        reason_ = found.reason;
        if (!unreachable_)
            enter_unreachable(made, at);
        follow_flapping(around, at, made);
        return made;
    }
    const bool changed = state_ != health::pending && found.state != state_;
    history_.add(changed, rules_.flapping);
    advance(found, at, around, made);
    follow_flapping(around, at, made);
    release(around, at, made);
    return made;
}

std::vector<transition> check_state::look(base::wall_time at, const surroundings& around) {
    changes made;
    // A problem that nobody has heard of yet is explained by the parent; one that was told stays until the next result.
    if (!around.reachable && !unreachable_ && fails(state_) && (soft_ || untold()))
        enter_unreachable(made, at);
    follow_flapping(around, at, made);
    release(around, at, made);
    return made;
}

void check_state::not_after(base::wall_time now) noexcept {
    if (last_at_ && *last_at_ > now)
        last_at_ = now - std::chrono::milliseconds(1);
}

void check_state::enter_unreachable(changes& into, base::wall_time at) {
    auto entered = make(change::unreachable, shown(), health::unreachable, at);
    entered.by = held_back::unreachable;
    into.push_back(std::move(entered));
    unreachable_ = true;
    since_ = at;
    // An attempt that the parent explains says nothing; a settled state stands until there is a result of its own.
    if (soft_) {
        soft_ = false;
        attempt_ = 1;
        state_ = settled_;
    }
}

void check_state::advance(const verdict& found, base::wall_time at, const surroundings& around, changes& into) {
    const auto before = shown();
    const auto settled_before = settled_;
    const auto attempt_before = attempt_;
    const bool was_soft = soft_;
    if (found.state == health::ok) {
        soft_ = false;
        attempt_ = 1;
    } else if (model::is_fine(state_)) {
        soft_ = rules_.max_attempts > 1;
        attempt_ = 1;
    } else if (was_soft) {
        attempt_ = std::min(attempt_ + 1, rules_.max_attempts);
        soft_ = attempt_ < rules_.max_attempts;
    }
    unreachable_ = false;
    state_ = found.state;
    reason_ = found.reason;
    if (!soft_)
        settled_ = state_;
    if (before != shown())
        since_ = at;
    if (settled_ != settled_before) {
        auto settled = make(change::hard, settled_before, settled_, at);
        settled.by = reason_for_silence(around);
        // Flapping that begins with this result silences it already.
        if (settled.by == held_back::nothing && history_.is_flapping())
            settled.by = held_back::flapping;
        if (settled.by == held_back::nothing && !untold())
            settled.by = held_back::known;
        if (settled.notifies() || settled.by == held_back::known)
            announced_ = settled_;
        into.push_back(std::move(settled));
    } else if (before != state_ || (soft_ && attempt_ != attempt_before)) {
        auto passing = make(change::soft, before, state_, at);
        passing.by = held_back::soft;
        into.push_back(std::move(passing));
    }
}

void check_state::follow_flapping(const surroundings& around, base::wall_time at, changes& into) {
    const bool now = history_.is_flapping() || around.flapping;
    if (now == flaps_)
        return;
    auto turned = make(now ? change::flapping_started : change::flapping_ended, shown(), shown(), at);
    flaps_ = false; // it does not silence its own end
    turned.by = reason_for_silence({around.reachable, around.maintenance, false});
    flaps_ = now;
    into.push_back(std::move(turned));
}

void check_state::release(const surroundings& around, base::wall_time at, changes& into) {
    if (soft_ || !untold() || reason_for_silence(around) != held_back::nothing)
        return;
    auto told = make(change::released, announced_, settled_, at);
    announced_ = settled_;
    into.push_back(std::move(told));
}

// Pending and ok are the same to those who are told.
bool check_state::untold() const noexcept {
    return settled_ != announced_ && !(model::is_fine(settled_) && model::is_fine(announced_));
}

held_back check_state::reason_for_silence(const surroundings& around) const noexcept {
    if (around.maintenance)
        return held_back::maintenance;
    if (unreachable_ || (!around.reachable && fails(settled_)))
        return held_back::unreachable;
    if (flaps_ || around.flapping)
        return held_back::flapping;
    return held_back::nothing;
}

transition check_state::make(change what, health from, health to, base::wall_time at) const {
    transition made;
    made.what = what;
    made.from = from;
    made.to = to;
    made.attempt = attempt_;
    made.max_attempts = rules_.max_attempts;
    made.at = at;
    made.reason = reason_;
    return made;
}

} // namespace ferrule::probes
