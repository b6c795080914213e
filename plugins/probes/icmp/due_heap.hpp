// SPDX-License-Identifier: Apache-2.0
// Which probe has something to do next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace ferrule::icmp {

/// A binary heap of slots by time, in which a slot can be moved and taken out. One host timer for its top serves all
/// probes. A slot is in it at most once.
class due_heap {
  public:
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

    /// When the top is due; the end of time when there is none.
    [[nodiscard]] std::uint64_t next() const noexcept { return entries_.empty() ? UINT64_MAX : entries_.front().at; }

    [[nodiscard]] std::uint32_t top() const noexcept { return entries_.front().slot; }

    /// Puts the slot in, or moves it to another time.
    void set(std::uint32_t slot, std::uint64_t at) {
        if (slot >= places_.size()) {
            places_.resize(slot + 1, absent);
        }
        if (places_[slot] == absent) {
            places_[slot] = static_cast<std::uint32_t>(entries_.size());
            entries_.push_back({at, slot});
        } else {
            entries_[places_[slot]].at = at;
        }
        settle(places_[slot]);
    }

    void remove(std::uint32_t slot) {
        if (slot >= places_.size() || places_[slot] == absent) {
            return;
        }
        const auto hole = places_[slot];
        places_[slot] = absent;
        const auto last = entries_.back();
        entries_.pop_back();
        if (hole < entries_.size()) {
            entries_[hole] = last;
            places_[last.slot] = hole;
            settle(hole);
        }
    }

  private:
    static constexpr std::uint32_t absent = UINT32_MAX;

    struct entry {
        std::uint64_t at;
        std::uint32_t slot;
    };

    void settle(std::size_t at) {
        while (at > 0 && entries_[at].at < entries_[(at - 1) / 2].at) {
            exchange(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
        while (true) {
            auto least = at;
            for (const auto child : {2 * at + 1, 2 * at + 2}) {
                if (child < entries_.size() && entries_[child].at < entries_[least].at) {
                    least = child;
                }
            }
            if (least == at) {
                return;
            }
            exchange(at, least);
            at = least;
        }
    }

    void exchange(std::size_t a, std::size_t b) {
        std::swap(entries_[a], entries_[b]);
        places_[entries_[a].slot] = static_cast<std::uint32_t>(a);
        places_[entries_[b].slot] = static_cast<std::uint32_t>(b);
    }

    std::vector<entry> entries_;
    std::vector<std::uint32_t> places_; // of each slot within entries_
};

} // namespace ferrule::icmp
