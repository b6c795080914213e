#include "probes/blackbox/go_forms.hpp"

#include "config/schema/checks.hpp"

#include "support/print_result.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace ferrule::probes::blackbox;
using namespace std::chrono_literals;

TEST_CASE("durations are read as Go reads them") {
    CHECK(go_duration("5s") == 5s);
    CHECK(go_duration("1m30s") == 90s);
    CHECK(go_duration("1.5s") == 1500ms);
    CHECK(go_duration("500ms") == 500ms);
    CHECK(go_duration("250us") == 250us);
    CHECK(go_duration("250\xc2\xb5s") == 250us);
    CHECK(go_duration("+2h") == 2h);
    CHECK(go_duration("0") == 0s);
    for (const auto* bad : {"", "5", "5 s", "s", "-5s", "1d", "1s2", "1..5s", "25h", "+", "5S", "1e3s"})
        CHECK_FALSE(go_duration(bad));
}

TEST_CASE("sizes are read as blackbox_exporter reads them: KB and KiB are the same") {
    CHECK(go_size("512B") == 512);
    CHECK(go_size("1KB") == 1024);
    CHECK(go_size("1KiB") == 1024);
    CHECK(go_size("1.5MB") == 1536 * 1024);
    CHECK(go_size("1GiB") == std::uint64_t{1} << 30U);
    for (const auto* bad : {"", "10", "1kB", "1K", "MB", "-1B", "1 MB", "9999PB", "1iB"})
        CHECK_FALSE(go_size(bad));
}

TEST_CASE("a dollar sign at the end of a Go pattern is the end of the text") {
    CHECK(pcre_of("ok$") == "ok\\z");
    CHECK(pcre_of("^a$|^b$") == "^a\\z|^b\\z");
    CHECK(pcre_of("price \\$5") == "price \\$5");
    CHECK(pcre_of("[$]") == "[$]");
    CHECK(pcre_of("[]$]x$") == "[]$]x\\z");
    CHECK(pcre_of("[^]$]x$") == "[^]$]x\\z");
    CHECK(pcre_of("[[:alpha:]$]$") == "[[:alpha:]$]\\z");
    CHECK(pcre_of("[\\]$]$") == "[\\]$]\\z");
    CHECK(pcre_of("\\Q$\\E$") == "\\Q$\\E\\z");
    CHECK(pcre_of("(?m)^a$") == "(?m)^a$");
    CHECK(pcre_of("(?im:a$)") == "(?im:a$)");
    CHECK(pcre_of("(?i)a$") == "(?i)a\\z");
    CHECK(pcre_of("(?P<m>a)$") == "(?P<m>a)\\z");
    CHECK(pcre_of("[a") == "[a");
    CHECK(pcre_of("a\\") == "a\\");
}

TEST_CASE("a place in the text may be repeated, as in the pattern of blackbox_exporter's own module pop3s_banner") {
    CHECK(pcre_of("^+OK") == "(?:^)+OK");
    CHECK(pcre_of("a$*") == "a(?:\\z)*");
    CHECK(pcre_of("\\b?x") == "(?:\\b)?x");
    CHECK(pcre_of("^{2}x") == "(?:^){2}x");
    CHECK(pcre_of("^{x") == "^{x");
    CHECK(config::schema::check_whole_regex(pcre_of("^+OK")).empty());
    CHECK_FALSE(config::schema::check_whole_regex("^+OK").empty());
}

TEST_CASE("templates name their groups as Go does") {
    CHECK(template_of("PONG ${1}", true) == "PONG ${1}");
    CHECK(template_of("PONG $1", true) == "PONG ${1}");
    CHECK(template_of("$1x and $name.", true) == "${1x} and ${name}.");
    CHECK(template_of("$$ and $", true) == "$$ and $$");
    CHECK(template_of("${1", true) == "$${1");
    CHECK(template_of("$1 costs $5", false) == "$$1 costs $$5");
    CHECK(template_of("$$", false) == "$$$$");
    CHECK(template_of("", true).empty());
}
