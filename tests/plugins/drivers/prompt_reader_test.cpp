// SPDX-License-Identifier: Apache-2.0
// The prompt reader with neither socket nor clock.
#include "ssh/reader/config_reader.hpp"
#include "ssh/reader/echo.hpp"

#include "plugins/drivers/reader_bench.hpp"

using namespace ferrule::ssh;
using ferrule::drivers_test::bench;
using ferrule::drivers_test::outcome;
using ferrule::drivers_test::rules_of;

TEST_CASE("an unknown prompt completes after the settle time and not before") {
    bench b;
    prompt_reader reader(b.state, {}, b.now);
    reader.feed("Welcome\r\ncore1#", b.now);
    CHECK(reader.state() == outcome::waiting);
    CHECK(reader.deadline() == b.now + b.rules->settle);
    reader.tick(b.now + b.rules->settle - 1);
    CHECK(reader.state() == outcome::waiting);
    reader.tick(b.now + b.rules->settle);
    CHECK(reader.state() == outcome::prompt);
    CHECK(b.state.prompt == "core1#");
    CHECK(b.rules->modes[b.state.mode].name == "privileged");
    CHECK(reader.out().take() == "Welcome");
}

TEST_CASE("a learned prompt completes at once, with no time passing") {
    bench b;
    b.at("core1#");
    prompt_reader reader(b.state, b.typed("show clock"), b.now);
    reader.feed("show clock\r\n12:00\r\ncore1#", b.now);
    CHECK(reader.state() == outcome::prompt);
    CHECK(reader.out().take() == "12:00");
}

TEST_CASE("more output within the settle time means that it was no prompt") {
    bench b;
    prompt_reader reader(b.state, {}, b.now);
    reader.feed("core1>", b.now);
    reader.feed(" is not a prompt\r\n", b.now + millisecond);
    reader.tick(b.now + second);
    CHECK(reader.state() == outcome::waiting);
}

TEST_CASE("however the bytes are cut, the result is the same") {
    const std::string bytes =
        "show x\r\n\x1b[1mone\x1b[0m\r\n --More-- \b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\btwo\r\ncore1#";
    for (std::size_t cut = 1; cut <= bytes.size(); ++cut) {
        bench b;
        b.at("core1#");
        prompt_reader reader(b.state, b.typed("show x"), b.now);
        std::string out;
        for (std::size_t at = 0; at < bytes.size(); at += cut) {
            reader.feed(std::string_view(bytes).substr(at, cut), b.now);
            out += reader.out().take();
        }
        INFO("cut " << cut);
        CHECK(reader.state() == outcome::prompt);
        CHECK(out == "one\ntwo");
    }
}

TEST_CASE("what looks like the prompt in the middle of the output is output") {
    bench b;
    b.at("core1#");
    prompt_reader reader(b.state, b.typed("show run"), b.now);
    reader.feed("show run\r\nbanner core1#\r\ncore1#\r\nend\r\ncore1#", b.now);
    CHECK(reader.state() == outcome::prompt);
    CHECK(reader.out().take() == "banner core1#\ncore1#\nend");
}

TEST_CASE("a prompt with another device's name must prove itself longer") {
    bench b;
    b.at("core1#");
    prompt_reader reader(b.state, b.typed("show x"), b.now);
    reader.feed("show x\r\nother>", b.now);
    reader.tick(b.now + b.rules->settle);
    CHECK(reader.state() == outcome::waiting);
    reader.tick(b.now + 10 * b.rules->settle);
    CHECK(reader.state() == outcome::prompt);
}

TEST_CASE("a hostname cut short is the same device, a new one makes the old prompts forgotten") {
    bench b;
    b.at("a-long-hostname-indeed-it-is#").at("a-long-hostname-inde(config)#");
    CHECK(b.state.memory.knows("a-long-hostname-indeed-it-is#"));
    CHECK(b.state.memory.same_host("a-long-hostname-inde"));
    b.at("edge#");
    CHECK(!b.state.memory.knows("a-long-hostname-indeed-it-is#"));
    CHECK(b.state.memory.host() == "edge");
}

TEST_CASE("a prompt printed again before the echo is not taken for the end") {
    bench b;
    b.at("core1#");
    prompt_reader reader(b.state, b.typed("show x"), b.now);
    reader.feed("core1#", b.now);
    CHECK(reader.state() == outcome::waiting);
    reader.feed("show x\r\nout\r\ncore1#", b.now);
    CHECK(reader.state() == outcome::prompt);
    CHECK(reader.out().take() == "out");
}

TEST_CASE("output streams line by line and the line that may be the prompt is held back") {
    bench b;
    b.at("core1#");
    prompt_reader reader(b.state, b.typed("ping"), b.now);
    reader.feed("ping\r\n", b.now);
    CHECK(reader.out().take().empty());
    reader.feed("first\r\nsec", b.now);
    CHECK(reader.out().take() == "first");
    reader.feed("ond\r\n", b.now);
    CHECK(reader.out().take() == "\nsecond");
    reader.feed("\r\n\r\ncore1#", b.now);
    CHECK(reader.out().take().empty());
    CHECK(reader.state() == outcome::prompt);
}

TEST_CASE("silence is reported after the idle time, measured from the last byte, with the last line masked") {
    bench b;
    b.at("core1#");
    b.state.secrets.add("hunter2");
    auto wanted = b.typed("x");
    wanted.idle = 5 * second;
    prompt_reader reader(b.state, wanted, b.now);
    reader.feed("x\r\nfoo", b.now + 4 * second);
    reader.feed(" hunter2?", b.now + 8 * second);
    CHECK(reader.deadline() == b.now + 13 * second);
    reader.tick(b.now + 12 * second);
    CHECK(reader.state() == outcome::waiting);
    reader.tick(b.now + 13 * second);
    CHECK(reader.state() == outcome::silent);
    CHECK(reader.last_line() == "foo ********?");
}

TEST_CASE("refusals are found at the beginning of the output and not further down") {
    bench b;
    b.at("core1#");
    SECTION("at the beginning") {
        prompt_reader reader(b.state, b.typed("bogus"), b.now);
        reader.feed("bogus\r\n ^\r\n% Invalid input detected at '^' marker.\r\n\r\ncore1#", b.now);
        REQUIRE(reader.out().refusal().has_value());
        CHECK(*reader.out().refusal() == "% Invalid input detected at '^' marker.");
    }
    SECTION("in a log") {
        prompt_reader reader(b.state, b.typed("show logging"), b.now);
        std::string text = "show logging\r\n";
        for (int i = 0; i < 20; ++i) {
            text += "line\r\n";
        }
        reader.feed(text + "% Invalid input detected\r\ncore1#", b.now);
        CHECK(!reader.out().refusal().has_value());
    }
}

TEST_CASE("a question is answered once, asked again, the secret was wrong") {
    bench b;
    b.at("core1>");
    auto wanted = b.typed("enable");
    const auto pattern = *regex::compile("password:");
    armed_question asked;
    asked.pattern = &pattern;
    asked.reply = "s3cret\r";
    asked.secret = true;
    wanted.questions.push_back(asked);
    prompt_reader reader(b.state, wanted, b.now);
    reader.feed("enable\r\nPassword: ", b.now);
    CHECK(reader.take_writes() == "s3cret\r");
    reader.feed("\r\nPassword: ", b.now);
    CHECK(!reader.has_writes());
    reader.tick(b.now + second);
    REQUIRE(reader.state() == outcome::unanswered);
    CHECK(reader.problem()->code() == "secret_refused");
}

TEST_CASE("two phases: the return goes out once the echo is there") {
    bench b;
    b.at("core1#");
    auto wanted = b.typed("show x");
    wanted.return_after_echo = "\r";
    prompt_reader reader(b.state, wanted, b.now);
    reader.feed("show", b.now);
    CHECK(!reader.has_writes());
    reader.feed(" x", b.now);
    CHECK(reader.take_writes() == "\r");
    reader.feed("\r\nout\r\ncore1#", b.now);
    CHECK(reader.state() == outcome::prompt);
    CHECK(reader.out().take() == "out");
}

TEST_CASE("a line of several lines, as banners are, leaves none of its echoes in the output") {
    bench b;
    b.at("r1(config)#");
    auto wanted = b.typed("banner motd ^");
    wanted.typed_after = {"Keep out", "^"};
    prompt_reader reader(b.state, wanted, b.now);
    reader.feed("banner motd ^\r\nEnter TEXT message.\r\nKeep out\r\n^\r\nr1(config)#", b.now);
    CHECK(reader.state() == outcome::prompt);
    CHECK(reader.out().take() == "Enter TEXT message.");
}

TEST_CASE("prompts of two lines belong together") {
    bench b("juniper_junos");
    b.at("{master:0}\r\nadmin@mx> ");
    CHECK(b.state.prompt == "{master:0}\nadmin@mx>");
    CHECK(b.rules->modes[b.state.mode].name == "operational");
    prompt_reader reader(b.state, b.typed("show version"), b.now);
    reader.feed("show version\r\nJunos: 22\r\n\r\n{master:0}\r\nadmin@mx> ", b.now);
    CHECK(reader.state() == outcome::prompt);
    CHECK(reader.out().take() == "Junos: 22");
}

TEST_CASE("our own prompt ends output that has no line feed and carries the exit status") {
    const nlohmann::json own = {
        {"own_prompt", {{"send", {"PS1='{token}:$?:'"}}, {"pattern", "{token}:(?<status>\\d+):"}}}};
    bench b("linux", own);
    b.state.own_prompt = true;
    const auto& line = b.rules->own->lines.front();
    const auto token = line.substr(5, line.find(':') - 5);
    expectation wanted;
    prompt_reader reader(b.state, wanted, b.now);
    reader.feed("user@box:~$ no line feed" + token + ":3:", b.now);
    CHECK(reader.state() == outcome::prompt);
    CHECK(reader.exit_status() == 3);
    CHECK(reader.out().take() == "user@box:~$ no line feed");
}

TEST_CASE("reading costs time linear in the output, also when it comes byte by byte") {
    bench b;
    b.at("core1#");
    prompt_reader reader(b.state, b.typed("x"), b.now);
    const std::string endless(300'000, '#'); // every byte could end a prompt
    for (const char c : endless) {
        reader.feed(std::string_view(&c, 1), b.now);
    }
    CHECK(reader.state() == outcome::waiting);
    reader.feed("\r\ncore1#", b.now);
    CHECK(reader.state() == outcome::prompt);
}

TEST_CASE("echoes are recognised as strictly as the platform says") {
    CHECK(is_echo("show version", "show version", echo_kind::strict));
    CHECK(is_echo("core1#show version", "show version", echo_kind::strict));
    CHECK(is_echo("show version  ", "show version", echo_kind::strict));
    CHECK(!is_echo("show  version", "show version", echo_kind::strict));
    CHECK(is_echo("show  version", "show version", echo_kind::fuzzy));
    CHECK(is_echo("$ 10.0.0.0 255.0.0.0 null0", "ip route 10.0.0.0 255.0.0.0 null0", echo_kind::fuzzy));
    CHECK(!is_echo("something else", "show version", echo_kind::fuzzy));
    CHECK(!is_echo("show version", "show version", echo_kind::none));
    CHECK(is_echo("", "", echo_kind::strict));
    CHECK(!is_echo("text", "", echo_kind::strict));
}

TEST_CASE("configuration in flight: never more than the window, each answer to its line, early echoes dropped") {
    bench b;
    b.at("r1(config)#");
    config_plan plan;
    plan.lines = {"a1", "b2", "c3", "d4"};
    plan.window = 2;
    config_reader reader(b.state, plan, b.now);
    CHECK(reader.take_writes() == "a1\rb2\r");
    reader.feed("a1\r\nr1(config)#b2\r\n", b.now);
    CHECK(reader.take_writes() == "c3\r");
    reader.feed("c3\r\n% Invalid input detected\r\nr1(config)#c3\r\n", b.now); // the terminal echoed c3 while b2 ran
    CHECK(!reader.has_writes());
    reader.feed("fine\r\nr1(config)#", b.now);
    REQUIRE(reader.state() == config_reader::outcome::done);
    const auto answers = reader.take_answers();
    REQUIRE(answers.size() == 4);
    CHECK(answers[0].output.empty());
    CHECK(answers[1].output == "% Invalid input detected");
    CHECK(answers[1].refusal.has_value());
    CHECK(answers[2].output == "fine");
    CHECK(!answers[2].refusal.has_value());
    CHECK(answers[3].skipped);
}

TEST_CASE("configuration without stopping sends all lines") {
    bench b;
    b.at("r1(config)#");
    config_plan plan;
    plan.lines = {"a1", "b2", "c3"};
    plan.window = 8;
    plan.stop_on_error = false;
    config_reader reader(b.state, plan, b.now);
    CHECK(reader.take_writes() == "a1\rb2\rc3\r");
    reader.feed("a1\r\n% Invalid input\r\nr1(config)#b2\r\nr1(config-if)#c3\r\nr1(config-if)#", b.now);
    REQUIRE(reader.state() == config_reader::outcome::done);
    const auto answers = reader.take_answers();
    CHECK(answers[0].refusal.has_value());
    CHECK(!answers[1].refusal.has_value());
    CHECK(!answers[2].skipped);
}

TEST_CASE("secrets are masked in a stream wherever it is cut, and bytes are never lost") {
    redactor known;
    known.add("hunter2");
    known.add("hunter22longer");
    const std::string bytes = "a hunter2 b hunthunter22longer hun";
    for (std::size_t cut = 1; cut <= bytes.size(); ++cut) {
        secret_filter filter(known);
        std::string out;
        for (std::size_t at = 0; at < bytes.size(); at += cut) {
            out += filter.feed(std::string_view(bytes).substr(at, cut));
        }
        out += filter.finish();
        INFO("cut " << cut);
        CHECK(out.find("hunter2") == std::string::npos);
        CHECK(out.starts_with("a ******** b hunt********"));
        CHECK(out.ends_with(" hun"));
    }
}
