// What a module of a blackbox_exporter file means here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace ferrule::probes::blackbox {

enum class prober : std::uint8_t { http, tcp, icmp, dns };

std::string_view to_text(prober shown) noexcept;

/// A file whose text is part of the settings and may change, such as a token that somebody renews.
struct secret_file {
    std::string path;
    std::string pointer; ///< JSON pointer to where the text belongs, without the line end at its end.
    std::string before;  ///< Stands before it, such as `Token `.
};

/// One module, as settings of one of our probes.
struct probe_module {
    prober how = prober::http;
    std::string settings = "{}";           ///< JSON object text for the probe plugin of that name.
    std::optional<base::duration> timeout; ///< At most so long, whatever the scrape allows.
    std::vector<secret_file> files;
    bool has_authorization_header = false; ///< http: among its `headers`, which beats every login.
    bool asks_serial = false;              ///< dns: a SOA record is asked for, so that its serial is told.
    bool over_tls = false;                 ///< dns: asked over TLS, so that the default port is another.
    bool leaves_resolving = false;         ///< http: the proxy looks names up, so that nothing is told of addresses.
};

/// The modules by name, and those that a file has and that cannot be measured here, with the reason.
struct module_set {
    std::map<std::string, probe_module, std::less<>> known;
    std::map<std::string, std::string, std::less<>> left_out;
    std::vector<std::string> warnings; ///< `file:line:col: path: message`, for the log.
    /// Warnings of the same form about modules with credentials, which are sent to whatever server a caller names; for
    /// where callers are not admins.
    std::vector<std::string> with_credentials;
};

/// The settings as JSON for people: what may be secret is replaced.
std::string shown_settings(const probe_module& of);

} // namespace ferrule::probes::blackbox
