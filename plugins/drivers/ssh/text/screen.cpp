// SPDX-License-Identifier: Apache-2.0
#include "ssh/text/screen.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::ssh {

namespace {

/// Padding up to a column beyond the text is bounded: a device that jumps to column 9999 measures the terminal and does
/// not draw.
constexpr std::size_t max_gap = 1024;

constexpr std::size_t max_replies = 256;

bool continues_utf8(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

} // namespace

void screen::feed(std::string_view bytes, line_sink& sink) {
    sink_ = &sink;
    parser_.feed(bytes, *this);
    sink_ = nullptr;
}

void screen::shrink() {
    if (line_.capacity() > 256) {
        std::string(line_).swap(line_);
    }
    std::string(replies_).swap(replies_);
}

void screen::text(std::string_view run) {
    untouched_ = false;
    if (std::exchange(wrapped_, false)) {
        line_.pop_back();
        cursor_ = line_.size();
    }
    if (cursor_ > line_.size()) {
        line_.append(std::min(cursor_ - line_.size(), max_gap), ' ');
        cursor_ = line_.size();
    }
    const auto over = std::min(run.size(), line_.size() - cursor_);
    if (over > 0) {
        line_.replace(cursor_, over, run.substr(0, over));
        repainted_ = true;
    }
    line_.append(run.substr(over));
    cursor_ += run.size();
    if (line_.size() > max_line) {
        sink_->on_line(line_, false);
        clear_line();
    }
}

void screen::newline() {
    // What was painted over with blanks is gone for the reader, so it must not count as text.
    if (repainted_) {
        line_.erase(line_.find_last_not_of(' ') + 1);
    }
    sink_->on_line(line_, true);
    clear_line();
    if (row_ != 0 && row_ < height_) {
        ++row_;
    }
}

void screen::back() noexcept {
    if (cursor_ == 0) {
        return;
    }
    --cursor_;
    while (cursor_ > 0 && cursor_ < line_.size() && continues_utf8(line_[cursor_])) {
        --cursor_;
    }
}

void screen::control(char c) {
    switch (c) {
    case '\r':
        wrapped_ = wrapping_ && cursor_ == line_.size() && line_.ends_with(' ');
        cursor_ = 0;
        break;
    case '\n':
    case '\v':
        newline();
        break;
    case '\b':
        untouched_ = false;
        back();
        break;
    case '\t':
        text("\t");
        break;
    default:
        break; // NUL, BEL, form feed, shifts, DEL: nothing to see
    }
}

void screen::escape(char final) {
    if (final == 'E' || final == 'D') { // next line, index
        newline();
    } else if (final == 'c') { // full reset
        clear_line();
        row_ = 0;
    }
}

void screen::csi(const csi_sequence& sequence) {
    if (sequence.prefix != 0) {
        if (sequence.final == 'c') {
            report(sequence);
        }
        return;
    }
    if (sequence.final != 'm') { // a colour alone draws nothing
        untouched_ = false;
        wrapped_ = false;
    }
    const std::size_t count = sequence.at(0, 1);
    switch (sequence.final) {
    case 'C':
        move_to(cursor_ + count);
        break;
    case 'D':
        move_to(cursor_ - std::min(cursor_, count));
        break;
    case 'E':
        newline();
        break;
    case 'G':
    case '`':
        move_to(count - 1);
        break;
    case 'H':
    case 'f':
        position(sequence);
        break;
    case 'J':
        erase_display(sequence.at(0, 0));
        break;
    case 'K':
        erase_line(sequence.at(0, 0));
        break;
    case 'P':
        if (cursor_ < line_.size()) {
            line_.erase(cursor_, count);
        }
        break;
    case 'X':
        erase_cells(count);
        break;
    case '@':
        if (cursor_ < line_.size()) {
            line_.insert(cursor_, std::min(count, max_gap), ' ');
        }
        break;
    case 'c':
    case 'n':
        report(sequence);
        break;
    default:
        break; // colours, modes, scrolling regions
    }
}

void screen::position(const csi_sequence& sequence) {
    const auto row = std::min(sequence.at(0, 1), height_ == 0 ? sequence.at(0, 1) : height_);
    if (row_ != 0 && row != row_ && !line_.empty()) {
        newline();
    }
    row_ = row;
    move_to(std::min<std::size_t>(sequence.at(1, 1), width_) - (width_ == 0 ? 0u : 1u));
}

void screen::erase_line(unsigned what) {
    repainted_ = repainted_ || !line_.empty();
    if (what == 2) {
        line_.clear();
    } else if (what == 1) {
        std::fill_n(line_.begin(), std::min(cursor_ + 1, line_.size()), ' ');
    } else if (cursor_ < line_.size()) {
        line_.resize(cursor_);
    }
}

void screen::erase_display(unsigned what) {
    erase_line(what >= 2 ? 2 : what);
    if (what >= 2) {
        cursor_ = 0;
    }
}

void screen::erase_cells(std::size_t count) {
    if (cursor_ < line_.size()) {
        line_.replace(cursor_, std::min(count, line_.size() - cursor_), std::min(count, line_.size() - cursor_), ' ');
        repainted_ = true;
    }
}

void screen::report(const csi_sequence& sequence) {
    if (replies_.size() > max_replies) {
        return; // nobody asks that often in earnest
    }
    if (sequence.final == 'c' && sequence.prefix == 0) {
        replies_ += "\x1b[?1;2c"; // a VT100 with advanced video
    } else if (sequence.final == 'c' && sequence.prefix == '>') {
        replies_ += "\x1b[>0;0;0c";
    } else if (sequence.final == 'n' && sequence.at(0, 0) == 5) {
        replies_ += "\x1b[0n";
    } else if (sequence.final == 'n' && sequence.at(0, 0) == 6) {
        replies_ += "\x1b[" + std::to_string(row_ == 0 ? 1 : row_) + ';' + std::to_string(cursor_ + 1) + 'R';
    }
}

} // namespace ferrule::ssh
