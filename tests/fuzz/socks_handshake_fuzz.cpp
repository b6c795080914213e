// SPDX-License-Identifier: Apache-2.0
// Any bytes are what a SOCKS proxy says: they are read without harm, the same byte by byte and in pieces, no byte of
// the server's is taken, and nothing that is told has the login in it.
#include "http/socks_handshake.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace ferrule::probes::http;

namespace {

struct seen {
    std::string sent;
    std::string problem;
    std::size_t taken = 0;
    bool done = false;

    friend bool operator==(const seen&, const seen&) = default;
};

seen talk(std::string_view answers, std::size_t step, bool login) {
    url proxy;
    proxy.user = login ? "fuzz-user" : "";
    proxy.password = login ? "fuzz-secret" : "";
    url to;
    to.host = "www.example.org";
    socks_handshake at(proxy, to);
    seen made;
    while (!at.done() && !at.failed()) {
        made.sent += at.output();
        if (answers.empty()) {
            at.end();
            break;
        }
        if (at.wanted() == 0 || at.wanted() > 300) {
            std::abort();
        }
        const auto piece = answers.substr(0, std::min(step, at.wanted()));
        at.put(piece);
        answers.remove_prefix(piece.size());
        made.taken += piece.size();
    }
    made.problem = at.problem();
    made.done = at.done();
    if (made.done == at.failed() || made.problem.find("fuzz-") != std::string::npos) {
        std::abort();
    }
    return made;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view answers(reinterpret_cast<const char*>(data), size);
    for (const bool login : {false, true}) {
        if (!(talk(answers, 1, login) == talk(answers, size + 1, login))) {
            std::abort();
        }
    }
    return 0;
}
