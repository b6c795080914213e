#include "probes/figures.hpp"

#include "base/json.hpp"

#include <algorithm>

namespace ferrule::probes {

using base::json;

void figures_sum::add(const std::string& target, const std::string& location, const rollup& part, base::wall_time from,
                      base::wall_time until) {
    const std::pair where(by_target_ ? target : std::string(), by_location_ ? location : std::string());
    const auto [at, fresh] = sums_.try_emplace(where);
    auto& into = at->second;
    into.from = fresh ? from : std::min(into.from, from);
    into.until = fresh ? until : std::max(into.until, until);
    into.total.merge(part);
}

json figures_sum::to_json() const {
    auto list = json::array();
    for (const auto& [where, each] : sums_) {
        auto one = figures_json(each.total);
        one.erase("start");
        one["from"] = base::to_rfc3339(each.from);
        one["until"] = base::to_rfc3339(each.until);
        if (by_target_)
            one["target"] = where.first;
        if (by_location_)
            one["location"] = where.second;
        list.push_back(std::move(one));
    }
    return list;
}

} // namespace ferrule::probes
