// Settings of the HTTP API.
#include "config/schema/builder.hpp"
#include "config/schema/checks.hpp"
#include "config/schema/declared.hpp"

namespace ferrule::config::schema {

template <>
struct choices_of<tls_version> {
    static constexpr std::array<std::pair<std::string_view, tls_version>, 2> all{
        {{"1.2", tls_version::tls_1_2}, {"1.3", tls_version::tls_1_3}}};
};

template <>
const shape& shape_of<tls_settings>() {
    static const auto built =
        builder<tls_settings>()
            .add("cert", &tls_settings::cert, "PEM file with the certificate and those that lead to the root.",
                 {.example = "/etc/ferrule/tls.crt"})
            .add("key", &tls_settings::key, "PEM file with its private key.", {.example = "/etc/ferrule/tls.key"})
            .add("client_ca", &tls_settings::client_ca,
                 "PEM file of authorities; clients must then show a certificate that one of them signed.")
            .add("min_version", &tls_settings::min_version, "The oldest version of TLS that is spoken.")
            .build();
    return built;
}

template <>
const shape& shape_of<rate_limit_settings>() {
    static const auto built =
        builder<rate_limit_settings>()
            .add("requests_per_second", &rate_limit_settings::requests_per_second,
                 "Requests per second of one token, or of one address without a token; 0 = no "
                 "limit.")
            .add("burst", &rate_limit_settings::burst, "Requests that may come at once.", {.least = 1})
            .build();
    return built;
}

template <>
const shape& shape_of<auth_settings>() {
    static const auto built =
        builder<auth_settings>()
            .add("anonymous_health", &auth_settings::anonymous_health,
                 "Whether `/healthz` and `/readyz` answer without a token.")
            .add("anonymous_metrics", &auth_settings::anonymous_metrics, "Whether `/metrics` answers without a token.")
            .build();
    return built;
}

template <>
const shape& shape_of<http_settings>() {
    static const auto built =
        builder<http_settings>()
            .add("listen", &http_settings::listen,
                 "Addresses to listen on: `ADDRESS:PORT`, `*:PORT` for all of the machine's, or `unix:/PATH`; port 0 "
                 "takes "
                 "a free one.",
                 {.example = "[\"127.0.0.1:8520\", \"[::1]:8520\"]", .check = check_listen})
            .add("tls", &http_settings::tls, "TLS; on when `cert` and `key` are given.")
            .add("max_body", &http_settings::max_body, "The largest request body.",
                 {.least = 1024, .most = std::int64_t{1} << 30U})
            .add("max_header", &http_settings::max_header, "The largest head of a request.",
                 {.least = 1024, .most = std::int64_t{1} << 20U})
            .add("max_connections", &http_settings::max_connections,
                 "Connections at the same time; more are told so with 503 and closed.", {.least = 1, .most = 1'000'000})
            .add("max_event_streams", &http_settings::max_event_streams, "Open event streams at the same time.",
                 {.least = 1, .most = 1'000'000})
            .add("header_timeout", &http_settings::header_timeout, "For a whole head to arrive.",
                 {.least = span(100ms), .most = span(1h)})
            .add("body_timeout", &http_settings::body_timeout, "For a whole body to arrive.",
                 {.least = span(100ms), .most = span(1h)})
            .add("write_timeout", &http_settings::write_timeout, "For the client to take a piece of the answer.",
                 {.least = span(100ms), .most = span(1h)})
            .add("idle_timeout", &http_settings::idle_timeout, "How long a connection may stay without a request.",
                 {.least = span(100ms), .most = span(24h)})
            .add("max_wait", &http_settings::max_wait, "The most that a request may ask for with `?wait=`.",
                 {.most = span(24h)})
            .add("rate_limit", &http_settings::rate_limit, "How many requests one client may make.")
            .add("auth", &http_settings::auth, "What may be read without a token.")
            .build();
    return built;
}

} // namespace ferrule::config::schema
