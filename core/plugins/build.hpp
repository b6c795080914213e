// One build of a plugin that is mapped into the process.
#pragma once

#include <ferrule/abi/driver.h>
#include <ferrule/abi/probe.h>
#include <ferrule/abi/scheduler.h>
#include <ferrule/abi/store.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "plugins/kind.hpp"
#include "plugins/note.hpp"

namespace ferrule::plugins {

/// A component with its functions, copied out of the plugin's tables.
struct component {
    kind which = kind::driver;
    std::string name;
    std::uint32_t execution = 0;
    std::variant<frl_driver_api, frl_probe_api, frl_scheduler_api, frl_store_api> api;
};

/// What `ferrule_plugin_entry` gave, verified against the note. The code stays mapped for as long as the process lives,
/// also after this object has gone.
struct build {
    /// Where it was found, not the copy that is mapped.
    std::filesystem::path file;
    /// The copy that is mapped.
    std::filesystem::path copy;
    /// SHA-256 of the bytes in hex.
    std::string content;
    plugins::note note;
    frl_plugin entry{};
    std::vector<component> components;

    [[nodiscard]] const component* find(kind which, std::string_view name) const noexcept;
};

/// Checks an entry against the note and takes the components over: magic, ABI major version, sizes, id, version, kinds,
/// names, execution, and the functions that no component can do without. Components of kinds that this version does not
/// know are left out. Fails with `plugin_broken` or `plugin_incompatible`, saying what is wrong.
result<build> verify_entry(const frl_plugin* entry, const note& noted);

} // namespace ferrule::plugins
