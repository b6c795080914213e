// The page that stands in for blackbox_exporter.
#pragma once

#include <cstdint>
#include <filesystem>

namespace ferrule::config {

/// Who may ask for /probe: callers with a token of at least this role, or anybody.
enum class exporter_access { anonymous, viewer, operator_, admin };

/// What becomes of modules that ask for what blackbox_exporter can do and Ferrule cannot.
enum class unsupported_modules { refuse, leave_out };

struct exporter_settings {
    std::filesystem::path modules; ///< Empty for the default modules.
    exporter_access access = exporter_access::operator_;
    unsupported_modules unsupported = unsupported_modules::refuse;
    std::uint32_t max_running = 500;
};

} // namespace ferrule::config
