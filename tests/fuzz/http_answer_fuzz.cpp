// SPDX-License-Identifier: Apache-2.0
// Any bytes are an answer of a web server: they are read without harm, the same at once and piece by piece, and a body
// never grows beyond its limit.
#include "http/response_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace ferrule::probes::http;

namespace {

constexpr std::size_t limit = 4096;

struct seen {
    std::string body;
    std::string problem;
    int status = 0;
    bool done = false;
};

seen read(std::string_view bytes, std::size_t piece, packing how) {
    body content(limit, true);
    response_reader reader(content, false, [&](const response_head&) { content.begin(how); });
    bool good = true;
    while (good && !bytes.empty() && !reader.done()) {
        good = reader.put(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    good = good && reader.end();
    if (good != reader.problem().empty() || (good && !reader.done()) || content.text().size() > limit) {
        std::abort();
    }
    return {content.text(), reader.problem(), reader.head().status, good};
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const auto how = static_cast<packing>(data[0] % 4);
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto whole = read(bytes, size, how);
    const auto pieces = read(bytes, 1, how);
    if (whole.done != pieces.done || whole.status != pieces.status || (whole.done && whole.body != pieces.body)) {
        std::abort();
    }
    return 0;
}
