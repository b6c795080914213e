#include "fleet/exec/policy.hpp"

#include "support/print_result.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace std::chrono_literals;
using fleet::exec::policy;

namespace {

config::exec_program_settings program(std::string path, std::vector<std::string> args = {}, std::string more = {},
                                      std::vector<std::string> users = {}) {
    config::exec_program_settings made;
    made.program = std::move(path);
    made.args = std::move(args);
    made.more_args = std::move(more);
    made.users = std::move(users);
    return made;
}

config::exec_settings usual() {
    config::exec_settings made;
    made.enabled = true;
    made.allow = {program("/usr/bin/uptime"),
                  program("/usr/bin/systemctl", {"status|restart", "nginx(\\.service)?"}, {}, {"root"}),
                  program("/usr/bin/systemctl", {"list-units"}, "--[a-z-]+"), program("/usr/bin/echo", {}, ".*")};
    made.users = {"deploy"};
    made.environment = {"TZ", "LC_*"};
    made.directories = {"/srv"};
    made.max_timeout = 10min;
    return made;
}

model::command_spec argv(std::vector<std::string> words) {
    model::command_spec made;
    made.argv = std::move(words);
    made.timeout = 1min;
    return made;
}

model::command_spec shell(std::string line) {
    model::command_spec made;
    made.shell = std::move(line);
    made.timeout = 1min;
    return made;
}

template <class Change>
model::command_spec echo(const Change& change) {
    auto made = argv({"/usr/bin/echo", "hi"});
    change(made);
    return made;
}

std::string verdict(const policy& rules, const model::command_spec& asked) {
    const auto judged = rules.judge(asked);
    return judged ? "ok" : judged.error().code();
}

} // namespace

TEST_CASE("an agent runs what its configuration names and nothing else") {
    const auto rules = policy::make(usual(), "/etc/ferrule/ferrule.yaml").value();

    struct row {
        model::command_spec asked;
        std::string expected;
    };

    const std::vector<row> table{
        {argv({"/usr/bin/uptime"}), "ok"},
        {argv({"/usr/bin/uptime", "-p"}), "arguments_not_allowed"},
        {argv({"/bin/uptime"}), "program_not_allowed"},
        {argv({"/usr/bin/../bin/uptime"}), "program_not_allowed"},
        {argv({"/usr/bin/uptime/"}), "program_not_allowed"},
        {argv({"uptime"}), "program_not_allowed"},
        {argv({}), "program_not_allowed"},
        {argv({"/usr/bin/systemctl", "restart", "nginx"}), "ok"},
        {argv({"/usr/bin/systemctl", "status", "nginx.service"}), "ok"},
        {argv({"/usr/bin/systemctl", "restart", "nginx", "sshd"}), "arguments_not_allowed"},
        {argv({"/usr/bin/systemctl", "restart"}), "arguments_not_allowed"},
        {argv({"/usr/bin/systemctl", "restarted", "nginx"}), "arguments_not_allowed"},
        {argv({"/usr/bin/systemctl", "restart", "nginx\n"}), "arguments_not_allowed"},
        {argv({"/usr/bin/systemctl", "restart", "xnginx"}), "arguments_not_allowed"},
        {argv({"/usr/bin/systemctl", "RESTART", "nginx"}), "arguments_not_allowed"},
        {argv({"/usr/bin/systemctl", "list-units"}), "ok"},
        {argv({"/usr/bin/systemctl", "list-units", "--all", "--failed"}), "ok"},
        {argv({"/usr/bin/systemctl", "list-units", "--all", "x"}), "arguments_not_allowed"},
        {argv({"/usr/bin/echo", "any", "thing\n", ""}), "ok"},
        {shell("uptime"), "shell_not_allowed"},
        {echo([](auto& spec) { spec.user = "deploy"; }), "ok"},
        {echo([](auto& spec) { spec.user = "root"; }), "user_not_allowed"},
        {echo([](auto& spec) { spec.directory = "/srv"; }), "ok"},
        {echo([](auto& spec) { spec.directory = "/srv/www"; }), "ok"},
        {echo([](auto& spec) { spec.directory = "/srvx"; }), "directory_not_allowed"},
        {echo([](auto& spec) { spec.directory = "/srv/../etc"; }), "directory_not_allowed"},
        {echo([](auto& spec) { spec.directory = "/"; }), "directory_not_allowed"},
        {echo([](auto& spec) {
             spec.environment = {{"TZ", "UTC"}, {"LC_ALL", "C"}};
         }),
         "ok"},
        {echo([](auto& spec) {
             spec.environment = {{"LD_PRELOAD", "/tmp/x.so"}};
         }),
         "environment_not_allowed"},
        {echo([](auto& spec) {
             spec.environment = {{"TZX", "UTC"}};
         }),
         "environment_not_allowed"},
        {echo([](auto& spec) { spec.timeout = 10min; }), "ok"},
        {echo([](auto& spec) { spec.timeout = 11min; }), "timeout_not_allowed"},
    };
    for (const auto& [asked, expected] : table) {
        std::string words;
        for (const auto& word : asked.argv)
            words += word + " ";
        INFO(words << asked.shell << " as \"" << asked.user << "\" in \"" << asked.directory << "\"");
        CHECK(verdict(rules, asked) == expected);
    }
}

TEST_CASE("users of a program stand in place of those for all") {
    const auto rules = policy::make(usual(), "").value();
    auto asked = argv({"/usr/bin/systemctl", "restart", "nginx"});
    asked.user = "root";
    CHECK(verdict(rules, asked) == "ok");
    asked.user = "deploy";
    CHECK(verdict(rules, asked) == "user_not_allowed");
}

TEST_CASE("nothing runs on an agent that was not told to run commands") {
    auto wanted = usual();
    wanted.enabled = false;
    wanted.shell = true;
    const auto rules = policy::make(wanted, "").value();
    CHECK(verdict(rules, argv({"/usr/bin/uptime"})) == "exec_disabled");
    CHECK(verdict(rules, shell("true")) == "exec_disabled");
    CHECK_FALSE(config::exec_settings().enabled);
}

TEST_CASE("the shell form is a matter of its own, and users bind it too") {
    auto wanted = usual();
    wanted.allow.clear();
    wanted.shell = true;
    const auto rules = policy::make(wanted, "").value();
    CHECK(verdict(rules, shell("uptime | cat")) == "ok");
    CHECK(verdict(rules, argv({"/usr/bin/uptime"})) == "program_not_allowed");
    auto asked = shell("id");
    asked.user = "root";
    CHECK(verdict(rules, asked) == "user_not_allowed");
}

TEST_CASE("a refusal says which rule and where it is set") {
    const auto rules = policy::make(usual(), "/etc/ferrule/ferrule.yaml").value();
    const auto why = [&rules](const model::command_spec& asked) { return rules.judge(asked).error().message(); };
    CHECK(
        why(argv({"/usr/bin/systemctl", "stop", "nginx"})) ==
        "these arguments of \"/usr/bin/systemctl\" are not allowed: agent.exec.allow[2] does not allow \"stop\" as "
        "argument 1; rules are set under agent.exec.allow in /etc/ferrule/ferrule.yaml on the agent and nowhere else");
    CHECK(why(argv({"/bin/rm"})) == "\"/bin/rm\" is not allowed: agent.exec.allow in /etc/ferrule/ferrule.yaml on the "
                                    "agent does not name it");
    CHECK(why(shell("rm")) == "this agent runs no lines of the shell: agent.exec.shell in /etc/ferrule/ferrule.yaml on "
                              "the agent is false");
}

TEST_CASE("an argument cannot keep the agent busy with its pattern") {
    auto wanted = usual();
    wanted.allow = {program("/usr/bin/echo", {"(a+)+b"})};
    const auto rules = policy::make(wanted, "").value();
    CHECK(verdict(rules, argv({"/usr/bin/echo", "aaab"})) == "ok");
    CHECK(verdict(rules, argv({"/usr/bin/echo", std::string(60, 'a')})) == "arguments_not_allowed");
}

TEST_CASE("a pattern that is none is told with its program") {
    auto wanted = usual();
    wanted.allow = {program("/usr/bin/echo", {"(a"})};
    const auto made = policy::make(wanted, "");
    REQUIRE_FALSE(made);
    CHECK(made.error().code() == "bad_pattern");
    CHECK(made.error().message().find("/usr/bin/echo") != std::string::npos);
}
