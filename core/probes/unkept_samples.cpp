#include "probes/unkept_samples.hpp"

namespace ferrule::probes {

std::string unkept_samples::key_of(const model::sample& one) {
    return one.check + '\n' + one.target + '\n' + one.node + '\n' + std::to_string(one.at.time_since_epoch().count());
}

} // namespace ferrule::probes
