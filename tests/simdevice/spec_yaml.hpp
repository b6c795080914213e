// Devices from a YAML file; README.md describes the keys.
#pragma once

#include "simdevice/spec.hpp"

#include <string>
#include <vector>

namespace ferrule::simdevice {

/// What a file asks for.
struct simulation_spec {
    std::size_t threads = 1;
    std::vector<device_spec> devices;
};

/// Throws std::invalid_argument whose text has a line `file:line:column: path: message` for every mistake.
simulation_spec read_simulation(const std::string& yaml, const std::string& file);

/// The same from disk; a file that cannot be read is a mistake too.
simulation_spec read_simulation_file(const std::string& path);

} // namespace ferrule::simdevice
