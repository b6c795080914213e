// What is known about a target across restarts.
#include "probes/watched_target.hpp"

#include "base/json.hpp"

namespace ferrule::probes {

using base::json;

json watched_target::to_json() const {
    json kept{{"check", check_},
              {"target", target_},
              {"agreed", agreed_.to_json()},
              {"last_known", model::to_text(last_known_)}};
    kept["locations"] = json::object();
    for (const auto& [name, state] : locations_)
        kept["locations"][name] = state.to_json();
    return kept;
}

result<void> watched_target::restore(const json& kept) {
    base::object_reader reader(kept);
    (void)reader.required_text("check");
    (void)reader.required_text("target");
    const auto last_known = model::health_from(reader.required_text("last_known"));
    if (!last_known)
        reader.complain("last_known", "is not a state");
    const auto* agreed = reader.object("agreed");
    const auto* locations = reader.object("locations");
    if (agreed == nullptr || locations == nullptr)
        reader.complain(agreed == nullptr ? "agreed" : "locations", "is required");
    if (auto bad = reader.finish("corrupt_record"))
        return *bad;
    auto read = *this;
    if (const auto done = read.agreed_.restore(*agreed); !done)
        return done.error().within("agreed");
    for (auto& [name, state] : read.locations_) {
        const auto at = locations->find(name);
        if (at == locations->end())
            continue;
        if (const auto done = state.restore(*at); !done)
            return done.error().within("locations." + name);
    }
    read.last_known_ = *last_known;
    *this = std::move(read);
    return ok();
}

} // namespace ferrule::probes
