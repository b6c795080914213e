// SPDX-License-Identifier: Apache-2.0
// Any text is a known_hosts file: it is read without harm, and what is read and written again is found again.
#include "ssh/hostkey/known_hosts.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

using namespace ferrule::ssh;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto file = known_hosts::parse(std::string_view(reinterpret_cast<const char*>(data), size));
    for (const auto* host : {"r1", "192.0.2.1", "a.b.example.net"}) {
        for (const std::uint16_t port : {std::uint16_t{22}, std::uint16_t{2222}}) {
            const auto verdict = file.check(host, port, "ssh-ed25519", "nothing");
            if (verdict.what == host_key_verdict::kind::known) {
                std::abort(); // such a key cannot be listed
            }
            (void)file.key_types(host, port);
        }
    }
    std::size_t tried = 0;
    for (const auto& entry : file.entries()) {
        if (++tried > 50) {
            break;
        }
        const auto again = known_hosts::parse(known_hosts::line_for("r1", 2222, entry.key_type, entry.key));
        if (again.check("R1", 2222, entry.key_type, entry.key).what != host_key_verdict::kind::known) {
            std::abort();
        }
    }
    return 0;
}
