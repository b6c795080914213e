// SPDX-License-Identifier: Apache-2.0
// What an answer must be like. No sockets and no clock.
#pragma once

#include "common/measurement.hpp"
#include "common/regex.hpp"
#include "common/settings_reader.hpp"
#include "http/answer_head.hpp"
#include "http/body.hpp"
#include "http/json_check.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ferrule::probes::http {

/// A check of the values of one header.
struct header_check {
    enum class finding : std::uint8_t {
        missing,
        differs, ///< No value matches.
        matches, ///< One does.
        costly,  ///< Nobody knows.
    };

    std::string name;
    regex pattern;
    bool allow_missing = false;

    [[nodiscard]] finding look(const response_head& head) const;
};

/// The settings about the answer, and their judgement.
struct expectations {
    std::vector<std::pair<int, int>> statuses; ///< From and to; empty for 200 to 299.
    std::vector<int> versions;                 ///< 10, 11, 20; empty for any.
    bool fail_if_ssl = false;
    bool fail_if_not_ssl = false;
    std::vector<header_check> header_matches;     ///< Must not match.
    std::vector<header_check> header_not_matches; ///< Must match.
    std::vector<regex> body_matches;              ///< Must not match.
    std::vector<regex> body_not_matches;          ///< Must match.
    std::vector<json_check> json;

    /// Overwrites what the reader has.
    void read(settings_reader& from);

    /// Whether anybody looks into the body.
    [[nodiscard]] bool need_body() const noexcept {
        return !body_matches.empty() || !body_not_matches.empty() || !json.empty();
    }

    /// The end of a sentence about what is wrong first; empty when all is right. Tells `failed_due_to_regex` and the
    /// metrics of JSON values.
    [[nodiscard]] std::string judge(const response_head& head, const body& content, bool secure,
                                    measurement& found) const;

  private:
    [[nodiscard]] std::string judge_head(const response_head& head, bool secure) const;
    [[nodiscard]] std::string judge_headers(const response_head& head) const;
    [[nodiscard]] std::string judge_text(const std::string& text) const;
    [[nodiscard]] std::string judge_json(const std::string& text, measurement& found) const;
};

} // namespace ferrule::probes::http
