// What was judged while there was no room to keep it.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_set>

#include "model/sample.hpp"

namespace ferrule::probes {

/// Remembers results of agents that were judged, so that states stay right, but were not taken for the disk, because it
/// takes nothing and memory has its limit. Their agents have no acknowledgement and send them again; then they are kept
/// without being judged twice. Not thread-safe.
class unkept_samples {
  public:
    explicit unkept_samples(std::size_t most)
        : most_(most) {}

    /// No more can be remembered: what comes must wait at its agent unjudged.
    [[nodiscard]] bool full() const noexcept { return known_.size() >= most_; }

    void note(const model::sample& judged) { known_.insert(key_of(judged)); }

    /// Whether it was noted, which it is no more.
    [[nodiscard]] bool take(const model::sample& again) { return !known_.empty() && known_.erase(key_of(again)) != 0; }

  private:
    static std::string key_of(const model::sample& one);

    const std::size_t most_;
    std::unordered_set<std::string> known_;
};

} // namespace ferrule::probes
