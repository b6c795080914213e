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

bool admission::has_room() const {
    return waiting() < settings_.room || !silent_.empty() || crowd() != origins_.end();
}

admission::number admission::came(std::string origin, base::steady_time now) {
    if (waiting() >= settings_.room)
        make_place();
    const auto who = ++last_;
    ++origins_[origin].waiting;
    all_.emplace(who, caller{std::move(origin), phase::silent, now});
    silent_.insert(who);
    return who;
}

void admission::make_place() {
    const auto from = crowd();
    const auto is_of_it = [&](number each) { return from == origins_.end() || all_.at(each).origin == from->first; };
    if (const auto oldest = std::find_if(silent_.begin(), silent_.end(), is_of_it); oldest != silent_.end())
        return evict(*oldest);
    // All of them speak: of the crowd the one that has waited least.
    if (from == origins_.end())
        return;
    if (const auto newest = std::find_if(ready_.rbegin(), ready_.rend(), is_of_it); newest != ready_.rend())
        evict(*newest);
}

void admission::spoke(number who) {
    const auto at = all_.find(who);
    if (at == all_.end() || at->second.what != phase::silent)
        return;
    silent_.erase(who);
    at->second.what = phase::ready;
    ready_.push_back(who);
}

void admission::gone(number who) {
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

void admission::evict(number who) {
    gone(who);
    evicted_.push_back(who);
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

std::optional<admission::number> admission::choose_victim(bool fair, base::steady_time now) const {
    if (fair)
        for (const auto& [since, who] : admitted_)
            if (origins_.at(all_.at(who).origin).admitted > fair_share())
                return who;
    const auto& [since, oldest] = *admitted_.begin();
    return now - since >= settings_.patience ? std::optional(oldest) : std::nullopt;
}

admission::step admission::next(base::steady_time now) {
    step out;
    while (!silent_.empty() && now - all_.at(*silent_.begin()).since >= settings_.silence)
        evict(*silent_.begin());
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
    out.evicted = std::exchange(evicted_, {});
    return out;
}

std::optional<base::steady_time> admission::next_at() const {
    std::optional<base::steady_time> when;
    if (!silent_.empty())
        when = all_.at(*silent_.begin()).since + settings_.silence;
    if (!ready_.empty() && !admitted_.empty()) {
        const auto taken = admitted_.begin()->first + settings_.patience;
        when = when ? std::min(*when, taken) : taken;
    }
    return when;
}

} // namespace ferrule::net
