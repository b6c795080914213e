#include "simdevice/output_source.hpp"

#include <algorithm>

namespace ferrule::simdevice {

std::string output_source::generated_line(std::uint64_t number) {
    auto digits = std::to_string(number);
    std::string line = "line " + std::string(digits.size() < 10 ? 10 - digits.size() : 0, '0') + digits;
    return line + " the quick brown fox jumps over the lazy dog\r\n";
}

std::uint64_t output_source::remaining() const {
    const std::uint64_t text = own_.size() - own_taken_ + text_.size();
    const std::uint64_t all =
        generate_ > std::numeric_limits<std::uint64_t>::max() - text ? generate_ : generate_ + text;
    return limit_ ? std::min(all, *limit_) : all;
}

std::string_view output_source::upcoming() {
    if (own_taken_ < own_.size()) {
        return std::string_view(own_).substr(own_taken_);
    }
    if (!text_.empty()) {
        return text_;
    }
    if (line_taken_ == line_.size()) {
        line_ = generated_line(++line_number_);
        line_taken_ = 0;
        if (line_.size() > generate_) { // the last line is shorter, so that the prompt still begins a line
            line_.resize(static_cast<std::size_t>(generate_));
            line_.replace(line_.size() - std::min<std::size_t>(2, line_.size()), std::string::npos,
                          line_.size() < 2 ? "\n" : "\r\n");
        }
    }
    return std::string_view(line_).substr(line_taken_);
}

std::size_t output_source::take(std::string& out, std::size_t room, std::size_t lines) {
    std::size_t passed = 0;
    while (room > 0 && passed < lines && !done()) {
        auto piece = upcoming();
        piece = piece.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>({piece.size(), room, remaining()})));
        std::size_t used = piece.size();
        if (lines != std::numeric_limits<std::size_t>::max()) {
            if (const auto end = piece.find('\n'); end != std::string_view::npos) {
                used = end + 1;
                ++passed;
            }
        }
        out += piece.substr(0, used);
        room -= used;
        if (limit_) {
            *limit_ -= used;
        }
        if (own_taken_ < own_.size()) {
            own_taken_ += used;
        } else if (!text_.empty()) {
            text_.remove_prefix(used);
        } else {
            line_taken_ += used;
            if (generate_ != std::numeric_limits<std::uint64_t>::max()) {
                generate_ -= used;
            }
        }
    }
    return passed;
}

} // namespace ferrule::simdevice
