#include "config/platforms.hpp"

#include "base/json.hpp"

#include <catch2/catch.hpp>

#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

using namespace ferrule;

namespace {

base::json definition_of(const std::map<std::string, config::platform>& all, const std::string& name) {
    REQUIRE(all.contains(name));
    const auto parsed = base::parse_json(all.at(name).definition);
    REQUIRE(parsed);
    return *parsed;
}

// The message with the folders' names taken out of it.
std::string faults_of(const std::vector<std::filesystem::path>& folders) {
    const auto loaded = config::load_platforms(folders);
    if (loaded)
        return "they loaded";
    CHECK(loaded.error().code() == "invalid_platform");
    auto text = loaded.error().message();
    for (const auto& folder : folders)
        for (auto at = text.find(folder.string()); at != std::string::npos; at = text.find(folder.string()))
            text.erase(at, folder.string().size() + 1);
    return text;
}

} // namespace

TEST_CASE("a platform inherits: maps are merged, everything else replaces") {
    const test::scratch_folder folder;
    (void)folder.write("parent.yaml", "summary: Parent\n"
                                      "prompt: {pattern: '#$', ends: '#'}\n"
                                      "on_open: [one, two]\n"
                                      "terminal: {width: 80, height: 0}\n");
    (void)folder.write("child.yaml", "inherits: parent\n"
                                     "summary: Child\n"
                                     "on_open: [three]\n"
                                     "terminal: {width: 511}\n");
    (void)folder.write("notes.txt", "not a platform");
    const auto all = config::load_platforms({folder.path(), "/no/such/folder"});
    REQUIRE(all);
    REQUIRE(all->size() == 2);
    const auto child = definition_of(*all, "child");
    CHECK(child["name"] == "child");
    CHECK(child["summary"] == "Child");
    CHECK(child["prompt"]["pattern"] == "#$");
    CHECK(child["on_open"] == base::json::array({"three"}));
    CHECK(child["terminal"] == base::json({{"width", 511}, {"height", 0}}));
    CHECK_FALSE(child.contains("inherits"));
    CHECK(all->at("child").summary == "Child");
}

TEST_CASE("a later folder replaces a platform, or changes a part of it by inheriting its own name") {
    const test::scratch_folder shipped;
    const test::scratch_folder own;
    (void)shipped.write("a.yaml", "prompt: {pattern: 'a#$'}\nsettle: 50ms\n");
    (void)shipped.write("b.yaml", "prompt: {pattern: 'b#$'}\nsettle: 50ms\n");
    (void)shipped.write("c.yaml", "inherits: b\n");
    (void)own.write("a.yaml", "prompt: {pattern: 'own#$'}\n");
    (void)own.write("b.yaml", "inherits: b\nsettle: 90ms\n");
    const auto all = config::load_platforms({shipped.path(), own.path()});
    REQUIRE(all);
    CHECK(definition_of(*all, "a") == base::json({{"name", "a"}, {"prompt", {{"pattern", "own#$"}}}}));
    CHECK(definition_of(*all, "b")["settle"] == "90ms");
    CHECK(definition_of(*all, "b")["prompt"]["pattern"] == "b#$");
    // Who inherits from b gets the one in force.
    CHECK(definition_of(*all, "c")["settle"] == "90ms");
    CHECK(config::platform_names({shipped.path(), own.path()}) == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("each fault of a platform file has its place and its words") {
    const test::scratch_folder folder;
    const auto fault = [&folder](const std::string& text) {
        (void)folder.write("p.yaml", text);
        return faults_of({folder.path()});
    };
    CHECK(fault("prompt: {pattern: '#('}") ==
          "p.yaml:1:19: prompt.pattern: this is not a regular expression: missing closing parenthesis at character 3");
    CHECK(fault("prompt: {patern: '#'}\nsetle: 3") ==
          "p.yaml:1:1: \"prompt.pattern\" is missing, here and in what it inherits\n"
          "p.yaml:1:10: prompt.patern: unknown key; did you mean \"pattern\"?\n"
          "p.yaml:2:1: setle: unknown key; did you mean \"settle\"?");
    CHECK(fault("prompt: {pattern: '#'}\nfatal: [ok, '[']\necho: loud\nprompt_lines: 9") ==
          "p.yaml:2:13: fatal[1]: this is not a regular expression: missing terminating ] for character class at "
          "character 2\n"
          "p.yaml:3:7: echo: expected one of strict, fuzzy, none; found \"loud\"\n"
          "p.yaml:4:15: prompt_lines: must be at most 4; found 9");
    CHECK(fault("prompt: {pattern: '#'}\npager: {reply: 7}") == "p.yaml:2:8: pager: \"pattern\" is missing\n"
                                                                "p.yaml:2:16: pager.reply: expected a text; found 7");
    CHECK(fault("inherits: q") == "p.yaml:1:11: inherits: there is no platform \"q\"; did you mean \"p\"?");
    CHECK(fault("inherits: p") == "p.yaml:1:11: inherits: \"p\" inherits itself, and there is no earlier folder with a "
                                  "platform of this name");
    CHECK(fault("[") == "p.yaml:1:1: this is not valid YAML: end of sequence flow not found");
    CHECK(fault("- a") == "p.yaml:1:1: expected a map; found a list");
}

TEST_CASE("inheritance without end is shown as the circle that it is") {
    const test::scratch_folder folder;
    (void)folder.write("a.yaml", "inherits: b\nprompt: {pattern: '#'}\n");
    (void)folder.write("b.yaml", "inherits: c\n");
    (void)folder.write("c.yaml", "inherits: a\n");
    CHECK(faults_of({folder.path()}).find("c.yaml:1:11: inherits: the inheritance has no end: a → b → c → a") !=
          std::string::npos);
}

TEST_CASE("a file whose name cannot be a platform's is refused") {
    const test::scratch_folder folder;
    (void)folder.write("My Platform.yaml", "prompt: {pattern: '#'}");
    CHECK(faults_of({folder.path()}) == "My Platform.yaml: the file's name is the platform's: use lower-case letters, "
                                        "digits, _ and -, and begin with a letter");
}
