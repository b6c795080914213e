// A configuration file to typed settings, with every problem reported at once.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "config/settings.hpp"
#include "config/yaml/expand.hpp"

namespace ferrule::config {

/// What a load takes from elsewhere.
struct load_options {
    /// The environment that `${NAME}` refers to.
    yaml::environment variables = yaml::process_environment;
    /// What reads included files, keys and `!file`.
    yaml::file_reader read_file = yaml::read_text_file;
    /// The JSON Schema that a plugin carries for its settings, as text; none when the plugin or its schema is not
    /// known. `kind` is `store`, `scheduler`, `probe`, or empty for a plugin of any kind. May be empty: then plugins'
    /// settings are not checked.
    std::function<std::optional<std::string>(std::string_view kind, std::string_view name, const plugins_settings&)>
        plugin_schema;
    /// Why the store, scheduler or probe plugin of this name cannot be had; none when it can. May be empty: then that
    /// shows only when the plugin is used.
    std::function<std::optional<std::string>(std::string_view kind, std::string_view name, const plugins_settings&)>
        plugin_missing;
};

/// Reads a file, the inventory files that it includes and the names of the platforms, and checks all of it. Fails with
/// `invalid_config`: the message has one line `file:line:col: path: message` for each problem, the details are
/// {"problems":[{"file","line","column","path","message"}]}. Blocks on files.
result<settings> load(const std::filesystem::path& file, const load_options& options = {});

/// The same for text that stands in no file; `name` is what messages call it, relative paths start at `folder`.
result<settings> load_text(std::string_view text, std::string_view name, const std::filesystem::path& folder,
                           const load_options& options = {});

/// The settings without any file: the defaults, completed in the same way.
settings defaults();

} // namespace ferrule::config
