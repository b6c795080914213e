// What the load generator has seen.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::bench {

/// Collects answers and prints them as one line of JSON: requests and requests a second, answers that were not as
/// expected, and quantiles of the latency in milliseconds.
class report {
  public:
    void answered(double milliseconds, int status, bool expected, std::string_view whole);
    /// Forgets what came while the server warmed up.
    void clear();

    [[nodiscard]] std::size_t count() const noexcept { return latencies_.size(); }

    /// `all` counts the answers of the warm-up too.
    void print(double seconds, std::size_t all);

  private:
    std::vector<double> latencies_;
    std::map<int, std::size_t> statuses_;
    std::size_t unexpected_ = 0;
    std::string first_unexpected_;
};

} // namespace ferrule::bench
