// One simulated device: its script, identity and record, shared by the connections to it.
#pragma once

#include "simdevice/host_keys.hpp"
#include "simdevice/journal.hpp"
#include "simdevice/program.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

namespace ferrule::simdevice {

/// Finds another device's port by its name, for forwarding; any thread.
using port_lookup = std::function<std::optional<std::uint16_t>(const std::string& name)>;

/// Everything in it may be used from any thread. It outlives its connections.
struct device {
    device(device_spec spec, port_lookup lookup)
        : script(std::move(spec))
        , identity(script.spec())
        , state(script.spec().hostname, script.rules())
        , record(script.spec().transcript_limit)
        , port_of(std::move(lookup)) {}

    const device_spec& spec() const { return script.spec(); }

    program script;
    host_identity identity;
    device_state state;
    journal record;
    port_lookup port_of;
    std::atomic<bool> frozen{false}; ///< its connections neither read nor write
    std::atomic<std::uint16_t> port{0};
};

} // namespace ferrule::simdevice
