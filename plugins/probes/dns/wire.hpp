// SPDX-License-Identifier: Apache-2.0
// Bytes of DNS messages, read without ever leaving them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ferrule::probes::dns {

/// Reads a message from front to back. Once something is missing or malformed it is `broken`, and everything after
/// reads as zero or empty.
class wire_reader {
  public:
    explicit wire_reader(std::string_view message) noexcept
        : message_(message)
        , end_(message.size()) {}

    std::uint8_t u8();
    std::uint16_t u16();
    std::uint32_t u32();
    std::string_view bytes(std::size_t count);
    /// A name in presentation form, always with its final dot; follows compression pointers, which must point backwards
    /// (RFC 1035, 4.1.4).
    std::string name();

    /// A string with a length byte before it.
    std::string_view character_string() { return bytes(u8()); }

    [[nodiscard]] bool broken() const noexcept { return broken_; }

    [[nodiscard]] std::size_t at() const noexcept { return at_; }

    [[nodiscard]] std::size_t left() const noexcept { return end_ - at_; }

    /// A reader of the next `count` bytes whose names may still point anywhere before; this one goes on after them.
    wire_reader part(std::size_t count);

  private:
    void fail() noexcept;

    std::string_view message_;
    std::size_t at_ = 0;
    std::size_t end_;
    bool broken_ = false;
};

void put_u16(std::string& out, std::uint16_t value);

/// The wire form of a name in presentation form, with `\.` and `\DDD`; nothing when it is no name: an empty label, one
/// above 63 bytes, or more than 255 in all (RFC 1035, 2.3.4).
std::optional<std::string> encode_name(std::string_view text);

/// Appends a label or string with everything escaped that is not printable, or in `special`.
void append_escaped(std::string& out, std::string_view bytes, std::string_view special);

} // namespace ferrule::probes::dns
