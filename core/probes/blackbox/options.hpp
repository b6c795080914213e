// The options of each prober as settings of our probe of that kind.
#pragma once

#include <filesystem>
#include <string>

#include "base/json.hpp"
#include "probes/blackbox/map_reader.hpp"
#include "probes/blackbox/module.hpp"

namespace ferrule::probes::blackbox {

/// What a section is read into.
struct section {
    base::json settings = base::json::object();
    probe_module& into;
    const std::filesystem::path& folder; ///< Where relative paths begin.
};

void read_http(map_reader& from, section& to);
void read_tcp(map_reader& from, section& to);
void read_icmp(map_reader& from, section& to);
void read_dns(map_reader& from, section& to);

/// `preferred_ip_protocol` and `ip_protocol_fallback`; without them IPv6 comes first, as blackbox_exporter has it.
void read_family(map_reader& from, section& to);
/// `source_ip_address`.
void read_source(map_reader& from, section& to);
/// `tls_config`.
void read_tls(map_reader& from, section& to);
/// The path of a file, made absolute; empty when it is not given.
std::string read_file_path(map_reader& from, std::string_view key, const section& to);
/// A list of patterns under the same key; nothing when it has none.
void read_patterns(map_reader& from, const std::string& key, base::json& into);
/// What is wrong with a pattern, or nothing.
std::string pattern_fault(const std::string& pattern);

} // namespace ferrule::probes::blackbox
