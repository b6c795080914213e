// What is wrong with a file, where, in words.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace ferrule::config {

/// A place in a file; lines and columns count from 1, and 0 means that it has none.
struct position {
    int line = 0;
    int column = 0;

    friend bool operator==(const position&, const position&) = default;
};

/// One complaint. `path` is the place in the settings (`devices[2].port`), empty for the file as a whole.
struct problem {
    std::string file;
    position at;
    std::string path;
    std::string message;
};

/// `file:line:col: path: message`, without the parts that are empty.
std::string to_text(const problem& shown);

/// Collects complaints, so that all of them can be reported at once. Never given the value of a secret.
class problems {
  public:
    void add(std::string_view file, position at, std::string_view path, std::string message);
    void warn(std::string_view file, position at, std::string_view path, std::string message);

    [[nodiscard]] bool any() const noexcept { return !errors_.empty(); }

    [[nodiscard]] const std::vector<problem>& errors() const noexcept { return errors_; }

    [[nodiscard]] std::vector<std::string> warnings() const;

    /// All of them, sorted by place, as one error: the message has one line each, the details are
    /// {"problems":[{"file","line","column","path","message"}]}.
    [[nodiscard]] error to_error(std::string_view code) const;

  private:
    std::vector<problem> errors_;
    std::vector<problem> warnings_;
};

} // namespace ferrule::config
