// SPDX-License-Identifier: Apache-2.0
// Hands a command's output to the host while it comes, and notices when nobody wants more of it.
#pragma once

#include "ssh/platform/duration.hpp"
#include "ssh/text/redactor.hpp"

#include <ferrule/sdk/operation.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace ferrule::ssh {

/// Raw output is what the device sends, byte for byte but for the session's own secrets; cleaned output is what the
/// reader makes of it.
class output_stream {
  public:
    output_stream(sdk::call& c, const redactor& known, bool raw)
        : call_(c) {
        if (raw) {
            raw_.emplace(known);
        }
    }

    void received(std::string_view bytes, nanoseconds now) {
        if (raw_) {
            emit(raw_->feed(bytes), now);
        }
        if (limited_at_ != 0) {
            beyond_ += bytes.size();
        }
    }

    void cleaned(std::string_view text, nanoseconds now) {
        if (!raw_) {
            emit(text, now);
        }
    }

    void finish(nanoseconds now) {
        if (raw_) {
            emit(raw_->finish(), now);
        }
    }

    /// True, once, when the host has had enough and the device still goes on: time to interrupt it.
    [[nodiscard]] bool must_interrupt(nanoseconds now) noexcept {
        if (interrupted_ || limited_at_ == 0 || (beyond_ <= generous_bytes && now - limited_at_ <= generous_time)) {
            return false;
        }
        interrupted_ = true;
        return true;
    }

    /// Whether the command has ended because it was interrupted, and not by itself.
    [[nodiscard]] bool interrupted() const noexcept { return interrupted_; }

  private:
    static constexpr std::size_t generous_bytes = 64 * 1024 * 1024;
    static constexpr nanoseconds generous_time = 20 * second;

    void emit(std::string_view text, nanoseconds now) {
        if (!text.empty() && limited_at_ == 0 && !call_.emit(text)) {
            limited_at_ = now;
        }
    }

    sdk::call& call_;
    std::optional<secret_filter> raw_;
    nanoseconds limited_at_ = 0;
    std::size_t beyond_ = 0;
    bool interrupted_ = false;
};

} // namespace ferrule::ssh
