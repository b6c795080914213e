#include "app/cli/config_file.hpp"

#include "app/plugin_schema.hpp"
#include "config/load.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>

namespace ferrule::app::cli {

namespace {

constexpr const char* system_file = "/etc/ferrule/ferrule.yaml";

} // namespace

void add_config_options(CLI::App& command, config_choice& into) {
    command
        .add_option("-c,--config", into.file,
                    "Configuration file (default: " + std::string(system_file) + " if it is there)")
        ->type_name("FILE");
}

std::optional<config::settings> load_config(const config_choice& chosen, bool look_for_plugins) {
    std::error_code ignored;
    const bool given = !chosen.file.empty();
    if (!given && !std::filesystem::exists(system_file, ignored))
        return config::defaults();
    config::load_options options;
    options.plugin_schema = plugin_schema;
    if (look_for_plugins)
        options.plugin_missing = plugin_missing;
    auto loaded = config::load(given ? chosen.file : system_file, options);
    if (!loaded) {
        std::fprintf(stderr, "%s\n", loaded.error().message().c_str());
        return std::nullopt;
    }
    return std::move(*loaded);
}

bool make_folders(const config::settings& settings) {
    namespace fs = std::filesystem;
    for (const auto& folder : {settings.data_dir, settings.run_dir}) {
        std::error_code failed;
        const bool fresh = fs::create_directories(folder, failed);
        if (fresh && !failed)
            fs::permissions(folder, fs::perms::owner_all, failed);
        if (failed) {
            std::fprintf(stderr,
                         "ferrule: cannot make the folder %s: %s; set data_dir and run_dir to folders that this user "
                         "can write to\n",
                         folder.c_str(), failed.message().c_str());
            return false;
        }
    }
    return true;
}

} // namespace ferrule::app::cli
