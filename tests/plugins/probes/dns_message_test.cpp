// SPDX-License-Identifier: Apache-2.0
#include "dns/codes.hpp"
#include "dns/message.hpp"
#include "dns/rdata.hpp"
#include "dns/wire.hpp"

#include <catch2/catch.hpp>

using namespace ferrule::probes::dns;
using Catch::Contains;
using namespace std::string_literals;

TEST_CASE("names are written for the wire, and refused where they cannot be") {
    CHECK(encode_name("a.example.") == "\1a\7example\0"s);
    CHECK(encode_name("a.example") == "\1a\7example\0"s);
    CHECK(encode_name(".") == "\0"s);
    CHECK(encode_name("a\\.b.c\\100") == "\3a.b\2cd\0"s);
    CHECK_FALSE(encode_name("a..b"));
    CHECK_FALSE(encode_name(".a"));
    CHECK_FALSE(encode_name("a\\"));
    CHECK_FALSE(encode_name("a\\256"));
    CHECK_FALSE(encode_name(std::string(64, 'x')));
    std::string longest;
    for (int i = 0; i < 127; ++i) {
        longest += "x.";
    }
    CHECK(encode_name(longest).value_or("").size() == 255);
    CHECK_FALSE(encode_name(longest + "x"));
}

TEST_CASE("a name that points forward, to itself or round in a circle is broken") {
    const auto bytes = GENERATE(as<std::string>{}, "\xc0\0"s, "\xc0\2\0"s, "\1a\xc0\0"s, "\xc0"s, "\1"s, "\x40"s, ""s);
    wire_reader from(bytes);
    from.name();
    CHECK(from.broken());
}

TEST_CASE("a name with pointers backwards is whole, and reading goes on behind its first pointer") {
    const auto bytes = "\4test\0\3www\xc0\0\2xy\xc0\6\7"s;
    wire_reader from(bytes);
    CHECK(from.name() == "test.");
    CHECK(from.name() == "www.test.");
    CHECK(from.name() == "xy.www.test.");
    CHECK(from.u8() == 7);
    CHECK(from.left() == 0);
    CHECK_FALSE(from.broken());
}

TEST_CASE("a query has the form of RFC 1035") {
    const question what{*encode_name("a.test"), type::mx, 1, true};
    CHECK(encode_query(what, 0x1234) == "\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\4test\0\0\x0f\0\1"s);
}

TEST_CASE("records read as in a zone file") {
    struct sample {
        std::uint16_t kind;
        std::string data, text;
    };

    const auto now = GENERATE(values<sample>({
        {type::a, "\xc0\0\2\1"s, "192.0.2.1"},
        {type::a, "\xc0\0\2"s, "\\# 3 c00002"},
        {type::a, ""s, "\\# 0"},
        {type::aaaa, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"s, "2001:db8::1"},
        {type::ns, "\2ns\4test\0"s, "ns.test."},
        {type::cname, "\4a b\\\0"s, "a\\032b\\\\."},
        {type::mx, "\0\x0a\4mail\0"s, "10 mail."},
        {type::txt, "\3a\"b\2\xff "s, "\"a\\\"b\" \"\\255 \""},
        {type::srv, "\0\0\0\5\x13\xc4\3www\0"s, "0 5 5060 www."},
        {type::caa, "\0\5issueca.test"s, "0 issue \"ca.test\""},
        {type::ds, "\x12\x34\x0d\2\xab\xcd"s, "4660 13 2 abcd"},
        {type::soa, "\1a\0\1b\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"s, "a. b. 1 2 3 4 5"},
        {type::mx, "\0\x0a\4mail\0x"s, "\\# 9 000a046d61696c0078"},
        {999, "\1\2"s, "\\# 2 0102"},
    }));
    CHECK(read_rdata(now.kind, wire_reader(now.data)).text == now.text);
}

TEST_CASE("a record is a line of a zone file with tabs") {
    record one;
    one.name = "a.test.";
    one.type = type::a;
    one.cls = 1;
    one.ttl = 300;
    one.data = "192.0.2.1";
    CHECK(one.text() == "a.test.\t300\tIN\tA\t192.0.2.1");
}

TEST_CASE("a truncated message may end between records, a whole one may not") {
    const auto cut = "\0\1\x86\0\0\0\0\2\0\0\0\0\0\0\1\0\1\0\0\0\1\0\4\xc0\0\2\1\0\0"s;
    const auto read = decode(cut);
    REQUIRE(read);
    CHECK(read->truncated);
    CHECK(read->answers.size() == 1);
    auto whole = cut;
    whole[2] = static_cast<char>(0x84);
    const auto refused = decode(whole);
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().message(), Contains("record 2 of 2"));
}

TEST_CASE("types, classes and codes have names, and numbers where they have none") {
    CHECK(type_number("AAAA") == 28);
    CHECK(type_number("TYPE65280") == 65280);
    CHECK_FALSE(type_number("TYPE65536"));
    CHECK_FALSE(type_number("TYPE"));
    CHECK(type_name(257) == "CAA");
    CHECK(type_name(65280) == "TYPE65280");
    CHECK(class_number("CH") == 3);
    CHECK(class_name(7) == "CLASS7");
    CHECK(rcode_number("NXDOMAIN") == 3);
    CHECK_FALSE(rcode_number("NX"));
    CHECK(rcode_name(15) == "RCODE15");
}
