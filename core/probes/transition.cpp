#include "probes/transition.hpp"

#include "base/json.hpp"

namespace ferrule::probes {

std::string_view to_text(change what) noexcept {
    switch (what) {
    case change::soft:
        return "soft";
    case change::hard:
        return "hard";
    case change::unreachable:
        return "unreachable";
    case change::flapping_started:
        return "flapping_started";
    case change::flapping_ended:
        return "flapping_ended";
    case change::released:
        break;
    }
    return "released";
}

std::string_view to_text(held_back by) noexcept {
    switch (by) {
    case held_back::nothing:
        return "";
    case held_back::soft:
        return "soft";
    case held_back::known:
        return "known";
    case held_back::maintenance:
        return "maintenance";
    case held_back::unreachable:
        return "unreachable";
    case held_back::flapping:
        return "flapping";
    case held_back::one_location:
        break;
    }
    return "one_location";
}

base::json to_json(const transition& shown) {
    base::json value{{"check", shown.check},
                     {"target", shown.target},
                     {"change", to_text(shown.what)},
                     {"from", model::to_text(shown.from)},
                     {"to", model::to_text(shown.to)},
                     {"attempt", shown.attempt},
                     {"max_attempts", shown.max_attempts},
                     {"at", base::to_rfc3339(shown.at)},
                     {"notify", shown.notifies()}};
    if (!shown.location.empty())
        value["location"] = shown.location;
    if (!shown.reason.empty())
        value["reason"] = shown.reason;
    if (!shown.notifies())
        value["held_back"] = to_text(shown.by);
    return value;
}

} // namespace ferrule::probes
