// Who is due next, among many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.hpp"

namespace ferrule::probes {

/// A binary heap of slots by time in which each slot stands at most once and can be moved or taken out: all in
/// O(log n), without allocation once it has grown. Of equal times the lower slot comes first.
class due_heap {
  public:
    using slot = std::uint32_t;

    /// Adds a slot, or moves it to another time.
    void set(slot which, base::steady_time at);
    /// Nothing happens when it is not in.
    void remove(slot which);

    [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }

    [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }

    /// The slot that is due first; not when empty.
    [[nodiscard]] slot first() const noexcept { return heap_.front().which; }

    [[nodiscard]] base::steady_time first_time() const noexcept { return heap_.front().at; }

  private:
    struct entry {
        base::steady_time at;
        slot which;

        friend auto operator<=>(const entry&, const entry&) = default;
    };

    static constexpr std::size_t nowhere = SIZE_MAX;

    void put(std::size_t place, entry what);
    void settle(std::size_t place, entry what);

    std::vector<entry> heap_;
    std::vector<std::size_t> place_of_; ///< By slot.
};

} // namespace ferrule::probes
