// SPDX-License-Identifier: Apache-2.0
#include "dns/wire.hpp"

namespace ferrule::probes::dns {

namespace {

constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_label = 63;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// The byte that a backslash and what follows stand for, which are removed; nothing when they stand for none.
std::optional<char> take_escape(std::string_view& text) {
    text.remove_prefix(1);
    if (text.empty()) {
        return std::nullopt;
    }
    if (!is_digit(text[0])) {
        const char c = text[0];
        text.remove_prefix(1);
        return c;
    }
    if (text.size() < 3 || !is_digit(text[1]) || !is_digit(text[2])) {
        return std::nullopt;
    }
    const int value = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
    text.remove_prefix(3);
    return value > 255 ? std::nullopt : std::optional(static_cast<char>(value));
}

} // namespace

void wire_reader::fail() noexcept {
    broken_ = true;
    at_ = end_;
}

std::string_view wire_reader::bytes(std::size_t count) {
    if (broken_ || count > left()) {
        fail();
        return {};
    }
    const auto out = message_.substr(at_, count);
    at_ += count;
    return out;
}

std::uint8_t wire_reader::u8() {
    const auto b = bytes(1);
    return b.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(b[0]);
}

std::uint16_t wire_reader::u16() {
    const auto high = u8();
    const auto low = u8();
    return static_cast<std::uint16_t>(high << 8 | low);
}

std::uint32_t wire_reader::u32() {
    const auto high = u16();
    const auto low = u16();
    return static_cast<std::uint32_t>(high) << 16 | low;
}

std::string wire_reader::name() {
    std::string out;
    std::size_t from = at_;   // where labels are read
    std::size_t limit = end_; // how far they may go
    std::size_t lowest = at_; // each pointer must go below the start of what it continues
    std::size_t size = 1;     // on the wire, without compression
    bool followed = false;
    while (!broken_) {
        if (from >= limit) {
            break;
        }
        const auto length = static_cast<std::uint8_t>(message_[from]);
        if (length == 0) {
            at_ = followed ? at_ : from + 1;
            return out.empty() ? "." : out;
        }
        if ((length & 0xc0u) == 0xc0u) {
            if (from + 1 >= limit) {
                break;
            }
            const auto to =
                static_cast<std::size_t>((length & 0x3fu) << 8 | static_cast<std::uint8_t>(message_[from + 1]));
            if (to >= lowest) {
                break;
            }
            at_ = followed ? at_ : from + 2;
            followed = true;
            lowest = to;
            from = to;
            limit = message_.size();
            continue;
        }
        size += length + 1u;
        if (length > longest_label || from + 1 + length > limit || size > longest_name) {
            break;
        }
        append_escaped(out, message_.substr(from + 1, length), ".\\\"();@$");
        out += '.';
        from += length + 1u;
    }
    fail();
    return {};
}

wire_reader wire_reader::part(std::size_t count) {
    wire_reader inner = *this;
    if (broken_ || count > left()) {
        fail();
        inner.fail();
        return inner;
    }
    inner.end_ = at_ + count;
    at_ += count;
    return inner;
}

void put_u16(std::string& out, std::uint16_t value) {
    out += static_cast<char>(value >> 8);
    out += static_cast<char>(value & 0xffu);
}

std::optional<std::string> encode_name(std::string_view text) {
    std::string out;
    std::string label;
    if (text == ".") {
        text = {};
    }
    const auto end_label = [&] {
        if (label.empty() || label.size() > longest_label) {
            return false;
        }
        out += static_cast<char>(label.size());
        out += label;
        label.clear();
        return true;
    };
    while (!text.empty()) {
        if (text[0] == '.') {
            if (!end_label()) {
                return std::nullopt;
            }
            text.remove_prefix(1);
        } else if (text[0] == '\\') {
            const auto c = take_escape(text);
            if (!c) {
                return std::nullopt;
            }
            label += *c;
        } else {
            label += text[0];
            text.remove_prefix(1);
        }
    }
    if (!label.empty() && !end_label()) {
        return std::nullopt;
    }
    out += '\0';
    return out.size() > longest_name ? std::nullopt : std::optional(std::move(out));
}

void append_escaped(std::string& out, std::string_view bytes, std::string_view special) {
    for (const char c : bytes) {
        const auto value = static_cast<unsigned char>(c);
        if (value < 0x20 || value > 0x7e || (c == ' ' && !special.empty() && special.front() == '.')) {
            out += '\\';
            out += static_cast<char>('0' + value / 100);
            out += static_cast<char>('0' + value / 10 % 10);
            out += static_cast<char>('0' + value % 10);
            continue;
        }
        if (special.find(c) != std::string_view::npos) {
            out += '\\';
        }
        out += c;
    }
}

} // namespace ferrule::probes::dns
