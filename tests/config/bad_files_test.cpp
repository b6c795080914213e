// Each bad/<name>.yaml must give exactly the text of bad/<name>.txt. To take over new texts after a look at them:
// FERRULE_UPDATE_EXPECTED=1 config_tests "[bad]".
#include "config/load.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "generated_section.hpp"
#include "support/print_result.hpp"

using namespace ferrule;
namespace fs = std::filesystem;

namespace {

// The folder is somewhere else on each machine.
std::string without_folder(std::string text, const std::string& folder) {
    for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder, at))
        text.replace(at, folder.size(), "FOLDER");
    return text;
}

std::vector<fs::path> bad_files() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(FERRULE_SOURCE_DIR "/tests/config/bad"))
        if (entry.path().extension() == ".yaml")
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

config::load_options options() {
    config::load_options made;
    made.variables = [](std::string_view) { return std::nullopt; };
    made.plugin_schema = [](std::string_view kind, std::string_view name,
                            const config::plugins_settings&) -> std::optional<std::string> {
        if (name == "ssh")
            return R"({"type": "object", "additionalProperties": false, "properties": {
                "known_hosts": {"type": "string"}, "password": {"type": "string"},
                "keepalive": {"anyOf": [{"type": "string", "pattern": "^[0-9]+s$"}, {"type": "integer"}]},
                "retries": {"type": "integer", "minimum": 0, "maximum": 5}}, "required": ["user"]})";
        if (kind == "probe" && name == "icmp")
            return R"({"additionalProperties": false, "properties": {"count": {"type": "integer"}}})";
        if (kind == "store")
            return R"({"properties": {"mmap": {"$ref": "#/$defs/m"}}, "$defs": {"m": {"enum": ["off", 1, 2]}}})";
        return std::nullopt;
    };
    made.plugin_missing = [](std::string_view kind, std::string_view name,
                             const config::plugins_settings&) -> std::optional<std::string> {
        if (kind != "probe" || name == "icmp")
            return std::nullopt;
        return "there is no probe plugin \"" + std::string(name) + "\"";
    };
    return made;
}

} // namespace

TEST_CASE("each bad file gets its exact messages", "[bad]") {
    const auto files = bad_files();
    REQUIRE(files.size() > 20);
    for (const auto& file : files) {
        INFO(file.filename().string());
        const auto loaded =
            config::load_text(test::read_file(file), file.filename().string(), file.parent_path(), options());
        const auto expected = fs::path(file).replace_extension(".txt");
        const auto text = loaded ? std::string("it loaded") : loaded.error().message();
        const auto found = without_folder(text, file.parent_path().string()) + "\n";
        if (std::getenv("FERRULE_UPDATE_EXPECTED") != nullptr)
            std::ofstream(expected, std::ios::binary) << found;
        CHECK_FALSE(loaded);
        CHECK(found == test::read_file(expected));
    }
}
