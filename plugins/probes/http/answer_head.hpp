// SPDX-License-Identifier: Apache-2.0
// What stands at the head of an answer.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferrule::probes::http {

/// Compares names of headers, whose case means nothing.
inline bool same_name(std::string_view a, std::string_view b) noexcept {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

using header_list = std::vector<std::pair<std::string, std::string>>;

/// The first value of a header; nullptr without one.
inline const std::string* find_header(const header_list& among, std::string_view name) noexcept {
    const auto found =
        std::find_if(among.begin(), among.end(), [&](const auto& each) { return same_name(each.first, name); });
    return found == among.end() ? nullptr : &found->second;
}

/// Status and headers.
struct response_head {
    int version = 0; ///< 10, 11 or 20.
    int status = 0;
    std::string reason; ///< The words after the status; may be empty.
    header_list headers;
    std::int64_t content_length = -1; ///< What it announces; -1 when it does not.

    /// "404 Not Found"
    [[nodiscard]] std::string status_text() const {
        return std::to_string(status) + (reason.empty() ? std::string() : " " + reason);
    }
};

} // namespace ferrule::probes::http
