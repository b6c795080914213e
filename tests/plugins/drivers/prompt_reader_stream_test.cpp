// SPDX-License-Identifier: Apache-2.0
// Lines that stand unfinished are shown as far as they have come, and nothing is shown that must not be.
#include "plugins/drivers/reader_bench.hpp"

using namespace ferrule::ssh;
using ferrule::drivers_test::bench;
using ferrule::drivers_test::outcome;

namespace {

constexpr nanoseconds patience = 250 * millisecond;

/// A command under way of which the echo has come.
struct running : bench {
    explicit running(const std::string& platform_name = "cisco_ios", const nlohmann::json& changes = {})
        : bench(platform_name, changes) {
        at("core1#");
        wanted = typed("go");
        wanted.stream = true;
    }

    prompt_reader& start() {
        reader.emplace(state, wanted, now);
        reader->feed("go\r\n", now);
        return *reader;
    }

    std::string says(std::string_view bytes) {
        reader->feed(bytes, now);
        return reader->out().take();
    }

    /// What comes when nothing more does for a while.
    std::string later(nanoseconds span = second) {
        reader->tick(now += span);
        return reader->out().take();
    }

    expectation wanted;
    std::optional<prompt_reader> reader;
};

} // namespace

TEST_CASE("the dots of a progress display stream although their line has no end") {
    running r;
    auto& reader = r.start();
    CHECK(r.says("Sending\r\n!!") == "Sending");
    CHECK(reader.deadline() == r.now + patience);
    CHECK(r.later(patience - 1).empty());
    CHECK(r.later(1) == "\n!!");
    CHECK(r.says("!").empty());
    CHECK(r.says(".").empty());
    CHECK(r.later() == "!.");
    CHECK(r.later().empty());
    CHECK(r.says("!\r\nSuccess\r\ncore1#") == "!\nSuccess");
    CHECK(reader.state() == outcome::prompt);
}

TEST_CASE("dots that keep coming are shown all the same, every quarter of a second") {
    running r;
    r.start();
    std::string out;
    for (int i = 0; i < 100; ++i) {
        out += r.says(".");
        if (r.now + 10 * millisecond >= r.reader->deadline()) {
            out += r.later(10 * millisecond);
        }
        r.now += 10 * millisecond;
    }
    CHECK(out.size() > 50);
    CHECK(out == std::string(out.size(), '.'));
}

TEST_CASE("a question that nobody answers is shown, also when time runs out before") {
    running r;
    r.wanted.idle = GENERATE(second, 100 * millisecond);
    auto& reader = r.start();
    CHECK(r.says("Proceed? [y/n] ").empty());
    auto out = r.later(r.wanted.idle);
    out += r.later(0);
    CHECK(out == "Proceed? [y/n]");
    CHECK(reader.state() == outcome::silent);
}

TEST_CASE("what may become a prompt is not shown, in the same mode and in another") {
    running r;
    auto& reader = r.start();
    CHECK(r.says("out\r\ncor") == "out");
    CHECK(r.later().empty());
    CHECK(r.says("e1(con").empty());
    CHECK(r.later().empty());
    r.says("fig)#");
    CHECK(r.later().empty());
    CHECK(reader.state() == outcome::prompt);
}

TEST_CASE("a prompt of two lines is not shown in pieces, and neither is our own") {
    running junos("juniper_junos");
    junos.at("{master:0}\nu@mx1> ");
    auto& reader = junos.start();
    CHECK(junos.says("out\r\n{mas").empty()); // "out" could be the first line of a prompt
    CHECK(junos.later().empty());
    CHECK(junos.says("ter:0}\r\nu@m") == "out");
    CHECK(junos.later().empty());
    junos.says("x1> ");
    CHECK(reader.state() == outcome::prompt);

    running box("linux", {{"own_prompt", {{"send", "PS1={token}"}, {"pattern", "{token}:(?<status>\\d+):"}}}});
    box.state.own_prompt = true;
    const auto token = box.rules->own->lines[0].substr(4);
    box.wanted.expect_echo = false;
    box.start();
    box.says("abc" + token.substr(0, 5));
    CHECK(box.later() == "\nabc");
    CHECK(box.says(token.substr(5) + ":0:").empty());
    CHECK(box.reader->state() == outcome::prompt);
}

TEST_CASE("a secret is never shown in pieces, whatever tells that it is one") {
    running r;
    r.state.secrets.add("hunter2");
    r.start();
    std::string out;
    const std::string bytes =
        "my hunter2 is hunt, enable secret 9 $abc\r\nsnmp-server community pub RO\r\nend\r\ncore1#";
    for (const char c : bytes) {
        out += r.says(std::string(1, c));
        out += r.later();
        CHECK(out.find("hunter2") == std::string::npos);
        CHECK(out.find("$a") == std::string::npos);
        CHECK(out.find("pub") == std::string::npos);
    }
    CHECK(out == "my ******** is hunt, enable secret 9 ********\nsnmp-server community ******** RO\nend");
    CHECK(r.reader->state() == outcome::prompt);
}

TEST_CASE("the same text comes whether the device hesitates after each byte or not") {
    const std::string bytes = "one\r\n  two  \r\n\r\n --More-- \b\b\b\b\b\b\b\b\b\b          "
                              "\b\b\b\b\b\b\b\b\b\bthree...\r\n% not found\r\n\r\ncore1#";
    const bool hesitates = GENERATE(true, false);
    running r;
    r.wanted.questions.emplace_back();
    r.wanted.questions[0].pattern = &r.rules->pager[0].pattern;
    r.wanted.questions[0].reply = " ";
    r.wanted.questions[0].repeat = r.wanted.questions[0].pager = true;
    r.start();
    std::string out;
    for (const char c : bytes) {
        out += r.says(std::string(1, c));
        if (hesitates) {
            out += r.later();
        }
    }
    CHECK(r.reader->state() == outcome::prompt);
    CHECK(out == "one\n  two  \n\nthree...\n% not found");
}

TEST_CASE("a line that is painted over is shown anew, once, and not with each repainting") {
    running r;
    r.start();
    CHECK(r.says("copied  10%").empty());
    CHECK(r.later() == "copied  10%");
    for (const auto* percent : {"\rcopied  20%", "\rcopied  30%"}) {
        CHECK(r.says(percent).empty());
        CHECK(r.later().empty());
    }
    CHECK(r.says("\rcopied 100%\r\n") == "\ncopied 100%");
}

TEST_CASE("without streaming the line waits for its end") {
    running r;
    r.wanted.stream = false;
    r.start();
    CHECK(r.says("...").empty());
    CHECK(r.later().empty());
}
