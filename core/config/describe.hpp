// What people and editors read about the settings, made from their declarations.
#pragma once

#include <string>

namespace ferrule::config {

/// JSON Schema (draft 7, which editors know best) of the main file; with a final line end.
std::string json_schema();

/// A table for each section, in Markdown: key, type, default, text.
std::string settings_tables();

/// A file with every setting at its default, commented out, each under its text: what `--print-default` prints and what
/// is installed. It loads as it is.
std::string default_file();

} // namespace ferrule::config
