// Text as a terminal line wants it, and placeholders in scripted texts.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::simdevice {

/// Turns lone LF into CR LF, since a terminal in raw mode needs both. Existing CR LF stay.
std::string to_crlf(std::string_view text);

/// Answers the value of a placeholder; an empty optional leaves it in the text as it is.
using lookup = std::function<std::optional<std::string>(std::string_view name)>;

/// Lets one script serve many devices: replaces `${name}`, and `${name:N}` by its first N characters.
std::string expand(std::string_view text, const lookup& values);

/// Whether `expand` could change anything; texts without placeholders need no copy.
bool has_placeholders(std::string_view text);

/// The value that a POSIX shell would assign for the word at the start of `text` (quotes removed, up to a blank or
/// `;`).
std::string unquote_word(std::string_view text);

/// The commands of a line of POSIX shell: parts between semicolons outside of quotes, trimmed, none empty.
std::vector<std::string> split_sequence(std::string_view line);

/// Without blanks at both ends.
std::string_view trimmed(std::string_view text);

} // namespace ferrule::simdevice
