// The part of a document between two marks that a program writes.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace test {

inline std::string read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The document with the section replaced; empty when the marks are not there.
inline std::string with_section(const std::string& document, std::string_view section) {
    constexpr std::string_view begin = "<!-- generated: settings -->\n";
    constexpr std::string_view end = "<!-- end of generated -->";
    const auto from = document.find(begin);
    const auto to = document.find(end);
    if (from == std::string::npos || to == std::string::npos || to < from)
        return {};
    return document.substr(0, from + begin.size()) + std::string(section) + "\n" + document.substr(to);
}

} // namespace test
