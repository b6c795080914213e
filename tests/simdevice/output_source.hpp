// What a command prints, produced piece by piece so that gigabytes need no memory.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace ferrule::simdevice {

/// Yields a text, then numbered lines, up to a number of bytes or without end. Sans I/O.
class output_source {
  public:
    output_source() = default;

    /// `text` must outlive the source. `limit` cuts the whole.
    output_source(std::string_view text, std::uint64_t generate, bool endless, std::optional<std::uint64_t> limit)
        : text_(text)
        , generate_(endless ? std::numeric_limits<std::uint64_t>::max() : generate)
        , limit_(limit) {}

    /// A text of its own, printed before all else.
    void put_first(std::string text) { own_ = std::move(text); }

    /// Appends at most `room` bytes to `out` and stops after `lines` line ends; says how many line ends it passed.
    std::size_t take(std::string& out, std::size_t room, std::size_t lines = std::numeric_limits<std::size_t>::max());

    bool done() const { return remaining() == 0; }

    /// A digit-stable line of the generator: number and filler, with CR LF; `number` counts from 1.
    static std::string generated_line(std::uint64_t number);

  private:
    std::uint64_t remaining() const;
    std::string_view upcoming();

    std::string own_;
    std::string_view text_;
    std::uint64_t generate_ = 0;
    std::optional<std::uint64_t> limit_;
    std::size_t own_taken_ = 0;
    std::uint64_t line_number_ = 0;
    std::string line_;
    std::size_t line_taken_ = 0;
};

} // namespace ferrule::simdevice
