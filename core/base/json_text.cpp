#include "base/json_text.hpp"

#include "base/json.hpp"
#include "base/strings.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace ferrule::base {

namespace {

constexpr std::size_t usual_size = 960; // beyond 1,000 glibc looks for the memory the long way

constexpr bool is_plain(char c) noexcept {
    return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

void append_escape(std::string& out, char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += '\\';
    switch (c) {
    case '"':
    case '\\':
        out += c;
        break;
    case '\n':
        out += 'n';
        break;
    case '\r':
        out += 'r';
        break;
    case '\t':
        out += 't';
        break;
    case '\b':
        out += 'b';
        break;
    case '\f':
        out += 'f';
        break;
    default:
        out += "u00";
        out += digits[static_cast<unsigned char>(c) >> 4U];
        out += digits[static_cast<unsigned char>(c) & 0xfU];
    }
}

} // namespace

json_text::json_text() {
    out_.reserve(usual_size);
}

void json_text::separate() {
    if (between_)
        out_ += ',';
    between_ = true;
}

json_text& json_text::begin_object() {
    separate();
    out_ += '{';
    between_ = false;
    return *this;
}

json_text& json_text::end_object() {
    out_ += '}';
    between_ = true;
    return *this;
}

json_text& json_text::begin_array() {
    separate();
    out_ += '[';
    between_ = false;
    return *this;
}

json_text& json_text::end_array() {
    out_ += ']';
    between_ = true;
    return *this;
}

json_text& json_text::key(std::string_view name) {
    separate();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    between_ = false;
    return *this;
}

json_text& json_text::value(std::string_view text) {
    separate();
    if (!is_utf8(text)) {
        out_ += dump(json(text)); // knows how much each fault replaces
        return *this;
    }
    out_ += '"';
    for (std::size_t from = 0; from < text.size();) {
        auto to = from;
        while (to < text.size() && is_plain(text[to]))
            ++to;
        out_.append(text, from, to - from);
        if (to < text.size())
            append_escape(out_, text[to++]);
        from = to;
    }
    out_ += '"';
    return *this;
}

json_text& json_text::value(bool flag) {
    separate();
    out_ += flag ? "true" : "false";
    return *this;
}

json_text& json_text::value(std::int64_t number) {
    separate();
    std::array<char, 24> digits;
    out_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
    return *this;
}

json_text& json_text::value(double number) {
    if (!std::isfinite(number))
        return null();
    separate();
    std::array<char, 32> digits;
    out_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
    return *this;
}

json_text& json_text::null() {
    separate();
    out_ += "null";
    return *this;
}

json_text& json_text::raw(std::string_view text) {
    separate();
    out_ += text;
    return *this;
}

} // namespace ferrule::base
