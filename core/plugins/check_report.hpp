// How the child of a check tells its parent what it found. Internal to this floor.
#pragma once

#include <string>
#include <string_view>

#include "plugins/check.hpp"

namespace ferrule::plugins {

/// Writes to the pipe, line by line, so that whatever was found before a crash is known.
class check_report {
  public:
    explicit check_report(int pipe)
        : pipe_(pipe) {}

    /// What is being tried now; a crash is blamed on it.
    void begin(std::string_view check);
    /// The end of what was begun.
    void end(bool ok, std::string_view message);

    /// Both, for what is known already.
    void add(std::string_view check, bool ok, std::string_view message) {
        begin(check);
        end(ok, message);
    }

    [[nodiscard]] bool all_good() const noexcept { return good_; }

  private:
    void write(const std::string& line) const;

    int pipe_;
    std::string now_;
    bool good_ = true;
};

/// All checks, in this process.
void run_checks(const std::filesystem::path& file, const check_settings& wanted, check_report& report);

} // namespace ferrule::plugins
