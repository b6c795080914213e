// Keys and other files that only their owner may read.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace ferrule::base {

/// How errors speak of a file: `before` FILE `after` what is wrong, and where there is one a remedy when it cannot be
/// made.
struct file_words {
    std::string code = "key_file";
    std::string before = "the file ";
    std::string after = " ";
    std::string remedy;
};

/// Whether anything of this name is there.
bool is_there(const std::filesystem::path& file);

/// Reads a file that only its owner may read; none when nothing of this name is there. Fails with the code of `words`
/// when others may read it, it belongs to someone else, it is larger than 1 MiB, or it cannot be read; the message says
/// what to do. Blocks.
result<std::optional<secret>> find_private(const std::filesystem::path& file, const file_words& words = {});
/// The same for one that must be there.
result<secret> read_private(const std::filesystem::path& file, const file_words& words = {});
/// Reads a file that holds no secret.
result<std::string> read_public(const std::filesystem::path& file, const file_words& words = {});

/// Writes it beside and puts it in its place, durably, with this mode; makes the folder with mode 0700. Whoever reads
/// meanwhile sees the old or the new, and a crash leaves no half of it. Blocks.
result<void> write_file(const std::filesystem::path& file, std::string_view text, unsigned mode,
                        const file_words& words = {});
/// As above with mode 0600, but fails with `exists` instead of replacing anything.
result<void> make_private(const std::filesystem::path& file, std::string_view text, const file_words& words = {});

/// The key of so many random bytes in a file, which is made when there is none; processes that do so at once agree on
/// it. `lost` tells, when the file holds no such key, what to do about that. Blocks.
result<secret> open_key(const std::filesystem::path& file, std::size_t size, const file_words& words,
                        const std::string& lost);

} // namespace ferrule::base
