// SPDX-License-Identifier: Apache-2.0
// The parser behind json::parse.
#pragma once

#include <ferrule/sdk/json.hpp>

#include <algorithm>
#include <charconv>

namespace ferrule::sdk::detail {

/// Recursive descent over RFC 8259. A fault is thrown as `failure` and caught in json::parse.
class json_parser {
  public:
    explicit json_parser(std::string_view text)
        : text_(text) {}

    json document() {
        json made = value(0);
        space();
        if (at_ != text_.size()) {
            fault("text after the value");
        }
        return made;
    }

  private:
    [[noreturn]] void fault(std::string_view what) const {
        throw failure(
            error("invalid_json", "Invalid JSON at offset " + std::to_string(at_) + ": " + std::string(what) + "."));
    }

    [[nodiscard]] char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

    bool take(char c) noexcept {
        if (at_ >= text_.size() || text_[at_] != c) {
            return false;
        }
        ++at_;
        return true;
    }

    void space() noexcept {
        while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') {
            ++at_;
        }
    }

    void word(std::string_view expected) {
        if (text_.substr(at_, expected.size()) != expected) {
            fault("a value was expected");
        }
        at_ += expected.size();
    }

    json value(int depth) {
        if (depth > 64) {
            fault("nested too deeply");
        }
        space();
        json made;
        switch (peek()) {
        case '{':
            made.value_ = object(depth);
            break;
        case '[':
            made.value_ = array(depth);
            break;
        case '"':
            made.value_ = string();
            break;
        case 't':
            word("true");
            made.value_ = true;
            break;
        case 'f':
            word("false");
            made.value_ = false;
            break;
        case 'n':
            word("null");
            break;
        default:
            number(made);
        }
        return made;
    }

    json::object object(int depth) {
        json::object made;
        take('{');
        space();
        if (take('}')) {
            return made;
        }
        do {
            space();
            auto key = string();
            if (std::find(made.keys.begin(), made.keys.end(), key) != made.keys.end()) {
                fault("the key '" + key + "' appears twice");
            }
            made.keys.push_back(std::move(key));
            space();
            if (!take(':')) {
                fault("':' was expected");
            }
            made.values.push_back(value(depth + 1));
            space();
        } while (take(','));
        if (!take('}')) {
            fault("',' or '}' was expected");
        }
        return made;
    }

    json::array array(int depth) {
        json::array made;
        take('[');
        space();
        if (take(']')) {
            return made;
        }
        do {
            made.values.push_back(value(depth + 1));
            space();
        } while (take(','));
        if (!take(']')) {
            fault("',' or ']' was expected");
        }
        return made;
    }

    std::string string() {
        if (!take('"')) {
            fault("a text in quotes was expected");
        }
        std::string out;
        while (!take('"')) {
            if (at_ >= text_.size()) {
                fault("the text does not end");
            }
            if (take('\\')) {
                escape(out);
                continue;
            }
            const auto length = utf8_length(text_.substr(at_));
            if (length == 0 || static_cast<unsigned char>(text_[at_]) < 0x20) {
                fault("a byte that is not allowed in a text");
            }
            out.append(text_.substr(at_, length));
            at_ += length;
        }
        return out;
    }

    void escape(std::string& out) {
        static constexpr std::string_view from = "\"\\/bfnrt";
        static constexpr std::string_view to = "\"\\/\b\f\n\r\t";
        const char c = peek();
        const auto known = from.find(c);
        if (c != '\0' && known != std::string_view::npos) {
            ++at_;
            out += to[known];
        } else if (take('u')) {
            append_utf8(out, code_point());
        } else {
            fault("an unknown escape");
        }
    }

    std::uint32_t hex4() {
        std::uint32_t unit = 0;
        const auto piece = text_.substr(at_, 4);
        const auto parsed = std::from_chars(piece.data(), piece.data() + piece.size(), unit, 16);
        if (piece.size() != 4 || parsed.ptr != piece.data() + 4) {
            fault("four hexadecimal digits were expected");
        }
        at_ += 4;
        return unit;
    }

    std::uint32_t code_point() {
        const auto first = hex4();
        if (first < 0xd800 || first > 0xdfff) {
            return first;
        }
        if (first > 0xdbff || !take('\\') || !take('u')) {
            fault("half of a surrogate pair");
        }
        const auto second = hex4();
        if (second < 0xdc00 || second > 0xdfff) {
            fault("half of a surrogate pair");
        }
        return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
    }

    static void append_utf8(std::string& out, std::uint32_t point) {
        auto put = [&](std::uint32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
        if (point < 0x80) {
            put(point);
        } else if (point < 0x800) {
            put(0xc0 | (point >> 6));
            put(0x80 | (point & 0x3f));
        } else if (point < 0x10000) {
            put(0xe0 | (point >> 12));
            put(0x80 | ((point >> 6) & 0x3f));
            put(0x80 | (point & 0x3f));
        } else {
            put(0xf0 | (point >> 18));
            put(0x80 | ((point >> 12) & 0x3f));
            put(0x80 | ((point >> 6) & 0x3f));
            put(0x80 | (point & 0x3f));
        }
    }

    void digits() {
        const auto start = at_;
        while (peek() >= '0' && peek() <= '9') {
            ++at_;
        }
        if (at_ == start) {
            fault("a value was expected");
        }
    }

    void number(json& made) {
        const auto start = at_;
        bool whole = true;
        take('-');
        if (!take('0')) {
            digits();
        }
        if (take('.')) {
            whole = false;
            digits();
        }
        if (take('e') || take('E')) {
            whole = false;
            if (!take('+')) {
                take('-');
            }
            digits();
        }
        const auto piece = text_.substr(start, at_ - start);
        std::int64_t integer = 0;
        if (whole && std::from_chars(piece.data(), piece.data() + piece.size(), integer).ec == std::errc{}) {
            made.value_ = integer;
            return;
        }
        double real = 0;
        if (std::from_chars(piece.data(), piece.data() + piece.size(), real).ec != std::errc{}) {
            fault("a number that is too large");
        }
        made.value_ = real;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

} // namespace ferrule::sdk::detail

namespace ferrule::sdk {

inline result<json> json::parse(std::string_view text) {
    try {
        return detail::json_parser(text).document();
    } catch (const failure& f) {
        return f.error();
    }
}

} // namespace ferrule::sdk
