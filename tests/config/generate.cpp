// Writes the files that are made from the declarations of settings: the editor's schema, the default file and the
// tables in docs/configuration.md. Run by the target `config-docs`; a test checks that they are current.
#include "config/describe.hpp"
#include "generated_section.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>

namespace {

void write(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
    std::cout << file.string() << '\n';
}

} // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        std::cerr << "usage: config_generate SOURCE_FOLDER\n";
        return 2;
    }
    const std::filesystem::path root = arguments[1];
    write(root / "config/ferrule.schema.json", ferrule::config::json_schema());
    write(root / "config/ferrule.yaml", ferrule::config::default_file());
    const auto document = root / "docs/configuration.md";
    const auto text = test::with_section(test::read_file(document), ferrule::config::settings_tables());
    if (text.empty()) {
        std::cerr << document << ": the marks of the generated section are missing\n";
        return 1;
    }
    write(document, text);
}
