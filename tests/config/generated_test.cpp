#include "config/describe.hpp"
#include "config/load.hpp"
#include "config/platforms.hpp"

#include "base/json.hpp"

#include <catch2/catch.hpp>

#include <sstream>

#include "generated_section.hpp"
#include "support/print_result.hpp"

using namespace ferrule;
namespace fs = std::filesystem;

namespace {

const fs::path source = FERRULE_SOURCE_DIR;

// The default file with its settings in force: "#key: value" loses its mark, "# text" stays a comment.
std::string uncommented(const std::string& text) {
    std::istringstream in(text);
    std::string out;
    for (std::string line; std::getline(in, line);) {
        const auto mark = line.find_first_not_of(' ');
        if (mark != std::string::npos && line[mark] == '#' && mark + 1 < line.size() && line[mark + 1] != ' ' &&
            !line.ends_with(':'))
            line.erase(mark, 1);
        out += line + "\n";
    }
    return out;
}

} // namespace

TEST_CASE("the generated files are current, as the target config-docs writes them") {
    CHECK(test::read_file(source / "config/ferrule.schema.json") == config::json_schema());
    CHECK(test::read_file(source / "config/ferrule.yaml") == config::default_file());
    const auto document = test::read_file(source / "docs/configuration.md");
    CHECK(document == test::with_section(document, config::settings_tables()));
}

TEST_CASE("the default file loads as it is, and with every default in force") {
    const auto as_it_is = config::load_text(config::default_file(), "ferrule.yaml", "/etc/ferrule");
    CHECK(as_it_is);
    const auto text = uncommented(config::default_file());
    CHECK(text.find("\n  idle_timeout: 1m\n") != std::string::npos);
    const auto in_force = config::load_text(text, "ferrule.yaml", "/etc/ferrule");
    REQUIRE(in_force);
    CHECK(in_force->jobs.default_timeout == config::defaults().jobs.default_timeout);
    CHECK(in_force->http.max_body == config::defaults().http.max_body);
    CHECK(in_force->http.tls.cert == "/etc/ferrule/tls.crt");
}

TEST_CASE("the example inventory loads") {
    const auto loaded = config::load_text("inventory: [inventory.example.yaml]", "ferrule.yaml", source / "config");
    REQUIRE(loaded);
    CHECK(loaded->inventory.devices.size() == 3);
}

TEST_CASE("the editor's schema is JSON and knows every section") {
    const auto schema = base::parse_json(config::json_schema());
    REQUIRE(schema);
    CHECK((*schema)["additionalProperties"] == false);
    CHECK((*schema)["properties"]["jobs"]["properties"]["default_ttl"]["default"] == "10m");
    CHECK((*schema)["properties"]["devices"]["items"]["required"] == base::json::array({"name", "host"}));
}

TEST_CASE("the shipped platforms load") {
    const auto all = config::load_platforms({source / "config/platforms"});
    REQUIRE(all);
    CHECK(all->contains("frr"));
    CHECK(all->contains("linux"));
    for (const auto& [name, platform] : *all) {
        INFO(name);
        CHECK_FALSE(platform.summary.empty());
        const auto definition = base::parse_json(platform.definition);
        REQUIRE(definition);
        CHECK((*definition)["name"] == name);
        CHECK_FALSE(definition->contains("inherits"));
    }
}

TEST_CASE("a program finds the shipped platforms without being told where") {
    const auto names = config::platform_names(config::default_platform_folders());
    CHECK(std::find(names.begin(), names.end(), "frr") != names.end());
}
