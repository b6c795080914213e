// A process that executes device jobs or probes, as the scheduler sees it.
#pragma once

#include <cstdint>
#include <string>

#include "model/target.hpp"

namespace ferrule::model {

/// One node: the controller's embedded one, or an agent.
struct node_info {
    std::string name;
    std::string region;
    labels tags;
    std::uint32_t capacity = 0; ///< Sessions and jobs at the same time.
    std::uint32_t count = 0;    ///< Those it has now.
    double load = 0;            ///< Load average of one minute per core.
    bool online = true;
};

} // namespace ferrule::model
