#include "net/certificate_facts.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;

TEST_CASE("what anybody may have written into a certificate is shown short and in printable letters") {
    net::certificate_facts made;
    made.name = "edge\n2026-11-21 error \x1b[31m\xc3\xa4" + std::string(100'000, 'x');
    made.serial = std::string(5'000, 'a');
    const auto shown = net::fit_to_show(made);
    CHECK(shown.name.substr(0, 30) == "edge?2026-11-21 error ?[31m??x");
    CHECK(shown.name.size() == 128);
    CHECK(shown.serial.size() == 64);
    made.name = "edge1";
    CHECK(net::fit_to_show(made).name == "edge1");
}
