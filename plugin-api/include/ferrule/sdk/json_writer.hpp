// SPDX-License-Identifier: Apache-2.0
// Writing the small JSON objects that replies are made of, without a JSON library.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

namespace ferrule::sdk {

namespace detail {

/// Length of the UTF-8 sequence that starts `text`, or 0 when it is not valid UTF-8 (overlong forms and surrogates
/// included).
inline std::size_t utf8_length(std::string_view text) noexcept {
    auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    auto follows = [&](std::size_t i, unsigned low, unsigned high) {
        return i < text.size() && byte(i) >= low && byte(i) <= high;
    };
    const unsigned first = byte(0);
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return follows(1, 0x80, 0xbf) ? 2 : 0;
    }
    if (first >= 0xe0 && first <= 0xef) {
        const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
        const unsigned high = first == 0xed ? 0x9f : 0xbf;
        return follows(1, low, high) && follows(2, 0x80, 0xbf) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const unsigned low = first == 0xf0 ? 0x90 : 0x80;
        const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
        return follows(1, low, high) && follows(2, 0x80, 0xbf) && follows(3, 0x80, 0xbf) ? 4 : 0;
    }
    return 0;
}

} // namespace detail

/// Appends `text` as a JSON string. Bytes that are not UTF-8 become U+FFFD, so that device output can never make a
/// reply invalid.
inline void append_json_string(std::string& out, std::string_view text) {
    static constexpr char digits[] = "0123456789abcdef";
    out += '"';
    while (!text.empty()) {
        const auto length = detail::utf8_length(text);
        const char c = text.front();
        if (length == 0) {
            out += "\xef\xbf\xbd";
        } else if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\r') {
            out += "\\r";
        } else if (c == '\t') {
            out += "\\t";
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            const auto byte = static_cast<unsigned char>(c);
            out += "\\u00";
            out += digits[byte >> 4];
            out += digits[byte & 15];
        } else {
            out.append(text.substr(0, length));
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    out += '"';
}

/// Appends a number; one that JSON cannot hold (infinite or not a number) becomes null.
template <class Number>
void append_json_number(std::string& out, Number value) {
    if constexpr (std::floating_point<Number>) {
        if (!std::isfinite(value)) {
            out += "null";
            return;
        }
    }
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
    out.append(buffer, static_cast<std::size_t>(end - buffer));
}

/// Builds one JSON object, member by member: `json_object().add("host", host).add("port", 22).text()`.
class json_object {
  public:
    json_object()
        : text_("{") {}

    json_object& add(std::string_view key, std::string_view value) {
        start(key);
        append_json_string(text_, value);
        return *this;
    }

    json_object& add(std::string_view key, const char* value) { return add(key, std::string_view(value)); }

    json_object& add(std::string_view key, const std::string& value) { return add(key, std::string_view(value)); }

    json_object& add(std::string_view key, std::same_as<bool> auto value) {
        return add_json(key, value ? "true" : "false");
    }

    template <class Number>

    requires(std::is_arithmetic_v<Number> && !std::same_as<Number, bool>) json_object& add(std::string_view key,
                                                                                           Number value) {
        start(key);
        append_json_number(text_, value);
        return *this;
    }

    /// A member whose value is JSON text already, such as a nested object.
    json_object& add_json(std::string_view key, std::string_view json) {
        start(key);
        text_.append(json);
        return *this;
    }

    [[nodiscard]] bool empty() const noexcept { return text_.size() == 1; }

    /// The object so far as text.
    [[nodiscard]] std::string text() const { return text_ + '}'; }

  private:
    void start(std::string_view key) {
        if (!empty()) {
            text_ += ',';
        }
        append_json_string(text_, key);
        text_ += ':';
    }

    std::string text_;
};

/// Builds one JSON array of texts, numbers or JSON values.
class json_array {
  public:
    json_array& add(std::string_view value) {
        start();
        append_json_string(text_, value);
        return *this;
    }

    /// An element that is JSON text already.
    json_array& add_json(std::string_view json) {
        start();
        text_.append(json);
        return *this;
    }

    [[nodiscard]] std::string text() const { return text_ + ']'; }

  private:
    void start() {
        if (text_.size() > 1) {
            text_ += ',';
        }
    }

    std::string text_ = "[";
};

} // namespace ferrule::sdk
