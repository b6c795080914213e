#include "base/strings.hpp"
#include "model/check_rules.hpp"

#include <algorithm>
#include <deque>

namespace ferrule::model {

namespace {

std::string suggestion(std::string_view wrong, const std::vector<std::string>& known) {
    const auto near = base::nearest(wrong, known);
    return near.empty() ? std::string() : "; did you mean \"" + std::string(near) + "\"?";
}

} // namespace

dependency_rules::dependency_rules(std::span<const check> all) {
    for (const auto& each : all) {
        by_name_.emplace(each.name, &each);
        names_.push_back(each.name);
    }
}

// The names on the shortest way from `from` to `goal`, both included; empty when there is none. Breadth first, so that
// a long chain needs no deep stack.
std::vector<std::string> dependency_rules::way_back(const check& from, const std::string& goal) const {
    std::map<std::string_view, std::string_view> came_from{{from.name, {}}};
    std::deque<const check*> next{&from};
    while (!next.empty() && !came_from.contains(goal)) {
        const auto* at = next.front();
        next.pop_front();
        for (const auto& parent : at->depends_on) {
            const auto known = by_name_.find(parent.check);
            if (known != by_name_.end() && came_from.emplace(known->first, at->name).second)
                next.push_back(known->second);
        }
    }
    std::vector<std::string> way;
    if (!came_from.contains(goal))
        return way;
    for (std::string_view at = goal; !at.empty(); at = came_from.at(at))
        way.emplace_back(at);
    std::reverse(way.begin(), way.end());
    return way;
}

std::vector<check_fault> dependency_rules::faults_of(const check& of) const {
    std::vector<check_fault> found;
    for (std::size_t i = 0; i < of.depends_on.size(); ++i) {
        const auto path = "depends_on[" + std::to_string(i) + "]";
        const auto& wanted = of.depends_on[i];
        const auto parent = by_name_.find(wanted.check);
        if (parent == by_name_.end()) {
            found.push_back(
                {path + ".check", "there is no check \"" + wanted.check + "\"" + suggestion(wanted.check, names_)});
            continue;
        }
        std::vector<std::string> targets;
        for (const auto& each : parent->second->targets)
            targets.push_back(target_name(each));
        if (!wanted.target.empty() && std::find(targets.begin(), targets.end(), wanted.target) == targets.end())
            found.push_back({path + ".target", "the check \"" + wanted.check + "\" has no target \"" + wanted.target +
                                                   "\"" + suggestion(wanted.target, targets)});
        const auto way = way_back(*parent->second, of.name);
        if (!way.empty())
            found.push_back({path, "it depends on itself: " + of.name + " -> " + base::join(way, " -> ")});
    }
    return found;
}

} // namespace ferrule::model
