// Text to tree.
#pragma once

#include <optional>
#include <string_view>

#include "config/problem.hpp"
#include "config/yaml/node.hpp"

namespace ferrule::config::yaml {

/// Reads one YAML document. Notes in `found`, under the name `file`: syntax errors, duplicate keys, keys that are not
/// plain texts, a second document, nesting deeper than 64 and aliases that blow the document up. An empty document is
/// an empty map. None when the text is not YAML at all.
std::optional<node> parse(std::string_view text, std::string_view file, problems& found);

} // namespace ferrule::config::yaml
