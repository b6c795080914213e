// What others say cannot steer the terminal.
#include "app/cli/printable.hpp"
#include "app/cli/table.hpp"

#include <catch2/catch.hpp>

using namespace ferrule::app;

TEST_CASE("text without control characters is shown as it is") {
    CHECK(cli::printable("edge1 \xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 \xE4\xBD\xA0").find("\xEF\xBF\xBD") ==
          std::string::npos);
    CHECK(cli::printable("") == "");
}

TEST_CASE("what a terminal would obey is replaced") {
    for (const std::string each :
         {"\x1b", "\n", "\t", "\r", "\x7f", "\xC2\x9B", "\xE2\x80\xAE", "\xE2\x81\xA6", "\x9b"}) {
        CAPTURE(each);
        CHECK(cli::printable("a" + each + "b") == "a\xEF\xBF\xBD"
                                                  "b");
    }
    CHECK(cli::printable(std::string("a\0b", 3)) == "a\xEF\xBF\xBD"
                                                    "b");
}

TEST_CASE("a table keeps its rows whatever stands in a cell") {
    cli::table shown({"NAME", "STATE"});
    shown.add({"a\nb\x1b[2J", "up"});
    CHECK(shown.text() == "NAME     STATE\na\xEF\xBF\xBD"
                          "b\xEF\xBF\xBD[2J  up\n");
}
