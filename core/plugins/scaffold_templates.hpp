// The texts that a new plugin starts from. Internal to this floor.
#pragma once

#include <string_view>

#include "plugins/kind.hpp"

namespace ferrule::plugins {

/// @NAME@ is the plugin's name, @CLASS@ the name of its class.
struct scaffold_texts {
    std::string_view source;
    std::string_view test;
};

scaffold_texts scaffold_texts_of(kind which) noexcept;
/// @KIND@ is the kind as well.
std::string_view scaffold_cmake() noexcept;
std::string_view scaffold_readme() noexcept;

} // namespace ferrule::plugins
