#include "plugins/scaffold.hpp"

#include "plugins/scaffold_templates.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <string>

namespace ferrule::plugins {

namespace {

bool is_name(std::string_view name) noexcept {
    const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
    return !name.empty() && name.size() <= 64 && name.front() >= 'a' && name.front() <= 'z' &&
           std::ranges::all_of(name, good);
}

std::string filled(std::string_view from, kind which, std::string_view name) {
    std::string class_name(name);
    std::ranges::replace(class_name, '-', '_');
    // Never a keyword, nor a name of the SDK.
    class_name += "_" + std::string(name_of(which));
    const std::array<std::pair<std::string_view, std::string>, 3> places{
        {{"@NAME@", std::string(name)}, {"@CLASS@", class_name}, {"@KIND@", std::string(name_of(which))}}};
    std::string out(from);
    for (const auto& [place, text] : places)
        for (auto at = out.find(place); at != std::string::npos; at = out.find(place, at + text.size()))
            out.replace(at, place.size(), text);
    return out;
}

} // namespace

result<std::vector<std::filesystem::path>> scaffold(kind which, std::string_view name,
                                                    const std::filesystem::path& into) {
    if (!is_name(name))
        return error("invalid_name", "'" + std::string(name) +
                                         "' is no name for a plugin; use a-z, 0-9, _ and -, begin with a letter and "
                                         "take at most 64 characters");
    std::error_code failed;
    std::filesystem::create_directories(into, failed);
    if (failed)
        return error("cannot_write", "the folder " + into.string() + " cannot be made: " + failed.message());
    if (!std::filesystem::is_empty(into, failed) || failed)
        return error("folder_not_empty", "the folder " + into.string() + " is not empty; choose another one");
    const auto texts = scaffold_texts_of(which);
    const std::string stem(name);
    const std::array<std::pair<std::string, std::string_view>, 4> files{{{stem + ".cpp", texts.source},
                                                                         {stem + "_test.cpp", texts.test},
                                                                         {"CMakeLists.txt", scaffold_cmake()},
                                                                         {"README.md", scaffold_readme()}}};
    std::vector<std::filesystem::path> out;
    for (const auto& [file, text] : files) {
        const auto path = into / file;
        std::ofstream writer(path, std::ios::binary);
        writer << filled(text, which, name);
        writer.close();
        if (!writer)
            return error("cannot_write", "the file " + path.string() + " cannot be written");
        out.push_back(path);
    }
    return out;
}

} // namespace ferrule::plugins
