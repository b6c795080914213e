#include "base/json_time.hpp"

#include "base/json.hpp"

namespace ferrule::base {

json time_json(const std::optional<wall_time>& when) {
    return when ? json(to_rfc3339(*when)) : json();
}

} // namespace ferrule::base
