// The devices and credentials that configuration files name.
#pragma once

#include <vector>

#include "model/check.hpp"
#include "model/target.hpp"

namespace ferrule::config {

/// What all files together list, in their order, checked: names are unique and every reference has its target. A login
/// that stands in a device itself has become a credential of the name `device:<device>`.
struct inventory {
    std::vector<model::credential> credentials;
    std::vector<model::device> devices; ///< With origin `file`.
    std::vector<model::check> checks;   ///< Likewise.
};

} // namespace ferrule::config
