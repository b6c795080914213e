#include "base/log.hpp"

#include "base/json.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <cstdio>
#include <functional>

#include "support/print_result.hpp"

using namespace ferrule::base;

namespace {

// What `body` writes to stderr.
std::string logged(const log::settings& settings, const std::function<void()>& body) {
    auto* file = std::tmpfile();
    REQUIRE(file != nullptr);
    const int kept = dup(STDERR_FILENO);
    REQUIRE(dup2(fileno(file), STDERR_FILENO) >= 0);
    log::configure(settings);
    body();
    std::fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
    std::fseek(file, 0, SEEK_END);
    text.resize(static_cast<std::size_t>(std::ftell(file)));
    std::rewind(file);
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::fclose(file);
    log::configure({});
    return text;
}

} // namespace

TEST_CASE("a line for people names part, message and fields, and stays one line") {
    const auto text = logged({}, [] {
        log::info("devices", "session opened", {{"device", "frr1"}, {"note", "two\nlines"}, {"empty", ""}});
        log::debug("devices", "not seen");
    });
    CHECK(text.ends_with("info  devices: session opened device=frr1 note=two\\nlines empty=\"\"\n"));
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
}

TEST_CASE("no value can pass for another field") {
    const auto text = logged({}, [] { log::info("a", "b", {{"name", R"(x" role="admin\)"}, {"last", "y"}}); });
    CHECK(text.ends_with(R"(a: b name="x\" role=\"admin\\" last=y)"
                         "\n"));
}

TEST_CASE("levels have the names that the configuration gives them") {
    const auto text = logged({log::level::trace, false}, [] {
        log::write(log::level::trace, "a", "b", {});
        log::debug("a", "b");
        log::info("a", "b");
        log::warn("a", "b");
        log::error("a", "b");
    });
    for (const auto* name : {"Z trace a: b", "Z debug a: b", "Z info  a: b", "Z warn  a: b", "Z error a: b"})
        CHECK(text.find(name) != std::string::npos);
}

TEST_CASE("a line for programs is one JSON object") {
    const auto text = logged({log::level::debug, true}, [] {
        log::debug("http", "quote \" and \x01", {{"bytes", "a\xff"}});
        log::warn("http", "second");
    });
    const auto end = text.find('\n');
    const auto first = parse_json(text.substr(0, end));
    REQUIRE(first);
    CHECK((*first)["level"] == "debug");
    CHECK((*first)["part"] == "http");
    CHECK((*first)["message"] == "quote \" and \x01");
    CHECK((*first)["fields"]["bytes"] == "a\xEF\xBF\xBD");
    CHECK(parse_json(text.substr(end + 1)));
}

TEST_CASE("no secret reaches the log") {
    for (const bool as_json : {false, true}) {
        const auto text = logged({log::level::info, as_json}, [] {
            log::error("x", "refused password=hunter2", {{"password", "hunter2"}, {"url", "https://u:hunter2@h/"}});
        });
        CHECK(text.find("hunter2") == std::string::npos);
        CHECK(text.find("[redacted]") != std::string::npos);
    }
}

TEST_CASE("the level decides what is written") {
    const auto text = logged({log::level::warn, false}, [] {
        CHECK_FALSE(log::enabled(log::level::info));
        CHECK(log::enabled(log::level::error));
        log::info("x", "quiet");
        log::warn("x", "loud");
    });
    CHECK(text.find("quiet") == std::string::npos);
    CHECK(text.find("loud") != std::string::npos);
}
