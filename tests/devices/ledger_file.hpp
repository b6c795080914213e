// Reads what the ledger driver wrote.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace test {

inline std::vector<std::string> lines_of(const std::filesystem::path& file) {
    std::vector<std::string> lines;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

} // namespace test
