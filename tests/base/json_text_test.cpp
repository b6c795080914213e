#include "base/json_text.hpp"

#include "base/json.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <random>

using namespace ferrule::base;

namespace {

std::string written(std::string_view text) {
    json_text out;
    return out.value(text).take();
}

} // namespace

TEST_CASE("objects and arrays nest, with commas where they belong") {
    json_text text;
    text.begin_object().member("a", 1L).key("b").begin_array().value("x").null().begin_object().end_object();
    text.begin_array().end_array().end_array().member("c", true).key("d").begin_object().member("e", "f").end_object();
    text.key("g").raw(R"({"h":1})").member("i", false).end_object();
    CHECK(text.take() == R"({"a":1,"b":["x",null,{},[]],"c":true,"d":{"e":"f"},"g":{"h":1},"i":false})");
}

TEST_CASE("numbers are written so that they read back as the same") {
    for (const double number : {0.0, 0.4, 12.0, 1.0 / 3, -1.5e-7, 1e300, 123456.789}) {
        json_text out;
        CHECK(json::parse(out.value(number).take()).get<double>() == number);
    }
    json_text whole;
    CHECK(whole.value(std::numeric_limits<std::int64_t>::min()).take() == "-9223372036854775808");
    json_text none;
    CHECK(none.value(std::numeric_limits<double>::infinity()).take() == "null");
}

TEST_CASE("texts are escaped just as dump does it") {
    std::string all;
    for (int c = 0; c < 128; ++c)
        all += static_cast<char>(c);
    for (const std::string& each : {std::string(), std::string("plain"), std::string("a\"b\\c\nd\te\r\b\f"), all,
                                    std::string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), std::string("cut \xe2\x82"),
                                    std::string("\xff\xfe"), std::string("over\xc0\xaflong"), std::string(1, '\0')})
        CHECK(written(each) == dump(json(each)));
}

TEST_CASE("any bytes at all come out as valid JSON that says the same as dump") {
    std::mt19937 random(7);
    std::uniform_int_distribution<int> byte(0, 255);
    std::uniform_int_distribution<std::size_t> size(0, 40);
    for (int round = 0; round < 2000; ++round) {
        std::string bytes(size(random), 'a');
        for (auto& each : bytes)
            if (const int c = byte(random); c % 3 == 0)
                each = static_cast<char>(c);
        CHECK(written(bytes) == dump(json(bytes)));
    }
}
