// Descriptions of device platforms: YAML files that users can add without compiling anything.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace ferrule::config {

/// One platform, complete: what it inherits is merged in.
struct platform {
    std::string name; ///< The file's name without `.yaml`.
    std::string summary;
    std::string definition; ///< JSON object, the form in which drivers receive it.
    std::filesystem::path file;
};

/// Reads all `*.yaml` files of the folders; a file of the same name in a later folder replaces the earlier one, and may
/// say `inherits: <its own name>` to change only a part of it. Folders that do not exist are skipped. Maps are merged
/// with those of the inherited platform, everything else replaces. Fails with `invalid_platform`, all problems at once,
/// as load() does: unknown keys, wrong types, regexes that do not compile, inheritance without end. Blocks on files.
result<std::map<std::string, platform>> load_platforms(const std::vector<std::filesystem::path>& folders);

/// The names alone, sorted, without reading the files.
std::vector<std::string> platform_names(const std::vector<std::filesystem::path>& folders);

/// The JSON Schema of a platform file, for editors and for those checks.
std::string_view platform_schema() noexcept;

} // namespace ferrule::config
