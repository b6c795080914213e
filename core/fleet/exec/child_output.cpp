#include "fleet/exec/child_output.hpp"

#include <utility>

namespace ferrule::fleet::exec {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

bool within(unsigned char byte, unsigned least, unsigned most) noexcept {
    return byte >= least && byte <= most;
}

enum class verdict { whole, broken, cut };

struct sequence {
    verdict what;
    std::size_t size; ///< Bytes that belong together; at least 1.
};

// Well-formed sequences (Unicode 15, table 3-7); a broken one ends before the first byte that cannot go on.
sequence first_of(std::string_view text) noexcept {
    const auto at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = at(0);
    if (lead < 0x80)
        return {verdict::whole, 1};
    std::size_t size = 0;
    unsigned least = 0x80;
    unsigned most = 0xBF;
    if (within(lead, 0xC2, 0xDF)) {
        size = 2;
    } else if (within(lead, 0xE0, 0xEF)) {
        size = 3;
        least = lead == 0xE0 ? 0xA0U : 0x80U;
        most = lead == 0xED ? 0x9FU : 0xBFU;
    } else if (within(lead, 0xF0, 0xF4)) {
        size = 4;
        least = lead == 0xF0 ? 0x90U : 0x80U;
        most = lead == 0xF4 ? 0x8FU : 0xBFU;
    } else {
        return {verdict::broken, 1};
    }
    for (std::size_t i = 1; i < size; ++i) {
        if (i == text.size())
            return {verdict::cut, i};
        if (!within(at(i), least, most))
            return {verdict::broken, i};
        least = 0x80;
        most = 0xBF;
    }
    return {verdict::whole, size};
}

} // namespace

child_output::child_output(std::size_t limit)
    : limit_(limit) {}

void child_output::keep(std::string_view valid) {
    // A character is kept whole or not at all, and nothing after one that was left out.
    if (truncated_ || text_.size() + valid.size() > limit_)
        truncated_ = true;
    else
        text_ += valid;
}

std::string_view child_output::take(std::string_view bytes) {
    const auto before = text_.size();
    std::string joined;
    if (!begun_.empty()) {
        joined = std::exchange(begun_, {});
        joined += bytes;
        bytes = joined;
    }
    while (!bytes.empty()) {
        // Plain text in one piece, as far as it fits.
        std::size_t plain = 0;
        while (plain < bytes.size() && static_cast<unsigned char>(bytes[plain]) < 0x80)
            ++plain;
        if (plain > 0 && !truncated_) {
            const auto room = limit_ - text_.size();
            text_ += bytes.substr(0, plain < room ? plain : room);
            truncated_ = plain > room;
        }
        bytes.remove_prefix(plain);
        if (bytes.empty())
            break;
        const auto next = first_of(bytes);
        if (next.what == verdict::cut) {
            begun_ = bytes;
            break;
        }
        keep(next.what == verdict::whole ? bytes.substr(0, next.size) : replacement);
        bytes.remove_prefix(next.size);
    }
    return std::string_view(text_).substr(before);
}

std::string_view child_output::finish() {
    const auto before = text_.size();
    if (!std::exchange(begun_, {}).empty())
        keep(replacement);
    return std::string_view(text_).substr(before);
}

} // namespace ferrule::fleet::exec
