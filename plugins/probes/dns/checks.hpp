// SPDX-License-Identifier: Apache-2.0
// What the records of an answer must look like.
#pragma once

#include "common/regex.hpp"
#include "common/settings_reader.hpp"
#include "dns/message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::probes::dns {

/// Patterns for the records of one section, held against record::text().
class section_check {
  public:
    /// Overwrites what the reader has; unknown members are refused.
    void read(settings_reader from);

    /// A sentence that says which record fails which pattern, or nothing. `section` is for the sentence.
    [[nodiscard]] std::optional<std::string> complaint(const std::vector<record>& records,
                                                       std::string_view section) const;

  private:
    std::vector<regex> no_match_; ///< fail_if_matches_regexp: no record may match any of them.
    std::vector<regex> not_all_;  ///< fail_if_all_match_regexp: not every record may match all of them.
    std::vector<regex> every_;    ///< fail_if_not_matches_regexp: every record must match each of them.
    std::vector<regex> one_of_;   ///< fail_if_none_matches_regexp: a record must match one of them.
};

inline constexpr char section_schema[] = R"({"type": "object", "additionalProperties": false, "properties": {
      "fail_if_matches_regexp": {"$ref": "#/definitions/patterns", "description": "No record may match any."},
      "fail_if_all_match_regexp": {"$ref": "#/definitions/patterns", "description": "At least one record must not match."},
      "fail_if_not_matches_regexp": {"$ref": "#/definitions/patterns", "description": "There must be a record, and each must match all."},
      "fail_if_none_matches_regexp": {"$ref": "#/definitions/patterns", "description": "At least one record must match one."}}})";

} // namespace ferrule::probes::dns
