#include "app/cli/yaml_file.hpp"

#include "base/json.hpp"
#include "config/schema/free_json.hpp"
#include "config/yaml/expand.hpp"
#include "config/yaml/parse.hpp"

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <iterator>

namespace ferrule::app::cli {

namespace {

constexpr std::size_t file_limit = std::size_t{16} << 20U;

result<std::string> text_of(const std::string& file) {
    if (file == "-")
        return std::string(std::istreambuf_iterator<char>(std::cin), {});
    auto text = config::yaml::read_text_file(file, file_limit);
    return text ? std::move(text) : error("usage", text.error().message());
}

} // namespace

result<base::json> read_yaml_file(const std::string& file, std::vector<std::string>& warnings) {
    const auto text = text_of(file);
    if (!text)
        return text.error();
    config::problems found;
    auto tree = config::yaml::parse(*text, file, found);
    if (tree)
        config::yaml::expand(*tree, file, std::filesystem::path(file).parent_path(), config::yaml::process_environment,
                             config::yaml::read_text_file, found);
    if (!tree || found.any())
        return found.to_error("usage");
    warnings = found.warnings();
    return config::schema::to_json(*tree);
}

result<base::json> read_yaml_file(const std::string& file) {
    std::vector<std::string> warnings;
    auto read = read_yaml_file(file, warnings);
    for (const auto& each : warnings)
        std::fprintf(stderr, "ferrule: warning: %s\n", each.c_str());
    return read;
}

} // namespace ferrule::app::cli
