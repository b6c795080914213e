// Small text helpers that several floors need.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::base {

/// The candidate closest to `word` by edit distance, or empty when none is near enough to be a likely slip. Cheap for
/// words of any length.
std::string_view nearest(std::string_view word, std::span<const std::string> candidates);

/// Parts between separators, empty ones included.
std::vector<std::string_view> split(std::string_view text, char separator);
/// Without white space at both ends.
std::string_view trim(std::string_view text) noexcept;
/// Items joined by a separator.
std::string join(std::span<const std::string> items, std::string_view separator);
/// Equal apart from ASCII case.
bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept;
/// Lower-case ASCII.
std::string to_lower(std::string_view text);
/// The bytes without a character at the end that is cut short.
std::string_view complete_utf8(std::string_view text) noexcept;
/// The text, or so many bytes of it and "…": for what a message quotes, which may be of any length.
std::string shortened(std::string_view text, std::size_t most);
/// Whether the bytes are valid UTF-8.
bool is_utf8(std::string_view text) noexcept;

} // namespace ferrule::base
