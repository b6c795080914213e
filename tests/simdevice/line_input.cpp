#include "simdevice/line_input.hpp"

#include <utility>

namespace ferrule::simdevice {

namespace {

constexpr char interrupt_key = '\x03';
constexpr char kill_key = '\x15';
constexpr char end_key = '\x1a';

} // namespace

bool line_input::take_interrupt() {
    const auto place = pending_.rfind(interrupt_key);
    if (place == std::string::npos || place < taken_) {
        return false;
    }
    pending_.erase(0, place + 1);
    taken_ = 0;
    line_.clear();
    return true;
}

bool line_input::next(char& c) {
    while (taken_ < pending_.size()) {
        c = pending_[taken_++];
        const bool second_half = c == '\n' && after_return_;
        after_return_ = c == '\r';
        if (!second_half) {
            return true;
        }
    }
    pending_.clear();
    taken_ = 0;
    return false;
}

std::optional<std::string> line_input::read_line(const echo_style& style, std::string& echo) {
    char c = '\0';
    while (next(c)) {
        if (c == '\r' || c == '\n') {
            end_of_line(style, echo);
            return std::exchange(line_, {});
        }
        if (c == end_key) {
            if (style.kind != echo_kind::none && style.visible) {
                echo += "^Z\r\n";
            }
            line_.clear();
            return std::string(1, end_key);
        }
        if (c == '\b' || c == '\x7f' || c == kill_key) {
            while (!line_.empty()) {
                line_.pop_back();
                if (style.kind != echo_kind::none && style.visible) {
                    echo += "\b \b";
                    --column_;
                }
                if (c != kill_key) {
                    break;
                }
            }
            continue;
        }
        line_ += c;
        show(c, style, echo);
    }
    return std::nullopt;
}

void line_input::end_of_line(const echo_style& style, std::string& echo) {
    if (style.kind == echo_kind::ansi && style.visible) {
        echo += "\x1b[K\x1b[0m";
    }
    if (style.kind != echo_kind::none) {
        echo += "\r\n";
    }
    column_ = 0;
}

void line_input::show(char c, const echo_style& style, std::string& echo) {
    if (style.kind == echo_kind::none || !style.visible) {
        return;
    }
    ++column_;
    if (style.kind == echo_kind::ansi) {
        switch (line_.size() % 4) {
        case 1: // overwritten at once
            echo += "?\b";
            echo += c;
            return;
        case 2: // coloured
            echo += "\x1b[1;32m";
            echo += c;
            echo += "\x1b[0m";
            return;
        case 3: // redrawn over itself
            echo += c;
            echo += '\b';
            echo += c;
            return;
        default:
            break;
        }
    }
    echo += c;
    if (style.kind == echo_kind::wrapped && style.width != 0 && column_ % style.width == 0) {
        echo += " \r";
    }
}

std::optional<char> line_input::read_key() {
    char c = '\0';
    if (next(c)) {
        return c;
    }
    return std::nullopt;
}

void line_input::discard() {
    pending_.clear();
    taken_ = 0;
    line_.clear();
}

} // namespace ferrule::simdevice
