// SPDX-License-Identifier: Apache-2.0
// What an HTTP measurement is told to do.
#pragma once

#include "common/endpoint.hpp"
#include "common/schema.hpp"
#include "common/tls_settings.hpp"
#include "http/expectations.hpp"
#include "http/url.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ferrule::probes::http {

struct settings {
    route_settings route;
    tls_settings tls_config;
    bool secure = false; ///< The scheme of targets that give a host.
    std::string path = "/";
    std::string method; ///< Empty: GET, or POST with a body.
    std::string body;
    header_list headers;
    std::string authorization; ///< The value of that header; empty for none.
    bool follow_redirects = true;
    int max_redirects = 10;
    bool http2 = true;
    std::string compression;       ///< What Accept-Encoding says; empty for none.
    bool compression_asked = true; ///< Whether Accept-Encoding names it.
    bool compression_required = false;
    std::size_t body_size_limit = 10u << 20;
    std::optional<url> proxy;
    bool proxy_is_socks = false; ///< SOCKS5, which makes a connection to any server; else HTTP.
    header_list proxy_headers;
    expectations expect;
};

/// Reads the settings of a plugin's configuration (code invalid_config) or of a target (invalid_target), which
/// overwrite `base`. Throws sdk::failure.
settings read_config(std::string_view text);
settings read_target(const sdk::json& target, settings base);

/// Where a target leads: its `url`, or its `host` and `port` with the scheme and path of the settings. Throws
/// sdk::failure invalid_target.
url place_of(const sdk::json& target, const settings& how);

/// The JSON schema of the settings.
inline constexpr auto schema = fill_schema(
    R"({"type": "object", "additionalProperties": false, "properties": {@,@,
    "scheme": {"enum": ["http", "https"], "default": "http", "description": "Of targets that give a host and no url."},
    "path": {"type": "string", "default": "/", "description": "Path and query of targets that give a host and no url."},
    "method": {"type": "string", "description": "GET unless set, or POST with a body."},
    "headers": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Headers to send, to the host of the target only."},
    "body": {"type": "string", "description": "Body to send."},
    "basic_auth": {"type": "object", "additionalProperties": false, "description": "User and password, for the host of the target only.", "properties": {
      "username": {"type": "string"}, "password": {"type": "string"}}},
    "bearer_token": {"type": "string", "description": "Token, for the host of the target only."},
    "follow_redirects": {"type": "boolean", "default": true, "description": "Whether redirects are followed."},
    "max_redirects": {"type": "integer", "minimum": 1, "maximum": 50, "default": 10, "description": "How many are followed."},
    "http2": {"type": "boolean", "default": true, "description": "Offer HTTP/2 over TLS."},
    "compression": {"enum": ["none", "gzip", "deflate", "br", "any"], "default": "none", "description": "Compression to accept; the body is unpacked."},
    "compression_asked": {"type": "boolean", "default": true, "description": "Whether the server is told what is accepted; otherwise it may still compress by itself."},
    "compression_required": {"type": "boolean", "default": false, "description": "Whether a body that is not compressed so is a failure."},
    "body_size_limit": {"type": "integer", "minimum": 1, "maximum": 1073741824, "default": 10485760, "description": "Largest body, in bytes unpacked."},
    "proxy_url": {"type": "string", "description": "URL of a proxy to go through, http://, socks5:// or socks5h://; its user and password are used if it has them. The proxy looks names up."},
    "proxy_headers": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Headers for an HTTP proxy."},
    "valid_status_codes": {"type": "array", "items": {"type": ["integer", "string"]}, "description": "Codes that are right: 200, 204-206, 3xx. Without it 200 to 299."},
    "valid_http_versions": {"type": "array", "items": {"enum": ["HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/2"]}, "description": "Versions that are right; any without it."},
    "fail_if_ssl": {"type": "boolean", "default": false, "description": "The last answer must not come over TLS."},
    "fail_if_not_ssl": {"type": "boolean", "default": false, "description": "The last answer must come over TLS."},
    "fail_if_header_matches": {"type": "array", "items": @},
    "fail_if_header_not_matches": {"type": "array", "items": @},
    "fail_if_body_matches_regexp": {"type": ["array", "string"], "items": {"type": "string"}, "description": "Regular expressions (PCRE2) that the body must not match."},
    "fail_if_body_not_matches_regexp": {"type": ["array", "string"], "items": {"type": "string"}, "description": "Regular expressions (PCRE2) that the body must match."},
    "json_checks": {"type": "array", "description": "Checks of values in a JSON body; all that one has must hold.", "items": {"type": "object", "additionalProperties": false, "required": ["path"], "properties": {
      "path": {"type": "string", "description": "JSON pointer (/data/0/id), or data[0].id."},
      "exists": {"type": "boolean", "description": "Whether the value must be there."},
      "equals": {"description": "The value."}, "not_equals": {"description": "What it must not be."},
      "at_least": {"type": "number"}, "at_most": {"type": "number"},
      "matches": {"type": "string", "description": "Regular expression (PCRE2) that the value must match."},
      "metric": {"type": "string", "description": "Tells the number as metric json_NAME."}}}}}})",
    route_schema, tls_schema,
    R"({"type": "object", "additionalProperties": false, "required": ["header", "regexp"], "properties": {"header": {"type": "string"}, "regexp": {"type": "string"}, "allow_missing": {"type": "boolean", "default": false}}})",
    R"({"type": "object", "additionalProperties": false, "required": ["header", "regexp"], "properties": {"header": {"type": "string"}, "regexp": {"type": "string"}, "allow_missing": {"type": "boolean", "default": false}}})");

} // namespace ferrule::probes::http
