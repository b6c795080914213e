// SPDX-License-Identifier: Apache-2.0
// Turns a device's terminal output into the lines that a person would see.
#pragma once

#include "ssh/text/ansi_parser.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ferrule::ssh {

/// Receives what the screen has finished.
class line_sink {
  public:
    /// A line as it stood when the line feed came. `ended` is false for a piece of a line that grew past
    /// screen::max_line.
    virtual void on_line(std::string_view line, bool ended) = 0;

  protected:
    ~line_sink() = default;
};

/// Keeps the current line of a terminal: applies carriage return, backspace, cursor movement and erasing to it, drops
/// colours and titles, and answers the questions that applications ask a terminal. Costs time linear in what is fed,
/// however it is cut.
class screen {
  public:
    static constexpr std::size_t max_line = 64 * 1024;

    screen() = default;

    screen(std::uint16_t width, std::uint16_t height)
        : width_(width)
        , height_(height) {}

    /// Finished lines go to `sink`, in order, before this returns.
    void feed(std::string_view bytes, line_sink& sink);

    /// The line that has no line feed yet.
    [[nodiscard]] std::string_view line() const noexcept { return line_; }

    /// Answers owed to the application (cursor position, device attributes); the caller sends them and calls
    /// `clear_replies`.
    [[nodiscard]] std::string_view replies() const noexcept { return replies_; }

    void clear_replies() noexcept { replies_.clear(); }

    /// Forgets the current line, as after a prompt or a pager that was dealt with.
    void clear_line() noexcept {
        line_.clear();
        cursor_ = 0;
        repainted_ = false;
        untouched_ = true;
        wrapped_ = false;
    }

    /// While an echo is awaited: a blank and CR that a line editor puts where the typed line reaches the terminal's
    /// width are no part of the line.
    void expect_wrapping(bool is) noexcept { wrapping_ = is; }

    /// Nothing has been drawn on the current line since it began; in `on_line`, on the line that just ended.
    [[nodiscard]] bool untouched() const noexcept { return untouched_; }

    /// Something on the current line has been painted over or erased.
    [[nodiscard]] bool repainted() const noexcept { return repainted_; }

    /// Gives memory back between commands.
    void shrink();

  private:
    friend class ansi_parser;

    void text(std::string_view run);
    void control(char c);
    void escape(char final);
    void csi(const csi_sequence& sequence);
    void newline();

    void move_to(std::size_t column) noexcept { cursor_ = column; }

    void position(const csi_sequence& sequence);
    void erase_line(unsigned what);
    void erase_display(unsigned what);
    void erase_cells(std::size_t count);
    void back() noexcept;
    void report(const csi_sequence& sequence);

    ansi_parser parser_;
    line_sink* sink_ = nullptr;
    std::string line_;
    std::string replies_;
    std::size_t cursor_ = 0;
    std::uint16_t width_ = 511;
    std::uint16_t height_ = 24;
    std::uint16_t row_ = 0; ///< 0 until the application positions the cursor.
    bool repainted_ = false;
    bool untouched_ = true;
    bool wrapping_ = false;
    bool wrapped_ = false; ///< a CR came that may be a line editor's wrap
};

} // namespace ferrule::ssh
