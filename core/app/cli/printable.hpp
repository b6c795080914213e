// Text of others on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace ferrule::app::cli {

/// The text without what a terminal would obey: control characters, those of Latin 1 included, and marks that turn the
/// direction of writing become U+FFFD. Without UTF-8 every byte beyond ASCII does.
std::string printable(std::string_view text);

} // namespace ferrule::app::cli
