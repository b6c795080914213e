#include "probes/counters.hpp"

#include "base/json.hpp"

#include <cmath>

namespace ferrule::probes {

double counters::increase(const std::string& name, double value, base::wall_time at) {
    if (!std::isfinite(value) || value < 0)
        return 0;
    const auto [known, first] = last_.try_emplace(name, reading{value, at});
    if (first || at < known->second.at)
        return 0;
    const double before = known->second.value;
    known->second = {value, at};
    return value < before ? value : value - before;
}

base::json counters::to_json() const {
    auto kept = base::json::object();
    for (const auto& [name, last] : last_)
        kept[name] = {{"value", last.value}, {"at", base::to_rfc3339(last.at)}};
    return kept;
}

result<counters> counters::from_json(const base::json& kept) {
    counters read;
    base::object_reader all(kept);
    if (kept.is_object())
        for (const auto& [name, unused] : kept.items()) {
            const auto* entry = all.object(name);
            if (entry == nullptr)
                continue;
            base::object_reader one(*entry, name);
            const auto value = one.number("value");
            const auto at = base::parse_rfc3339(one.required_text("at"));
            if (!value)
                one.complain("value", "is required");
            if (!at)
                one.complain("at", at.error().message());
            if (value && at)
                read.last_[name] = {*value, *at};
            all.absorb(one);
        }
    if (auto bad = all.finish("corrupt_record"))
        return *bad;
    return read;
}

} // namespace ferrule::probes
