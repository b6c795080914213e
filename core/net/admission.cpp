#include "net/admission.hpp"

#include <algorithm>

namespace ferrule::net {

admission::admission(settings wanted)
    : settings_(wanted) {}

std::size_t admission::fair_share() const noexcept {
    return std::max<std::size_t>(settings_.slots / 4, 1);
}

// The origin that has the largest part of the room, if it is one that could take it from others: several that act
// together are crowds too.
admission::crowd_map::const_iterator admission::crowd() const {
    const auto most = std::max_element(origins_.begin(), origins_.end(), [](const auto& one, const auto& other) {
        return one.second.waiting < other.second.waiting;
    });
    const auto small = std::max(fair_share(), settings_.room / 8);
    return most != origins_.end() && most->second.waiting > small ? most : origins_.end();
}

bool admission::has_room(base::steady_time now) const {
    return waiting() < settings_.room || choose_to_go(now).has_value();
}

admission::number admission::came(std::string origin, base::steady_time now) {
    if (waiting() >= settings_.room)
        if (const auto which = choose_to_go(now))
            evict(*which);
    const auto who = ++last_;
    ++origins_[origin].waiting;
    all_.emplace(who, caller{std::move(origin), phase::silent, now});
    silent_.insert(who);
    return who;
}

// Whether those who wait are let wait. Of a single origin: nobody is known to be behind them whom they keep out. Of
// several: whoever is behind them gets in soon.
bool admission::is_patient() const noexcept {
    return origins_.size() == 1 ? !stands_still_ : known_pass_ || known_ >= settings_.slots;
}

// Who makes place in a full room. Its numbers ascend with their arrival, so the first silent one is the oldest.
std::optional<admission::eviction> admission::choose_to_go(base::steady_time now) const {
    const auto patient = is_patient();
    if (patient && ready_.size() >= settings_.slots)
        return std::nullopt; // more of them would not be faster
    const auto from = crowd();
    const auto is_of_it = [&](number each) { return from == origins_.end() || all_.at(each).origin == from->first; };
    const auto oldest = std::find_if(silent_.begin(), silent_.end(), is_of_it);
    if (oldest != silent_.end() && now - all_.at(*oldest).since >= moment())
        return eviction{*oldest, reason::silent};
    // All of them speak: of the crowd the one that has waited least.
    if (from == origins_.end() || patient)
        return std::nullopt;
    const auto newest = std::find_if(ready_.rbegin(), ready_.rend(), is_of_it);
    return newest == ready_.rend() ? std::nullopt : std::optional(eviction{*newest, reason::crowd});
}

// A full room may be a herd of agents or those who want to be in the way: the slots tell.
void admission::watch_pace(base::steady_time now) {
    if (waiting() < settings_.room / 2) {
        watched_since_.reset();
        stands_still_ = false;
        known_pass_ = false;
        return;
    }
    if (watched_since_ && now - *watched_since_ < pace())
        return;
    stands_still_ = watched_since_ && turned_over_ < settings_.slots;
    known_pass_ = watched_since_ && known_ >= settings_.slots;
    watched_since_ = now;
    turned_over_ = 0;
    known_ = 0;
}

void admission::spoke(number who) {
    const auto at = all_.find(who);
    if (at == all_.end() || at->second.what != phase::silent)
        return;
    silent_.erase(who);
    at->second.what = phase::ready;
    ready_.push_back(who);
}

void admission::gone(number who, bool known) {
    if (const auto at = all_.find(who); at != all_.end() && at->second.what == phase::admitted) {
        ++turned_over_;
        known_ += known ? 1U : 0U;
    }
    forget(who);
}

void admission::forget(number who) {
    const auto at = all_.find(who);
    if (at == all_.end())
        return;
    const auto& about = at->second;
    const auto of = origins_.find(about.origin);
    switch (about.what) {
    case phase::silent:
        silent_.erase(who);
        --of->second.waiting;
        break;
    case phase::ready:
        std::erase(ready_, who);
        --of->second.waiting;
        break;
    case phase::admitted:
        admitted_.erase({about.since, who});
        --of->second.admitted;
    }
    if (of->second.waiting + of->second.admitted == 0)
        origins_.erase(of);
    all_.erase(at);
}

void admission::evict(const eviction& which) {
    forget(which.who);
    evicted_.push_back(which);
}

// The first whose origin has less than its share of the slots, or else the first.
std::optional<admission::number> admission::choose_ready(bool& fair) const {
    const auto chosen = std::find_if(ready_.begin(), ready_.end(), [this](number each) {
        return origins_.at(all_.at(each).origin).admitted < fair_share();
    });
    fair = chosen != ready_.end();
    if (fair)
        return *chosen;
    return ready_.empty() ? std::nullopt : std::optional(ready_.front());
}

std::optional<admission::eviction> admission::choose_victim(bool fair, base::steady_time now) const {
    if (fair && !is_patient()) // else the next slot is free at once, and is theirs
        for (const auto& [since, who] : admitted_)
            if (origins_.at(all_.at(who).origin).admitted > fair_share())
                return eviction{who, reason::share};
    const auto& [since, oldest] = *admitted_.begin();
    return now - since >= settings_.patience ? std::optional(eviction{oldest, reason::slow}) : std::nullopt;
}

admission::step admission::next(base::steady_time now) {
    step out;
    while (!silent_.empty() && now - all_.at(*silent_.begin()).since >= settings_.silence)
        evict({*silent_.begin(), reason::silent});
    bool fair = false;
    while (const auto chosen = choose_ready(fair)) {
        if (admitted_.size() >= settings_.slots) {
            const auto victim = choose_victim(fair, now);
            if (!victim)
                break;
            evict(*victim);
        }
        std::erase(ready_, *chosen);
        auto& about = all_.at(*chosen);
        auto& of = origins_.at(about.origin);
        --of.waiting;
        ++of.admitted;
        about.what = phase::admitted;
        about.since = now;
        admitted_.emplace(now, *chosen);
        out.admitted.push_back(*chosen);
    }
    watch_pace(now);
    out.evicted = std::exchange(evicted_, {});
    return out;
}

std::optional<base::steady_time> admission::next_at(base::steady_time now) const {
    std::optional<base::steady_time> when;
    const auto at_last = [&when](base::steady_time then) { when = when ? std::min(*when, then) : then; };
    if (!silent_.empty())
        at_last(all_.at(*silent_.begin()).since + settings_.silence);
    if (!ready_.empty() && !admitted_.empty())
        at_last(admitted_.begin()->first + settings_.patience);
    if (has_room(now))
        return when;
    for (const auto each : silent_)
        if (const auto known = all_.at(each).since + moment(); known > now) {
            at_last(known);
            break;
        }
    if (watched_since_)
        at_last(*watched_since_ + pace());
    return when;
}

} // namespace ferrule::net
