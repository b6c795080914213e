// SPDX-License-Identifier: Apache-2.0
// The screen shows the same however its input is cut, never more than it was given can explain, and no escape
// character.
#include "ssh/text/screen.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

struct collector final : ferrule::ssh::line_sink {
    std::string all;

    void on_line(std::string_view line, bool ended) override {
        all += line;
        if (ended) {
            all += '\n';
        }
    }
};

std::string shown(std::string_view bytes, std::size_t cut) {
    ferrule::ssh::screen screen(80, 24);
    collector sink;
    for (std::size_t at = 0; at < bytes.size(); at += cut) {
        screen.feed(bytes.substr(at, cut), sink);
    }
    return sink.all + '|' + std::string(screen.line()) + '|' + std::string(screen.replies());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto whole = shown(bytes, bytes.size());
    if (whole != shown(bytes, 1) || whole != shown(bytes, 1u + data[0] % 13u)) {
        std::abort();
    }
    if (whole.substr(0, whole.rfind('|', whole.size())).find("\x1b[31") != std::string::npos) {
        std::abort();
    }
    return 0;
}
