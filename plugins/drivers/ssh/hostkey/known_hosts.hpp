// SPDX-License-Identifier: Apache-2.0
// The known_hosts format of OpenSSH (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): which keys a host may show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::ssh {

/// One line that names keys.
struct known_host {
    std::string hosts; ///< comma-separated patterns, or `|1|salt|hash`
    std::string key_type;
    std::string key; ///< wire format
    std::size_t line = 0;
    bool revoked = false;
};

/// What is known about a key that a host showed.
struct host_key_verdict {
    enum class kind : std::uint8_t {
        known,   ///< listed for the host
        unknown, ///< nothing is listed for the host
        changed, ///< other keys are listed for the host
        revoked, ///< listed as revoked
    };

    kind what = kind::unknown;
    const known_host* entry = nullptr; ///< the line that decided, if one did
};

/// A parsed file. Lines that cannot be read are skipped and counted in `skipped`; certificate authorities, which are
/// not supported, in `authorities`.
class known_hosts {
  public:
    static known_hosts parse(std::string_view text);

    /// `key` is the shown key in wire format. A host on another port than 22 is listed as `[host]:port`.
    [[nodiscard]] host_key_verdict check(std::string_view host, std::uint16_t port, std::string_view key_type,
                                         std::string_view key) const;

    /// Types of the keys that are listed for a host, in the file's order: the algorithms to ask it for.
    [[nodiscard]] std::vector<std::string> key_types(std::string_view host, std::uint16_t port) const;

    void add(known_host entry) { entries_.push_back(std::move(entry)); }

    [[nodiscard]] const std::vector<known_host>& entries() const noexcept { return entries_; }

    [[nodiscard]] const std::vector<std::size_t>& skipped() const noexcept { return skipped_; }

    [[nodiscard]] const std::vector<std::size_t>& authorities() const noexcept { return authorities_; }

    /// The line that lists a key, without line feed.
    static std::string line_for(std::string_view host, std::uint16_t port, std::string_view key_type,
                                std::string_view key);

  private:
    void parse_line(std::string_view line, std::size_t number);

    std::vector<known_host> entries_;
    std::vector<std::size_t> skipped_;
    std::vector<std::size_t> authorities_;
};

/// How a host is written in the file: lower case, `[host]:port` unless the port is 22.
std::string known_hosts_name(std::string_view host, std::uint16_t port);

} // namespace ferrule::ssh
