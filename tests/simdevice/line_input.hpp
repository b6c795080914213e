// Bytes that a person or a program types, made into lines and keys, with the echo a device would show.
#pragma once

#include "simdevice/spec.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ferrule::simdevice {

/// How the line under way is echoed.
struct echo_style {
    echo_kind kind = echo_kind::strict;
    bool visible = true;    ///< false for secrets: only the line end shows
    std::size_t width = 80; ///< columns, for wrapped echo
};

/// Buffers what arrived ahead of its turn (type-ahead) and edits the current line. Sans I/O.
/// CR, LF and CR LF each end one line; backspace, Ctrl-U, Ctrl-C and Ctrl-Z do what a terminal's user expects.
class line_input {
  public:
    void feed(std::string_view bytes) { pending_ += bytes; }

    /// Forgets all that came before the last Ctrl-C; false when there is none.
    bool take_interrupt();

    /// The next complete line, `"\x1a"` for Ctrl-Z; its echo, also of a line not yet complete, is appended to `echo`.
    std::optional<std::string> read_line(const echo_style& style, std::string& echo);

    /// The next key, for questions and pagers that wait for one.
    std::optional<char> read_key();

    /// Where the echo of the next line begins, in columns: the length of the prompt.
    void set_column(std::size_t column) { column_ = column; }

    void discard();

  private:
    bool next(char& c);
    void show(char c, const echo_style& style, std::string& echo);
    void end_of_line(const echo_style& style, std::string& echo);

    std::string pending_;
    std::size_t taken_ = 0;
    std::string line_;
    std::size_t column_ = 0;
    bool after_return_ = false;
};

} // namespace ferrule::simdevice
