// SPDX-License-Identifier: Apache-2.0
#include "ssh/hostkey/known_hosts.hpp"

#include "ssh/net/digest.hpp"

#include <algorithm>
#include <optional>

namespace ferrule::ssh {

namespace {

constexpr std::size_t longest_line = 64 * 1024;

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lowered(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

/// The next word of a line, which it is removed from.
std::string_view word(std::string_view& line) {
    const auto begin = std::min(line.find_first_not_of(" \t"), line.size());
    line.remove_prefix(begin);
    const auto end = std::min(line.find_first_of(" \t"), line.size());
    const auto out = line.substr(0, end);
    line.remove_prefix(end);
    return out;
}

/// `*` and `?` as in sh, in linear time but for the last star.
bool fits(std::string_view name, std::string_view pattern) {
    std::size_t n = 0;
    std::size_t p = 0;
    std::size_t star = std::string_view::npos;
    std::size_t mark = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            mark = n;
        } else if (p < pattern.size() && (pattern[p] == '?' || lower(pattern[p]) == name[n])) {
            ++p;
            ++n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') {
        ++p;
    }
    return p == pattern.size();
}

bool fits_hash(std::string_view name, std::string_view hashed) {
    hashed.remove_prefix(3); // |1|
    const auto bar = hashed.find('|');
    if (bar == std::string_view::npos) {
        return false;
    }
    const auto salt = from_base64(hashed.substr(0, bar));
    const auto hash = from_base64(hashed.substr(bar + 1));
    return salt && hash && hmac_sha1(*salt, name) == *hash;
}

/// A list fits when one pattern does and no negated one does.
bool fits_list(std::string_view name, std::string_view hosts) {
    if (hosts.starts_with("|1|")) {
        return fits_hash(name, hosts);
    }
    bool found = false;
    while (!hosts.empty()) {
        const auto end = std::min(hosts.find(','), hosts.size());
        auto pattern = hosts.substr(0, end);
        hosts.remove_prefix(std::min(end + 1, hosts.size()));
        const bool negated = pattern.starts_with('!');
        pattern.remove_prefix(negated ? 1 : 0);
        if (!pattern.empty() && fits(name, pattern)) {
            if (negated) {
                return false;
            }
            found = true;
        }
    }
    return found;
}

/// A key in wire format starts with its type as a string.
bool holds_type(std::string_view blob, std::string_view type) {
    if (blob.size() < 4 + type.size()) {
        return false;
    }
    std::size_t length = 0;
    for (int i = 0; i < 4; ++i) {
        length = length << 8 | static_cast<unsigned char>(blob[static_cast<std::size_t>(i)]);
    }
    return length == type.size() && blob.substr(4, length) == type;
}

} // namespace

std::string known_hosts_name(std::string_view host, std::uint16_t port) {
    auto name = lowered(host);
    return port == 22 ? name : "[" + name + "]:" + std::to_string(port);
}

known_hosts known_hosts::parse(std::string_view text) {
    known_hosts out;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        out.parse_line(line, number);
    }
    return out;
}

void known_hosts::parse_line(std::string_view line, std::size_t number) {
    const auto whole = line;
    auto first = word(line);
    if (first.empty() || first.starts_with('#')) {
        return;
    }
    known_host entry;
    entry.line = number;
    if (first.starts_with('@')) {
        if (first == "@cert-authority") {
            authorities_.push_back(number);
            return;
        }
        if (first != "@revoked") {
            skipped_.push_back(number);
            return;
        }
        entry.revoked = true;
        first = word(line);
    }
    entry.hosts = first;
    entry.key_type = word(line);
    auto key = from_base64(word(line));
    if (whole.size() > longest_line || !key || !holds_type(*key, entry.key_type)) {
        skipped_.push_back(number);
        return;
    }
    entry.key = std::move(*key);
    entries_.push_back(std::move(entry));
}

host_key_verdict known_hosts::check(std::string_view host, std::uint16_t port, std::string_view key_type,
                                    std::string_view key) const {
    using kind = host_key_verdict::kind;
    const auto name = known_hosts_name(host, port);
    host_key_verdict best;
    for (const auto& entry : entries_) {
        const bool same_key = entry.key_type == key_type && entry.key == key;
        if (entry.revoked && !same_key) {
            continue;
        }
        if ((best.what == kind::known && !entry.revoked) || !fits_list(name, entry.hosts)) {
            continue;
        }
        if (entry.revoked) {
            return {kind::revoked, &entry};
        }
        if (same_key) {
            best = {kind::known, &entry};
        } else if (best.what == kind::unknown || (best.entry->key_type != key_type && entry.key_type == key_type)) {
            best = {kind::changed, &entry};
        }
    }
    return best;
}

std::vector<std::string> known_hosts::key_types(std::string_view host, std::uint16_t port) const {
    const auto name = known_hosts_name(host, port);
    std::vector<std::string> out;
    for (const auto& entry : entries_) {
        if (!entry.revoked && std::ranges::find(out, entry.key_type) == out.end() && fits_list(name, entry.hosts)) {
            out.push_back(entry.key_type);
        }
    }
    return out;
}

std::string known_hosts::line_for(std::string_view host, std::uint16_t port, std::string_view key_type,
                                  std::string_view key) {
    return known_hosts_name(host, port) + " " + std::string(key_type) + " " + base64(key);
}

} // namespace ferrule::ssh
