// SPDX-License-Identifier: Apache-2.0
// The addresses of web pages, and where a redirect leads.
#pragma once

#include <ferrule/sdk/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace ferrule::probes::http {

/// An http or https URL in its parts.
struct url {
    bool secure = false;
    std::string host; ///< A name or an address, IPv6 without brackets.
    std::uint16_t port = 80;
    std::string target = "/"; ///< Path and query, as the request line has them.
    std::string user;         ///< Decoded.
    std::string password;

    /// Reads an absolute URL; one without a scheme is http. `fallback_port` is the port of one that names none; 0 for
    /// that of its scheme. Fails with a sentence that shows none of its credentials.
    static sdk::result<url> parse(std::string_view text, std::uint16_t fallback_port = 0);

    /// Where a Location header leads from here. Credentials stay behind.
    [[nodiscard]] sdk::result<url> follow(std::string_view location) const;

    /// The host as Host headers have it: with brackets, and with the port where that is not the scheme's own.
    [[nodiscard]] std::string authority() const;

    /// Host and port, always both, as CONNECT has them.
    [[nodiscard]] std::string host_and_port() const;

    /// For people: without credentials, query and fragment.
    [[nodiscard]] std::string text() const;

    /// With its query and without credentials, for the request line of a proxy.
    [[nodiscard]] std::string whole() const;

    /// Scheme, host and port are the same: what is meant for one may be sent to the other.
    [[nodiscard]] bool same_origin(const url& other) const noexcept;
};

} // namespace ferrule::probes::http
