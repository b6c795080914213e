// Where a read stands: which file, which path, where complaints go.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "config/problem.hpp"
#include "config/yaml/node.hpp"

namespace ferrule::config::schema {

struct shape;
struct property;

/// Walks a tree along a shape. Unknown keys are complained about with the nearest known one, missing required ones at
/// the place of their parent.
class reader {
  public:
    /// `file` is the name for messages; relative paths in the file start at `folder`.
    reader(std::string_view file, std::filesystem::path folder, problems& found);

    /// Reads a map into the struct that `how` describes. `extensions` lets keys that start with `x-` pass.
    void read_object(const yaml::node& from, const shape& how, void* into, bool extensions = false);
    /// Reads one value; the path grows by `step` meanwhile.
    void read_value(const yaml::node& from, const property& how, void* into, const std::string& step);

    /// A complaint about the value at the current path.
    void complain(const yaml::node& about, std::string message);
    /// `expected …; found …`, where a secret is not quoted.
    void expected(const yaml::node& found, const property& how, std::string_view what);

    /// A secret stands in the file itself; the first such place is remembered.
    void note_clear_secret(const yaml::node& at);

    [[nodiscard]] position clear_secret() const noexcept { return clear_secret_; }

    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

  private:
    std::string file_;
    std::filesystem::path folder_;
    problems& found_;
    std::string path_;
    position clear_secret_;
};

} // namespace ferrule::config::schema
