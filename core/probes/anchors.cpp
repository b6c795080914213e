#include "probes/anchors.hpp"

namespace ferrule::probes {

bool anchors::report(const std::string& location, bool reached, base::wall_time at) {
    auto& known = locations_[location];
    if (at < known.at)
        return false;
    known.at = at;
    const bool turned = known.now.reached != reached;
    known.now.reached = reached;
    if (turned && reached) {
        known.now.left_at = known.now.last_reached;
        known.now.back_at = at;
    }
    if (reached)
        known.now.last_reached = at;
    return turned;
}

bool anchors::standing::believes(base::wall_time seen_at) const noexcept {
    if (!reached)
        return last_reached && seen_at <= *last_reached;
    return !back_at || seen_at >= *back_at || (left_at && seen_at <= *left_at);
}

void anchors::forget(const std::string& location) {
    locations_.erase(location);
}

anchors::standing anchors::of(const std::string& location) const {
    const auto at = locations_.find(location);
    return at == locations_.end() ? standing{} : at->second.now;
}

} // namespace ferrule::probes
