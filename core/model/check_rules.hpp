// What must hold within a check and between checks, wherever they come from.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/check.hpp"

namespace ferrule::model {

/// One complaint about a check: the path below it (`targets[0].host`) and a sentence's end.
struct check_fault {
    std::string path;
    std::string message;

    friend bool operator==(const check_fault&, const check_fault&) = default;
};

inline constexpr base::duration shortest_interval = std::chrono::milliseconds(100);
inline constexpr base::duration longest_interval = std::chrono::hours(24);
inline constexpr std::uint32_t most_attempts = 100;
inline constexpr std::uint32_t most_locations = 1000;

/// Everything that is wrong with the check alone.
std::vector<check_fault> faults_of(const check& of);

/// Finds what is wrong between checks: parents and targets that do not exist, and ways that lead back to where they
/// began.
class dependency_rules {
  public:
    /// `all` must outlive it.
    explicit dependency_rules(std::span<const check> all);

    /// Everything that is wrong with the dependencies of `of`, one of all.
    [[nodiscard]] std::vector<check_fault> faults_of(const check& of) const;

  private:
    [[nodiscard]] std::vector<std::string> way_back(const check& from, const std::string& goal) const;

    std::map<std::string_view, const check*> by_name_;
    std::vector<std::string> names_;
};

} // namespace ferrule::model
