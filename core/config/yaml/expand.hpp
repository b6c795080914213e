// Values that stand elsewhere: in the environment or in a file of their own.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "config/problem.hpp"
#include "config/yaml/node.hpp"

namespace ferrule::config::yaml {

/// Looks up a variable of the environment.
using environment = std::function<std::optional<std::string>(std::string_view name)>;

/// The process's own environment.
std::optional<std::string> process_environment(std::string_view name);

/// Reads the whole of a file, at most `limit` bytes; fails with `unreadable_file`.
using file_reader = std::function<result<std::string>(const std::filesystem::path& file, std::size_t limit)>;

/// The one that reads from the disk.
result<std::string> read_text_file(const std::filesystem::path& file, std::size_t limit);

/// Replaces in all values below `root` `${NAME}` and `${NAME:-default}` by the variable's value (`$${` stands for a
/// plain `${`), and `!file path` by the contents of that file without the line end at its end; a relative path starts
/// at `folder`. Notes variables that are not set, files that cannot be read, and unknown tags.
void expand(node& root, std::string_view file, const std::filesystem::path& folder, const environment& variables,
            const file_reader& read, problems& found);

} // namespace ferrule::config::yaml
