// What a plugin file says about itself, known without loading it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "plugins/kind.hpp"

namespace ferrule::plugins {

/// One thing that a plugin offers.
struct note_component {
    /// With its major version, `ferrule.driver/1`. May be a kind that this version does not know.
    std::string kind_id;
    std::string name;
    /// `async`, `blocking` or `pure`.
    std::string execution;
    std::string summary;
    /// JSON Schema of the configuration as text, or empty.
    std::string config_schema;
};

/// The contents of a plugin's ELF note.
struct note {
    std::string id;
    std::string version;
    unsigned abi_major = 0;
    unsigned abi_minor = 0;
    std::string summary;
    std::vector<note_component> components;
    /// Optional host services that it would like to use, `ferrule.http/1`.
    std::vector<std::string> services;

    /// The component of this kind and name, or nullptr.
    [[nodiscard]] const note_component* find(kind which, std::string_view name) const noexcept;
};

/// Takes the note's text from the bytes of a plugin file. Reads nothing outside `file`, whatever the bytes are. Fails
/// with `plugin_broken` and what is wrong: not an ELF file, another machine's, cut short, without a note, …
result<std::string_view> note_text(std::string_view file);

/// Reads the note's JSON: every field checked, unknown fields left alone (a newer minor version may add some). Fails
/// with `plugin_broken`.
result<note> parse_note(std::string_view json);

/// Both steps for a file on disk, mapping it for reading. The message starts with the file's path.
result<note> read_note(const std::filesystem::path& file);

} // namespace ferrule::plugins
