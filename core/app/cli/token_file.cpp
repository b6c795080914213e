#include "app/cli/token_file.hpp"

#include "base/strings.hpp"

#include <fstream>
#include <iostream>
#include <string_view>

namespace ferrule::app::cli {

namespace {

constexpr std::size_t longest_token = 4096;

} // namespace

result<base::secret> read_token(const std::string& file) {
    const auto named = file == "-" ? std::string("standard input") : "the token file " + file;
    std::ifstream opened;
    if (file != "-")
        opened.open(file, std::ios::binary);
    auto& from = file == "-" ? std::cin : opened;
    if (!from)
        return error("no_token", named + " cannot be read");
    std::string line(longest_token + 2, '\0');
    from.getline(line.data(), static_cast<std::streamsize>(line.size()));
    const bool whole = from.good() || from.eof();
    base::secret token{std::string(base::trim(std::string_view(line.c_str())))};
    base::wipe(line);
    if (!whole)
        return error("no_token", named + " holds no token: its first line is longer than " +
                                     std::to_string(longest_token) + " bytes, or cannot be read");
    if (token.empty())
        return error("no_token", named + " holds no token: its first line is empty");
    return token;
}

} // namespace ferrule::app::cli
