// What a plugin file says about itself, known without loading it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
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

/// The bytes of a file, wherever they are.
class byte_source {
  public:
    virtual ~byte_source() = default;
    [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
    /// Copies `size` bytes; false when they are not all there.
    virtual bool read(std::uint64_t offset, std::uint64_t size, char* into) const = 0;
};

/// A structure at a place in a file in which nothing can be trusted; none when it is not all there.
template <class T>
std::optional<T> read_at(const byte_source& file, std::uint64_t offset) {
    T out;
    if (!file.read(offset, sizeof(T), reinterpret_cast<char*>(&out)))
        return std::nullopt;
    return out;
}

/// Bytes in memory, which must outlive it.
class memory_source final : public byte_source {
  public:
    explicit memory_source(std::string_view all)
        : all_(all) {}

    [[nodiscard]] std::uint64_t size() const noexcept override { return all_.size(); }

    bool read(std::uint64_t offset, std::uint64_t size, char* into) const override;

  private:
    std::string_view all_;
};

/// Takes the note's text out of a plugin file, reading only headers and notes, and nothing outside the file whatever
/// its bytes are. Fails with `plugin_broken` and what is wrong: not an ELF file, another machine's, cut short, without
/// a note, …
result<std::string> note_text(const byte_source& file);

/// Reads the note's JSON: every field checked, unknown fields left alone (a newer minor version may add some). Fails
/// with `plugin_broken`.
result<note> parse_note(std::string_view json);

} // namespace ferrule::plugins
