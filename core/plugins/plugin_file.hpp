// A plugin file on disk, opened with the suspicion that it is being replaced at this moment.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.hpp"
#include "plugins/file_stamp.hpp"
#include "plugins/note.hpp"

namespace ferrule::plugins {

/// An open plugin file. What is read through it belongs to one stamp: a file that changes meanwhile is an error.
class plugin_file final : public byte_source {
  public:
    /// Fails with `plugin_broken` when it cannot be opened, is no regular file, may be written by everyone, or is open
    /// for writing elsewhere (as far as the system lets us know).
    static result<plugin_file> open(const std::filesystem::path& path);
    plugin_file(plugin_file&& other) noexcept;
    plugin_file& operator=(plugin_file&&) = delete;
    ~plugin_file() override;

    [[nodiscard]] std::uint64_t size() const noexcept override { return static_cast<std::uint64_t>(stamp_.size); }

    bool read(std::uint64_t offset, std::uint64_t size, char* into) const override;

    /// All bytes.
    [[nodiscard]] result<std::string> content() const;
    /// Whether it is still what it was when it was opened.
    [[nodiscard]] result<void> unchanged() const;

    [[nodiscard]] const file_stamp& stamp() const noexcept { return stamp_; }

  private:
    plugin_file(int fd, const file_stamp& stamp) noexcept
        : fd_(fd)
        , stamp_(stamp) {}

    int fd_;
    file_stamp stamp_;
};

/// The note of a file on disk, and the stamp that it belongs to.
struct noted_file {
    plugins::note note;
    file_stamp stamp;
};

/// Reads headers and note only. The message does not repeat the path.
result<noted_file> read_note(const std::filesystem::path& path);

} // namespace ferrule::plugins
