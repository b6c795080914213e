// SPDX-License-Identifier: Apache-2.0
#include "ssh/text/screen.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using ferrule::ssh::line_sink;
using ferrule::ssh::screen;

namespace {

/// Collects what the screen finishes; pieces of overlong lines are joined.
struct lines final : line_sink {
    std::vector<std::string> all{""};

    void on_line(std::string_view line, bool ended) override {
        all.back() += line;
        if (ended) {
            all.emplace_back();
        }
    }
};

/// What a person sees after `bytes`, with the unfinished line last.
std::string shown(const std::string& bytes, std::size_t cut = std::string::npos) {
    screen s(80, 24);
    lines sink;
    for (std::size_t at = 0; at < bytes.size(); at += cut == std::string::npos ? bytes.size() : cut) {
        s.feed(std::string_view(bytes).substr(at, cut), sink);
    }
    std::string out;
    for (std::size_t i = 0; i + 1 < sink.all.size(); ++i) {
        out += sink.all[i] + "\n";
    }
    return out + sink.all.back() + std::string(s.line());
}

} // namespace

TEST_CASE("lines end with LF, with any number of CR before it") {
    CHECK(shown("a\nb\r\nc\r\r\nd") == "a\nb\nc\nd");
}

TEST_CASE("colours, titles, modes and device control leave no trace") {
    CHECK(shown("\x1b[1;31mred\x1b[0m") == "red");
    CHECK(shown("\x1b]0;title\x07text") == "text");
    CHECK(shown("\x1b]0;title\x1b\\text") == "text");
    CHECK(shown("\x1b[?2004htext\x1b[?2004l") == "text");
    CHECK(shown("\x1bP1$r0m\x1b\\text") == "text");
    CHECK(shown("\x1b(Btext\x1b=\x1b>") == "text");
    CHECK(shown("a\x07\x0e\x0f\x7f"
                "b") == "ab");
}

TEST_CASE("a sequence is recognised wherever it is cut") {
    const std::string bytes = "one\x1b[1;31mtwo\x1b]0;t\x1b\\three\x1b[3Dfour\r\nfive\b\bx\x1b[K\r\n";
    const auto whole = shown(bytes);
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
        CHECK(shown(bytes, cut) == whole);
    }
}

TEST_CASE("CR, backspace and cursor movement change the line as a terminal does") {
    CHECK(shown("10%\r20%\r30%\n") == "30%\n");
    CHECK(shown("abc\b\bX\n") == "aXc\n");
    CHECK(shown("abc\x1b[2DX\n") == "aXc\n");
    CHECK(shown("abc\x1b[1GX\n") == "Xbc\n");
    CHECK(shown("abc\r\x1b[Kd\n") == "d\n");
    CHECK(shown("abc\x1b[2K\rd\n") == "d\n");
    CHECK(shown("abcd\r\x1b[2Px\n") == "xd\n");
    CHECK(shown("ab\r\x1b[2@xy\n") == "xyab\n");
    CHECK(shown("a\x1b[3Cb\n") == "a   b\n");
}

TEST_CASE("what is painted over with blanks is gone, and blanks that were printed stay") {
    CHECK(shown(" --More-- \b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\bnext\n") == "next\n");
    CHECK(shown("--More--\r        \rshort\n") == "short\n");
    CHECK(shown("two blanks  \n") == "two blanks  \n");
}

TEST_CASE("backspace goes back a whole UTF-8 character") {
    CHECK(shown("a\xc3\xa4\b\x1b[Kb\n") == "ab\n");
}

TEST_CASE("an introducer without end swallows no more than its limit") {
    std::string bytes = "\x1b]0;";
    bytes += std::string(ferrule::ssh::ansi_parser::max_string + 100, 'x');
    CHECK(shown(bytes).size() < 200);
    CHECK(shown(bytes + "\nnext").ends_with("next"));
    CHECK(shown("\x1b[1;2;3;4;5;6;7;8;9;10mtext") == "text");
    CHECK(shown("\x1b[99999999999999999Ctext").size() < 2000);
    CHECK(shown("\x1b[3\x18text") == "text");
}

TEST_CASE("a line without end is handed on in pieces") {
    const std::string endless(5 * screen::max_line, 'x');
    CHECK(shown(endless + "\nnext") == endless + "\nnext");
    screen s(80, 24);
    lines sink;
    s.feed(endless, sink);
    CHECK(s.line().size() <= screen::max_line + 1);
}

TEST_CASE("terminal queries are answered") {
    screen s(80, 24);
    lines sink;
    s.feed("\x1b[c", sink);
    CHECK(s.replies() == "\x1b[?1;2c");
    s.clear_replies();
    s.feed("ab\x1b[6n", sink);
    CHECK(s.replies() == "\x1b[1;3R");
    s.clear_replies();
    s.feed("\x1b[999;999H\x1b[6n", sink);
    CHECK(s.replies() == "\x1b[24;80R");
    s.clear_replies();
    for (int i = 0; i < 1000; ++i) {
        s.feed("\x1b[c", sink);
    }
    CHECK(s.replies().size() < 512);
}

TEST_CASE("a wrapped echo is one line while an echo is awaited, and a repainted line otherwise") {
    screen s(20, 24);
    lines sink;
    s.expect_wrapping(true);
    s.feed("show interfaces desc \rription\r\n", sink);
    CHECK(sink.all.front() == "show interfaces description");
    s.expect_wrapping(false);
    s.feed("50% \r60% \r\n", sink);
    CHECK(sink.all[1] == "60%");
}
