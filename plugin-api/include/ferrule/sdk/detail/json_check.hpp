// SPDX-License-Identifier: Apache-2.0
// Checks JSON at compile time, so that a slip in a plugin's schema is a compiler error and not a plugin that the host
// cannot read.
#pragma once

#include <cstddef>
#include <string_view>

namespace ferrule::sdk::detail {

/// A recursive-descent check of RFC 8259 grammar; nesting up to 64.
class json_check {
  public:
    constexpr explicit json_check(std::string_view text)
        : text_(text) {}

    constexpr bool object_only() {
        space();
        return !ended() && peek() == '{' && value(0) && (space(), ended());
    }

  private:
    [[nodiscard]] constexpr bool ended() const { return at_ >= text_.size(); }

    [[nodiscard]] constexpr char peek() const { return ended() ? '\0' : text_[at_]; }

    constexpr bool take(char c) {
        if (ended() || text_[at_] != c) {
            return false;
        }
        ++at_;
        return true;
    }

    constexpr void space() {
        while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') {
            ++at_;
        }
    }

    constexpr bool word(std::string_view expected) {
        if (text_.substr(at_, expected.size()) != expected) {
            return false;
        }
        at_ += expected.size();
        return true;
    }

    constexpr bool digits() {
        const auto start = at_;
        while (peek() >= '0' && peek() <= '9') {
            ++at_;
        }
        return at_ != start;
    }

    constexpr bool number() {
        take('-');
        if (!take('0') && !digits()) {
            return false;
        }
        if (take('.') && !digits()) {
            return false;
        }
        if (take('e') || take('E')) {
            if (!take('+')) {
                take('-');
            }
            return digits();
        }
        return true;
    }

    static constexpr bool is_hex(char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    }

    constexpr bool escape() {
        const char c = peek();
        ++at_;
        if (c == 'u') {
            for (int i = 0; i < 4; ++i, ++at_) {
                if (!is_hex(peek())) {
                    return false;
                }
            }
            return true;
        }
        return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    }

    constexpr bool string() {
        if (!take('"')) {
            return false;
        }
        while (!ended()) {
            const char c = text_[at_++];
            if (c == '"') {
                return true;
            }
            if (static_cast<unsigned char>(c) < 0x20 || (c == '\\' && !escape())) {
                return false;
            }
        }
        return false;
    }

    constexpr bool member(int depth) {
        space();
        if (!string()) {
            return false;
        }
        space();
        return take(':') && value(depth);
    }

    constexpr bool sequence(char open, char close, bool members, int depth) {
        take(open);
        space();
        if (take(close)) {
            return true;
        }
        do {
            if (!(members ? member(depth + 1) : value(depth + 1))) {
                return false;
            }
            space();
        } while (take(','));
        return take(close);
    }

    constexpr bool value(int depth) {
        if (depth > 64) {
            return false;
        }
        space();
        switch (peek()) {
        case '{':
            return sequence('{', '}', true, depth);
        case '[':
            return sequence('[', ']', false, depth);
        case '"':
            return string();
        case 't':
            return word("true");
        case 'f':
            return word("false");
        case 'n':
            return word("null");
        default:
            return number();
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

/// Whether the text is one JSON object.
constexpr bool is_json_object(std::string_view text) {
    return json_check(text).object_only();
}

} // namespace ferrule::sdk::detail
