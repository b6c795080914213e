// SPDX-License-Identifier: Apache-2.0
#include "ssh/platform/mode_path.hpp"
#include "ssh/platform/platform.hpp"

#include "plugins/drivers/rig.hpp"

#include <catch2/catch.hpp>

using namespace ferrule::ssh;
using nlohmann::json;

namespace {

std::string problem(const json& object) {
    const auto compiled = platform::compile(object.dump());
    return compiled ? "" : compiled.error().message();
}

std::string mode_at(const platform& p, const std::string& prompt) {
    const bool fits = p.prompt.matches(prompt, match_kind::whole);
    const auto index = p.mode_of(prompt);
    return !fits ? "no prompt" : index == platform::npos ? "none" : p.modes[index].name;
}

std::shared_ptr<const platform> shipped(const std::string& name) {
    auto compiled = platform::compile(ferrule::drivers_test::platform(name).dump());
    INFO(name);
    if (!compiled) {
        FAIL(compiled.error().message());
    }
    return *compiled;
}

} // namespace

TEST_CASE("every shipped platform compiles") {
    for (const auto& file : std::filesystem::directory_iterator(FERRULE_PLATFORMS)) {
        if (file.path().extension() == ".yaml") {
            CHECK(shipped(file.path().stem())->name == file.path().stem());
        }
    }
}

TEST_CASE("prompts of the shipped platforms are recognised with their modes") {
    const auto ios = shipped("cisco_ios");
    CHECK(mode_at(*ios, "core1>") == "user");
    CHECK(mode_at(*ios, "core1#") == "privileged");
    CHECK(mode_at(*ios, "core1(config)#") == "config");
    CHECK(mode_at(*ios, "core1(config-if)#") == "config_sub");
    CHECK(mode_at(*ios, "[site-7]core.example.net:1#") == "privileged");
    CHECK(mode_at(*ios, std::string(128, 'x') + "#") == "privileged");
    CHECK(mode_at(*ios, "Total: 5 >") == "no prompt");
    const auto eos = shipped("arista_eos");
    CHECK(mode_at(*eos, "leaf1(s1)#") == "privileged");
    CHECK(mode_at(*eos, "leaf1(config)#") == "config");
    CHECK(mode_at(*eos, "leaf1(config-s-abc)#") == "config_sub");
    const auto frr = shipped("frr");
    CHECK(mode_at(*frr, "frr1(config-router)#") == "config_sub");
    const auto junos = shipped("juniper_junos");
    CHECK(mode_at(*junos, "admin@mx1>") == "operational");
    CHECK(mode_at(*junos, "{master:0}\nadmin@mx1>") == "operational");
    CHECK(mode_at(*junos, "[edit]\nadmin@mx1#") == "config");
    CHECK(mode_at(*junos, "{master:0}[edit]\nadmin@mx1#") == "config");
    CHECK(mode_at(*junos, "[edit interfaces ge-0/0/0 unit 0]\nadmin@mx1#") == "config");
    CHECK(mode_at(*junos, "root@mx1:~%") == "no prompt");
    CHECK(mode_at(*junos, "root%") == "shell");
    const auto vrp = shipped("huawei_vrp");
    CHECK(mode_at(*vrp, "<ne40>") == "user");
    CHECK(mode_at(*vrp, "HRP_M<fw1>") == "user");
    CHECK(mode_at(*vrp, "[~ne40-GigabitEthernet0/0/1]") == "system");
    CHECK(mode_at(*vrp, "[*ne40]") == "system");
}

TEST_CASE("mistakes in a platform are named by their place") {
    const json good = {{"prompt", {{"pattern", "^#$"}}}};
    CHECK(problem(good).empty());
    auto bad = good;
    bad["promt"] = 1;
    CHECK(problem(bad) == "'promt' is not a known setting.");
    bad = good;
    bad["prompt"]["pattern"] = "(";
    CHECK_THAT(problem(bad), Catch::Contains("'prompt.pattern'") && Catch::Contains("missing closing parenthesis"));
    bad = good;
    bad["settle"] = "5 sec";
    CHECK_THAT(problem(bad), Catch::Contains("'settle' must be a duration"));
    bad = good;
    bad["echo"] = "loud";
    CHECK_THAT(problem(bad), Catch::Contains("strict, fuzzy, none"));
    bad = good;
    bad["modes"] = {{{"name", "a"}, {"pattern", "a"}, {"to", {{"b", {{"send", "x"}}}}}}};
    CHECK_THAT(problem(bad), Catch::Contains("leads to 'b', which is not defined"));
    bad = good;
    bad["own_prompt"] = {{"send", "PS1=x"}, {"pattern", "x"}};
    CHECK_THAT(problem(bad), Catch::Contains("{token}"));
    bad = good;
    bad["config"] = {{"abort", "rollback 0"}};
    CHECK(problem(bad) == "'config.commit' must be given where abort or commit_prompt is.");
    CHECK_THAT(problem(json::object()), Catch::Contains("'prompt'"));
    CHECK_THAT(problem(json::array()), Catch::Contains("must be an object"));
}

TEST_CASE("the way between modes is the shortest, and none is said to be none") {
    const auto ios = shipped("cisco_ios");
    const auto at = [&](const char* name) { return ios->mode_named(name); };
    CHECK(next_mode(*ios, at("user"), at("config")) == at("privileged"));
    CHECK(next_mode(*ios, at("config_sub"), at("user")) == at("privileged"));
    CHECK(next_mode(*ios, at("privileged"), at("config")) == at("config"));
    CHECK(next_mode(*ios, platform::npos, at("config")) == platform::npos);
    CHECK(next_mode(*ios, at("user"), at("config_sub")) == platform::npos);
}

TEST_CASE("a pattern that would take for ever counts as no match") {
    const auto pattern = *regex::compile("^(a+)+$");
    CHECK(pattern.matches("aaaa"));
    for (int i = 0; i < 20; ++i) { // interpreted first, then as machine code
        CHECK(!pattern.matches(std::string(200, 'a') + "b"));
    }
}

TEST_CASE("where a match may begin in a text that goes on") {
    const auto from = [](const char* pattern, std::string_view text) {
        return ferrule::ssh::regex::compile(pattern)->earliest(text);
    };
    CHECK(from("secret (\\S+)$", "no such word") == 12);
    CHECK(from("secret (\\S+)$", "a se") == 2);
    CHECK(from("secret (\\S+)$", "a secret b") == 2);
    CHECK(from("secret (\\S+)$", "a secret b c") == 12);
    CHECK(from("^--more--", "--mo") == 0);
    CHECK(from("^--more--", "a --mo") == 6);
    CHECK(from("(a+)+$", std::string(40, 'a') + "!") <= 41); // runs into its bound, and then nothing is sure
    CHECK(from("x", "") == 0);
    CHECK(from("x", "\xff\xfe") <= 2);
}

TEST_CASE("patterns meet any bytes") {
    const auto pattern = *regex::compile("h\\wst");
    CHECK(pattern.matches("\xff\xfe host \x80"));
    CHECK(pattern.matches("HOST"));
    const auto grouped = *regex::compile("^(?<host>\\w+)(\\(x\\))?#$");
    const std::string subject = "r1#";
    REQUIRE(grouped.search(subject, match_kind::whole).found);
    CHECK(grouped.group("host").of(subject) == "r1");
    CHECK(!grouped.group(std::size_t{2}).found);
    CHECK(!grouped.group("nothing").found);
}

TEST_CASE("durations have a unit and a limit") {
    CHECK(parse_duration("500ms") == 500 * millisecond);
    CHECK(parse_duration("10s") == 10 * second);
    CHECK(parse_duration("5m") == 300 * second);
    CHECK(parse_duration("0s") == 0);
    CHECK(!parse_duration("5"));
    CHECK(!parse_duration("s"));
    CHECK(!parse_duration("-5s"));
    CHECK(!parse_duration("99999999999999999999s"));
    CHECK(!parse_duration("1000000h"));
}
