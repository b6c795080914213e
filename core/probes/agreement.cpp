#include "probes/agreement.hpp"

#include <algorithm>

namespace ferrule::probes {

using base::wall_time;
using model::health;

namespace {

// The grid of wall times is coarser than durations; a vote lives at least as long as it should.
std::chrono::milliseconds whole(base::duration span) noexcept {
    return std::chrono::ceil<std::chrono::milliseconds>(span);
}

bool is_vote(health state) noexcept {
    return state == health::ok || state == health::warning || state == health::critical;
}

// Said of a location that votes no more: its problem may still be there.
bool is_remembered(const ballot& cast, const agreement_rules& rules, wall_time now) noexcept {
    return cast.believed && is_vote(cast.state) && now - cast.at <= whole(rules.memory);
}

// The worst level that so many votes reach; ok when none.
health worst_with(std::uint32_t critical, std::uint32_t bad, std::uint32_t needed) noexcept {
    if (critical >= needed)
        return health::critical;
    return bad >= needed ? health::warning : health::ok;
}

} // namespace

agreement_rules rules_for(const model::check& of, std::size_t locations) {
    agreement_rules made;
    made.agree = of.agreement.agree.value_or(static_cast<std::uint32_t>(locations / 2 + 1));
    made.voters = of.agreement.voters.value_or(made.agree);
    made.lifetime = of.agreement.vote_lifetime.value_or(2 * of.interval + model::time_limit(of));
    made.memory = 3 * made.lifetime;
    return made;
}

bool votes(const ballot& cast, const agreement_rules& rules, wall_time now) noexcept {
    return cast.anchored && cast.believed && is_vote(cast.state) && now - cast.at <= whole(rules.lifetime);
}

tally count_votes(std::span<const ballot> ballots, const agreement_rules& rules, health last_known,
                  wall_time now) noexcept {
    tally counted;
    std::uint32_t critical = 0;
    std::uint32_t bad = 0; // critical included
    std::uint32_t silent_critical = 0;
    std::uint32_t silent_bad = 0;
    for (const auto& each : ballots) {
        const bool is_critical = each.state == health::critical;
        const bool is_bad = is_critical || each.state == health::warning;
        if (votes(each, rules, now)) {
            ++counted.voters;
            critical += is_critical ? 1 : 0;
            bad += is_bad ? 1 : 0;
        } else if (is_remembered(each, rules, now)) {
            silent_critical += is_critical ? 1 : 0;
            silent_bad += is_bad ? 1 : 0;
        }
    }
    if (counted.voters < std::max<std::uint32_t>(rules.voters, 1))
        return counted;
    const auto needed = std::max<std::uint32_t>(rules.agree, 1);
    const auto proven = worst_with(critical, bad, needed);
    const auto possible = worst_with(critical + silent_critical, bad + silent_bad, needed);
    // ok < warning < critical; what is neither is no reason to keep a problem.
    const auto kept = is_vote(last_known) ? std::min(last_known, possible) : health::ok;
    counted.state = std::max(proven, kept);
    if (counted.state == health::critical)
        counted.agreeing = critical;
    else
        counted.agreeing = counted.state == health::warning ? bad : counted.voters - bad;
    return counted;
}

std::optional<wall_time> next_expiry(std::span<const ballot> ballots, const agreement_rules& rules,
                                     wall_time now) noexcept {
    std::optional<wall_time> next;
    for (const auto& each : ballots) {
        if (!is_vote(each.state))
            continue;
        for (const auto span : {rules.lifetime, rules.memory}) {
            const auto at = each.at + whole(span) + std::chrono::milliseconds(1); // it counts up to and with its end
            if (at > now && (!next || at < *next))
                next = at;
        }
    }
    return next;
}

} // namespace ferrule::probes
