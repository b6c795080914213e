#include "probes/watched_target.hpp"

#include <algorithm>

namespace ferrule::probes {

using base::wall_time;
using model::health;

namespace {

// Votes are settled already, and locations tell themselves whether they flap.
constexpr state_rules agreed_rules{1, {false, 100, 100}};

state_rules rules_of(const model::check& of) {
    return {of.max_attempts, of.flapping};
}

// In which too few votes say nothing: after a restart locations come back one by one, however short a vote lives.
base::wall_time::duration beginning(const agreement_rules& rules) {
    constexpr auto all_back = std::chrono::seconds(20);
    return std::chrono::ceil<base::wall_time::duration>(std::max<base::duration>(rules.lifetime, all_back));
}

std::string plural(std::uint32_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

} // namespace

watched_target::watched_target(const model::check& of, std::string target, std::span<const std::string> locations,
                               wall_time since)
    : target_(std::move(target))
    , agreed_(agreed_rules)
    , since_(since) {
    change(of, locations);
}

void watched_target::change(const model::check& of, std::span<const std::string> locations) {
    check_ = of.name;
    location_rules_ = rules_of(of);
    rules_ = rules_for(of, locations.size());
    std::erase_if(locations_, [&](const auto& each) {
        return std::find(locations.begin(), locations.end(), each.first) == locations.end();
    });
    for (const auto& name : locations)
        locations_.try_emplace(name, location_rules_).first->second.change_rules(location_rules_);
}

std::vector<transition> watched_target::take(const std::string& location, const verdict& found, wall_time at,
                                             bool reachable_there, const view& seen, wall_time now) {
    changes made;
    const auto watching = locations_.find(location);
    if (watching == locations_.end())
        return made;
    auto& there = watching->second;
    const auto when = std::min(at, now);
    there.not_after(now);
    if (there.last_at() && when <= *there.last_at())
        return made;
    surroundings around;
    around.reachable = reachable_there;
    around.maintenance = seen.around.maintenance;
    add(made, there.take(found, when, around), location);
    decide(seen, now, made);
    return made;
}

std::vector<transition> watched_target::look(const view& seen, wall_time now) {
    changes made;
    decide(seen, now, made);
    return made;
}

// The votes of silent locations must age too when the clock was set back.
void watched_target::not_after(wall_time now) {
    since_ = std::min(since_, now);
    agreed_.not_after(now);
    for (auto& [name, state] : locations_)
        state.not_after(now);
}

void watched_target::decide(const view& seen, wall_time now, changes& into) {
    not_after(now);
    const auto cast = ballots(seen.cut_off);
    last_tally_ = count_votes(cast, rules_, last_known_, now);
    auto around = seen.around;
    const auto flapping =
        std::count_if(locations_.begin(), locations_.end(), [](const auto& each) { return each.second.is_flapping(); });
    const auto needed = std::min<std::size_t>(std::max<std::uint32_t>(rules_.agree, 1), locations_.size());
    around.flapping = flapping > 0 && static_cast<std::size_t>(flapping) >= needed;
    const bool known = last_tally_.state != health::unknown;
    if (known)
        last_known_ = last_tally_.state;
    // There has been no time to vote yet.
    const bool early = now - since_ <= beginning(rules_);
    if (!known && early)
        add(into, agreed_.look(now, around), {});
    else
        add(into, agreed_.take(word(last_tally_, cast, now), now, around), {});
}

std::vector<ballot> watched_target::ballots(const anchors* cut_off) const {
    std::vector<ballot> cast;
    cast.reserve(locations_.size());
    for (const auto& [name, state] : locations_) {
        ballot one;
        one.state = state.is_unreachable() ? health::unreachable : state.settled();
        one.at = state.last_at().value_or(wall_time{});
        if (cut_off != nullptr) {
            const auto anchored = cut_off->of(name);
            one.anchored = anchored.reached;
            one.believed = anchored.believes(one.at);
        }
        cast.push_back(one);
    }
    return cast;
}

// The agreement in words, with the reason of one that shares it.
verdict watched_target::word(const tally& counted, std::span<const ballot> cast, wall_time now) const {
    verdict said{counted.state, {}};
    if (counted.state == health::ok)
        return said;
    if (counted.state == health::unknown) {
        said.reason = plural(counted.voters, "location") + " of " + std::to_string(locations_.size()) +
                      " can vote, at least " + std::to_string(std::max<std::uint32_t>(rules_.voters, 1)) +
                      " must; the others are silent, cut off or could not measure";
        return said;
    }
    said.reason = std::to_string(counted.agreeing) + " of " + plural(counted.voters, "voting location") +
                  (counted.agreeing == 1 ? " sees" : " see") + " a problem";
    auto name = locations_.begin();
    for (const auto& each : cast) {
        if (votes(each, rules_, now) && each.state == counted.state) {
            if (!name->second.reason().empty())
                said.reason += "; " + name->first + ": " + name->second.reason();
            break;
        }
        ++name;
    }
    return said;
}

void watched_target::add(changes& into, changes made, const std::string& location) const {
    for (auto& each : made) {
        each.check = check_;
        each.target = target_;
        each.location = location;
        if (!location.empty() && each.notifies())
            each.by = held_back::one_location;
        into.push_back(std::move(each));
    }
}

std::optional<wall_time> watched_target::next_look(wall_time now) const {
    auto next = next_expiry(ballots(nullptr), rules_, now);
    const auto grace = since_ + beginning(rules_) + std::chrono::milliseconds(1);
    if (grace > now && (!next || grace < *next))
        next = grace;
    return next;
}

bool watched_target::wants_retry(const std::string& location) const {
    const auto at = locations_.find(location);
    return at != locations_.end() && at->second.is_soft();
}

} // namespace ferrule::probes
