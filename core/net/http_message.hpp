// What goes out to and comes back from an HTTP server.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace ferrule::net {

using http_headers = std::vector<std::pair<std::string, std::string>>;

/// Trust and identity for one exchange.
struct http_tls {
    bool verify = true;
    /// File with the certificates to trust; empty = the system's.
    std::string ca_file;
    /// Name to ask for and to verify instead of the one in the URL.
    std::string server_name;
    std::string client_cert;
    std::string client_key;
};

/// One request. `timeout` covers everything from the look-up to the last byte.
struct http_request {
    http_request();
    http_request(std::string wanted_method, std::string wanted_url);
    http_request(const http_request&);
    http_request(http_request&&) noexcept;
    http_request& operator=(const http_request&);
    http_request& operator=(http_request&&) noexcept;
    ~http_request();

    std::string method = "GET";
    std::string url;
    http_headers headers;
    std::string body;
    base::duration timeout = std::chrono::seconds(30);
    /// Redirects that may be followed; 0 gives the first answer back.
    unsigned follow_redirects = 0;
    /// A longer body ends the exchange with `body_too_large`.
    std::size_t max_body = std::size_t{16} << 20;
    http_tls tls;
    /// URL of a proxy, or empty for none; the environment is not consulted.
    std::string proxy;
    /// 4, 6, or 0 for either.
    int ip_version = 0;
    /// Neither takes a pooled connection nor leaves one behind, so that every phase is measured.
    bool fresh_connection = false;
};

/// How long each part took, without the parts before it; zero for one that was not needed. Nanoseconds.
struct http_phases {
    base::duration resolve{};
    base::duration connect{};
    base::duration tls{};
    base::duration processing{};
    base::duration transfer{};
    base::duration total{};
};

/// The final answer after redirects.
struct http_response {
    int status = 0;
    http_headers headers;
    std::string body;
    /// `1.0`, `1.1`, `2`.
    std::string version;
    /// Address of the peer.
    std::string ip;
    http_phases phases;
    unsigned redirects = 0;
};

} // namespace ferrule::net
