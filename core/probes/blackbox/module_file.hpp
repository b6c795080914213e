// Files of blackbox_exporter's modules.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/error.hpp"
#include "probes/blackbox/module.hpp"

namespace ferrule::probes::blackbox {

/// What becomes of a module that blackbox_exporter can measure and Ferrule cannot.
enum class beyond_us : std::uint8_t {
    refuse,   ///< The file is refused.
    leave_out ///< The others are served, and whoever asks for this one is told why not.
};

/// Reads a file. Fails with `invalid_modules`: a line `file:line:col: modules.NAME.…: message` for each thing that is
/// wrong, all at once, and the details as config::problems gives them. Blocks.
result<module_set> read_module_file(const std::filesystem::path& file, beyond_us what);

/// The same for text; `name` is what messages call it, relative paths in it start at `folder`.
result<module_set> read_modules(std::string_view text, std::string_view name, const std::filesystem::path& folder,
                                beyond_us what);

/// What is served without a file: the modules of blackbox_exporter's own default file, but for gRPC's.
const module_set& default_modules();

} // namespace ferrule::probes::blackbox
