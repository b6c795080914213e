// Which plugin files there are, kept true while files come, change and go.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "plugins/file_stamp.hpp"
#include "plugins/kind.hpp"
#include "plugins/note.hpp"

namespace ferrule::plugins {

/// One file in the folders.
struct catalog_entry {
    std::filesystem::path file;
    /// Of the file that the note was read from; what is there now may be a later one that cannot be used.
    file_stamp stamp;
    /// Null when the file has never been usable.
    std::shared_ptr<const plugins::note> note;
    /// Why the file as it is now cannot be used, or what is odd about it. Empty when all is well.
    std::string problem;
    /// The file as it is now cannot be used.
    bool broken = false;
};

/// Looks through the configured folders and their `<kind>s/` folders for `*.so` and reads the notes. A look-up costs a
/// few stat calls and reads only what has changed since the last one, so it is always right and may be made for every
/// session. A file that became unusable, for example because it is half written, keeps its last good note together with
/// the reason. Thread-safe.
class catalog {
  public:
    explicit catalog(std::vector<std::filesystem::path> folders);

    /// The file that offers the component. Fails with `plugin_not_found`, which names the nearest and the folders, or
    /// `plugin_broken` when a file of that name is there but cannot be used.
    result<catalog_entry> find(kind which, std::string_view name);
    /// Everything, sorted by folder and file.
    std::vector<catalog_entry> list();

    [[nodiscard]] const std::vector<std::filesystem::path>& folders() const noexcept { return folders_; }

  private:
    struct known_file {
        file_stamp seen;
        bool settled = false;
        std::shared_ptr<const plugins::note> note;
        file_stamp noted;
        std::string problem;
    };

    struct known_folder {
        std::filesystem::path path;
        // Of a `<kind>s/` folder.
        kind which = kind::driver;
        bool flat = false;
        std::optional<file_stamp> seen;
        bool settled = false;
        std::map<std::string, known_file> files;
    };

    void look(known_folder& at);
    bool look(const std::filesystem::path& path, known_file& at);
    const known_file* find_unchanged(kind which, std::string_view name, std::filesystem::path& path);
    void examine(const std::filesystem::path& path, known_file& of);
    void report_duplicates();
    [[nodiscard]] catalog_entry describe(std::filesystem::path path, const known_file& of) const;
    [[nodiscard]] error not_found(kind which, std::string_view name) const;

    const std::vector<std::filesystem::path> folders_;
    std::mutex mutex_;
    std::vector<known_folder> places_;
    // `kind name` → file that offers it although an earlier one does.
    std::map<std::string, std::string> duplicates_;
    bool changed_ = false;
};

} // namespace ferrule::plugins
