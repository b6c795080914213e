// Keys and certificates on disk.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace ferrule::fleet::pki {

/// Whether anything of this name is there.
bool is_there(const std::filesystem::path& file);

/// Reads a file that only its owner may read. Fails with `key_file` when others may read it, it belongs to someone
/// else, or it cannot be read; the message says what to do. Blocks.
result<base::secret> read_private(const std::filesystem::path& file);
/// Reads a file that holds no secret.
result<std::string> read_public(const std::filesystem::path& file);

/// Writes it beside and puts it in its place, durably, with this mode; makes the folder with mode 0700. Whoever reads
/// meanwhile sees the old or the new. Fails with `key_file`. Blocks.
result<void> write_file(const std::filesystem::path& file, std::string_view text, unsigned mode);
/// As above with mode 0600, but fails with `exists` instead of replacing anything.
result<void> make_private(const std::filesystem::path& file, std::string_view text);

} // namespace ferrule::fleet::pki
