// SPDX-License-Identifier: Apache-2.0
// DNS messages (RFC 1035): queries that are written, answers that are read.
#pragma once

#include <ferrule/sdk/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::probes::dns {

/// What is asked.
struct question {
    std::string name; ///< Wire form, as encode_name makes it.
    std::uint16_t type = 0;
    std::uint16_t cls = 0;
    bool recursion = true;
};

/// One resource record.
struct record {
    std::string name;
    std::uint16_t type = 0;
    std::uint16_t cls = 0;
    std::uint32_t ttl = 0;
    std::string data;                    ///< In presentation form.
    std::optional<std::uint32_t> serial; ///< Of a SOA record.

    /// As in a zone file, with tabs: `example.net.	300	IN	A	192.0.2.1`.
    [[nodiscard]] std::string text() const;
};

/// An answer.
struct message {
    std::uint16_t id = 0;
    bool response = false;
    bool truncated = false;
    bool authoritative = false;
    std::uint16_t rcode = 0;
    std::string asked_name; ///< Presentation form of its question; empty when it repeats none.
    std::uint16_t asked_type = 0;
    std::uint16_t asked_class = 0;
    std::vector<record> answers;
    std::vector<record> authorities;
    std::vector<record> additionals;
};

/// The bytes of a query.
std::string encode_query(const question& what, std::uint16_t id);

/// Reads a message; fails with `malformed_message` and a sentence that says which part is. A truncated message may end
/// between two records.
sdk::result<message> decode(std::string_view bytes);

/// Whether the message answers this query and none that somebody else sent.
bool answers(const message& got, const question& what, std::uint16_t id);

} // namespace ferrule::probes::dns
