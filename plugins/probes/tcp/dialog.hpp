// SPDX-License-Identifier: Apache-2.0
// Finding what a step expects in what has come so far. No sockets and no clock.
#pragma once

#include "tcp/settings.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace ferrule::probes::tcp {

enum class find_status : std::uint8_t {
    found,
    need_more,
    ended,   ///< The peer has ended, and what it sent does not match.
    too_much ///< More than the limit, or a pattern that costs too much.
};

/// Bytes that were received and not used yet, line after line.
class received {
  public:
    explicit received(std::size_t limit)
        : limit_(limit) {}

    [[nodiscard]] std::string& buffer() noexcept { return buffer_; }

    /// How much may still be read for this step.
    [[nodiscard]] std::size_t room() const noexcept { return limit_ - std::min(limit_, passed_ + buffer_.size()); }

    /// Begins a step.
    void begin() noexcept { passed_ = 0; }

    /// Looks for the step's match, and uses what comes before its end: up to the match, or up to its line.
    find_status find(const step& what, bool ended, captures& caught);

    [[nodiscard]] bool empty() const noexcept { return buffer_.empty(); }

    /// The last line that did not match, shortened, for a sentence.
    [[nodiscard]] std::string last_line() const;

  private:
    find_status find_line(const regex& wanted, bool ended, captures& caught);
    find_status find_anywhere(const regex& wanted, bool ended, captures& caught);

    std::string buffer_;
    std::string last_;
    std::size_t limit_;
    std::size_t passed_ = 0;  ///< Bytes of this step that did not match.
    std::size_t scanned_ = 0; ///< Bytes of the buffer in which there is no end of a line.
};

} // namespace ferrule::probes::tcp
