// The private folder that holds the copies of plugins that are mapped.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.hpp"

namespace ferrule::plugins {

/// Makes the folder with mode 0700, or checks that it is ours and that nobody else can write to it. What a process that
/// has ended left there is removed, unless another one is using the folder. Gives a descriptor that marks it as in use.
/// Fails with `run_folder_unusable`.
result<int> claim_run_folder(const std::filesystem::path& folder);
/// Gives up the mark; -1 does nothing. Copies stay for those who look at the process later.
void release_run_folder(int mark) noexcept;

/// Writes `<folder>/<start of hash>/<name>`, whole or not at all, and gives its path.
result<std::filesystem::path> write_copy(const std::filesystem::path& folder, const std::string& hash,
                                         const std::string& name, const std::string& content);

} // namespace ferrule::plugins
