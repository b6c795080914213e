// SPDX-License-Identifier: Apache-2.0
// What is asked of a server, and what of it another server may see after a redirect.
#pragma once

#include "http/settings.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ferrule::probes::http {

/// The value of an Authorization header.
std::string basic_credentials(const std::string& user, const std::string& password);

/// One request of a measurement. What it points to must outlive it.
class request {
  public:
    request(const settings& how, url to);

    [[nodiscard]] const url& to() const noexcept { return to_; }

    [[nodiscard]] const std::string& method() const noexcept { return method_; }

    [[nodiscard]] const std::string& body() const noexcept { return body_; }

    /// The value of Host or :authority.
    [[nodiscard]] std::string authority() const;

    /// All headers but Host and those about the connection.
    [[nodiscard]] header_list headers() const;

    /// Whether it goes to the server that the user meant. Another one gets no configured header, no credentials and no
    /// client certificate.
    [[nodiscard]] bool at_home() const noexcept { return home_; }

    /// Head and body for HTTP/1; through a proxy without a tunnel the proxy's own headers are part of it.
    [[nodiscard]] std::string text(bool through_proxy) const;

    /// How TLS is spoken with this server.
    [[nodiscard]] tls_settings tls() const;

    /// Whether the answer sends the client elsewhere.
    [[nodiscard]] static bool is_redirect(const response_head& head) noexcept;

    /// Goes where the redirect leads (RFC 9110, 15.4). The end of a sentence about why it cannot be followed, or
    /// nothing.
    std::optional<std::string> follow(const response_head& head);

  private:
    const settings* how_;
    url to_;
    url first_;
    std::string method_;
    std::string body_;
    bool home_ = true;
};

/// What asks a proxy for a tunnel.
std::string connect_text(const url& to, const settings& how);

} // namespace ferrule::probes::http
