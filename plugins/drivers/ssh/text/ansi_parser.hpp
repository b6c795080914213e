// SPDX-License-Identifier: Apache-2.0
// Splits what a terminal application sends into text, control characters and escape sequences.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ferrule::ssh {

/// A control sequence `ESC [ params final`. Missing parameters are 0.
struct csi_sequence {
    static constexpr std::size_t max_params = 8;

    std::array<std::uint16_t, max_params> params{};
    std::uint8_t count = 0;
    char prefix = 0; ///< One of `<=>?`, or 0.
    char final = 0;

    /// Parameter `index`, or `fallback` when it is missing or 0.
    [[nodiscard]] std::uint16_t at(std::size_t index, std::uint16_t fallback) const noexcept {
        return index < count && params[index] != 0 ? params[index] : fallback;
    }
};

/// The incremental state machine after ECMA-48: a sequence may be cut anywhere between two calls. Bytes of 0x80 and
/// above are text, because devices speak UTF-8 or Latin-1 and none sends eight-bit control codes. Operating-system
/// commands, device control and the other string sequences are skipped, but never for more than `max_string` bytes, so
/// that a stray introducer cannot swallow a session.
class ansi_parser {
  public:
    static constexpr std::size_t max_string = 4096;

    /// Calls `handler.text(run)`, `handler.control(byte)`, `handler.escape(final)` and `handler.csi(sequence)` in the
    /// order of arrival.
    template <class Handler>
    void feed(std::string_view bytes, Handler& handler) {
        std::size_t i = 0;
        while (i < bytes.size()) {
            if (state_ == state::ground) {
                const auto start = i;
                while (i < bytes.size() && is_text(bytes[i])) {
                    ++i;
                }
                if (i > start) {
                    handler.text(bytes.substr(start, i - start));
                    continue;
                }
            }
            step(bytes[i], handler);
            ++i;
        }
    }

    /// Forgets a sequence that was begun.
    void reset() noexcept { state_ = state::ground; }

  private:
    enum class state : std::uint8_t { ground, escape, intermediate, csi, csi_ignore, string, string_escape };

    static bool is_text(char c) noexcept {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x20 && byte != 0x7f;
    }

    template <class Handler>
    void step(char c, Handler& handler) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte == 0x18 || byte == 0x1a) { // CAN and SUB end every sequence
            state_ = state::ground;
            return;
        }
        switch (state_) {
        case state::ground:
            byte == 0x1b ? enter_escape() : handler.control(c);
            return;
        case state::escape:
            on_escape(c, handler);
            return;
        case state::intermediate:
            if (byte >= 0x30) {
                state_ = state::ground;
            }
            return;
        case state::csi:
        case state::csi_ignore:
            on_csi(c, handler);
            return;
        case state::string:
            on_string(c);
            return;
        case state::string_escape:
            state_ = state::escape;
            if (c == '\\') {
                state_ = state::ground;
            } else {
                on_escape(c, handler);
            }
            return;
        }
    }

    void enter_escape() noexcept { state_ = state::escape; }

    template <class Handler>
    void on_escape(char c, Handler& handler) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte == 0x1b) {
            return;
        }
        if (byte < 0x20) {
            handler.control(c);
        } else if (c == '[') {
            sequence_ = {};
            state_ = state::csi;
        } else if (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_') {
            string_length_ = 0;
            state_ = state::string;
        } else if (byte < 0x30) {
            state_ = state::intermediate;
        } else {
            state_ = state::ground;
            handler.escape(c);
        }
    }

    template <class Handler>
    void on_csi(char c, Handler& handler) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte == 0x1b) {
            enter_escape();
        } else if (byte < 0x20) {
            handler.control(c);
        } else if (byte >= '0' && byte <= '9') {
            add_digit(static_cast<unsigned>(byte - '0'));
        } else if (c == ';' || c == ':') {
            if (sequence_.count == 0) {
                sequence_.count = 1;
            }
            sequence_.count < csi_sequence::max_params ? static_cast<void>(++sequence_.count)
                                                       : static_cast<void>(state_ = state::csi_ignore);
        } else if (byte >= 0x3c && byte <= 0x3f) {
            sequence_.prefix = c;
        } else if (byte < 0x40) { // intermediates select functions that mean nothing here
            state_ = state::csi_ignore;
        } else if (byte < 0x7f) {
            const bool known = state_ == state::csi;
            state_ = state::ground;
            sequence_.final = c;
            if (known) {
                handler.csi(sequence_);
            }
        } else if (byte > 0x7f) { // not part of any sequence
            state_ = state::ground;
            handler.text(std::string_view(&c, 1));
        }
    }

    void add_digit(unsigned digit) noexcept {
        if (sequence_.count == 0) {
            sequence_.count = 1;
        }
        auto& value = sequence_.params[sequence_.count - 1u];
        const unsigned next = value * 10u + digit;
        value = static_cast<std::uint16_t>(next > 9999 ? 9999 : next);
    }

    void on_string(char c) noexcept {
        if (c == '\x1b') {
            state_ = state::string_escape;
        } else if (c == '\x07' || ++string_length_ > max_string) {
            state_ = state::ground;
        }
    }

    csi_sequence sequence_;
    std::uint16_t string_length_ = 0;
    state state_ = state::ground;
};

} // namespace ferrule::ssh
