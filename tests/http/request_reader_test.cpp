#include "http/request_reader.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace ferrule::http;
using namespace std::string_literals;
using step = request_reader::step;

namespace {

void feed(request_reader& reader, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto space = reader.prepare();
        const auto size = std::min(space.size(), bytes.size());
        std::copy_n(bytes.begin(), size, static_cast<char*>(space.data()));
        reader.commit(size);
        bytes.remove_prefix(size);
    }
}

// `complete`, `more`, or the code of the refusal.
std::string outcome(std::string_view bytes, const request_reader::limits& limits = {}) {
    request_reader reader(limits);
    feed(reader, bytes);
    for (;;) {
        switch (reader.advance()) {
        case step::complete:
            return "complete";
        case step::need_input:
            return "more";
        case step::refused:
            return reader.refusal().code();
        case step::send_continue:
            break;
        }
    }
}

} // namespace

TEST_CASE("a request is read with its verb, target, headers and body") {
    request_reader reader({});
    feed(reader, "POST /jobs?wait=1s HTTP/1.1\r\nHost: a\r\nX-One:  two \r\nContent-Length: 5\r\n\r\nhello");
    REQUIRE(reader.advance() == step::complete);
    const auto& got = reader.current();
    CHECK(got.verb == method::post);
    CHECK(got.target() == "/jobs?wait=1s");
    CHECK(got.header("x-one") == "two");
    CHECK(got.header(field::host) == "a");
    CHECK(got.header("absent").empty());
    CHECK(got.body == "hello");
    CHECK(got.keep_alive);
    CHECK(got.version == 11);
}

TEST_CASE("a request that comes byte by byte is the same request") {
    request_reader reader({});
    const std::string bytes = "\r\nPUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: ignored\r\n\r\n";
    for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
        feed(reader, std::string_view(bytes).substr(i, 1));
        REQUIRE(reader.advance() == step::need_input);
    }
    feed(reader, "\n");
    REQUIRE(reader.advance() == step::complete);
    CHECK(reader.current().body == "abcde");
    CHECK(reader.current().header("trailer").empty());
    CHECK(reader.current().header_count() == 2);
}

TEST_CASE("an empty chunked body may come byte by byte") {
    request_reader reader({});
    feed(reader, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (const char* byte : {"0", "\r", "\n", "\r"}) {
        REQUIRE(reader.advance() == step::need_input);
        feed(reader, byte);
    }
    REQUIRE(reader.advance() == step::need_input);
    feed(reader, "\n");
    REQUIRE(reader.advance() == step::complete);
    CHECK(reader.current().body.empty());
}

TEST_CASE("pipelined requests come out one after the other") {
    request_reader reader({});
    feed(reader,
         "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /3 HT");
    REQUIRE(reader.advance() == step::complete);
    CHECK(reader.current().target() == "/1");
    reader.next();
    REQUIRE(reader.advance() == step::complete);
    CHECK(reader.current().target() == "/2");
    CHECK(reader.current().body == "hi");
    reader.next();
    CHECK(reader.started());
    CHECK(reader.advance() == step::need_input);
    feed(reader, "TP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(reader.advance() == step::complete);
    CHECK(reader.current().target() == "/3");
    reader.next();
    CHECK_FALSE(reader.started());
}

TEST_CASE("a client that waits for 100 Continue is told once") {
    request_reader reader({});
    feed(reader, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    CHECK(reader.advance() == step::send_continue);
    CHECK(reader.advance() == step::need_input);
    feed(reader, "ok");
    CHECK(reader.advance() == step::complete);
}

TEST_CASE("a body that came along with its header needs no 100 Continue") {
    request_reader reader({});
    feed(reader, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok");
    CHECK(reader.advance() == step::complete);
}

TEST_CASE("whether the connection goes on follows version and Connection") {
    const auto keeps = [](std::string_view bytes) {
        request_reader reader({});
        feed(reader, bytes);
        REQUIRE(reader.advance() == step::complete);
        return reader.current().keep_alive;
    };
    CHECK(keeps("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    CHECK_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
    CHECK(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST_CASE("what could be read in two ways is refused") {
    const std::string chunked = "Transfer-Encoding: chunked\r\n";
    const std::string start = "POST / HTTP/1.1\r\nHost: a\r\n";
    const auto row = GENERATE_COPY(table<std::string, std::string>({
        {start + "Content-Length: 3\r\n" + chunked + "\r\nabc", "bad_request"},
        {start + chunked + "Content-Length: 3\r\n\r\n0\r\n\r\n", "bad_request"},
        {start + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "bad_request"},
        {start + "Content-Length: 3, 4\r\n\r\nabcd", "bad_request"},
        {start + "Content-Length: 3, 3\r\n\r\nabc", "bad_request"},
        {start + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "bad_request"},
        {start + "Content-Length: +3\r\n\r\nabc", "bad_request"},
        {start + "Content-Length: 0x3\r\n\r\nabc", "bad_request"},
        {start + "Content-Length: -1\r\n\r\n", "bad_request"},
        {start + "Content-Length: 99999999999999999999999\r\n\r\n", "bad_request"},
        {start + "Content-Length:\r\n\r\n", "bad_request"},
        {start + "Transfer-Encoding: gzip\r\n\r\n", "transfer_encoding"},
        {start + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "transfer_encoding"},
        {start + "Transfer-Encoding: xchunked\r\n\r\n", "transfer_encoding"},
        {start + "Transfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "bad_request"},
        {start + chunked + chunked + "\r\n0\r\n\r\n", "bad_request"},
        {"POST / HTTP/1.0\r\n" + chunked + "\r\n0\r\n\r\n", "bad_request"},
        {start + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "bad_request"},
        {start + chunked + "\r\nzz\r\nabc\r\n", "bad_request"},
        {start + chunked + "\r\n-1\r\nabc\r\n", "bad_request"},
        {start + chunked + "\r\n3\r\nabcd\r\n0\r\n\r\n", "bad_request"},
        {start + chunked + "\r\nffffffffffffffffff\r\n", "bad_request"},
        {start + chunked + "\r\n3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n", "bad_request"},
        {"GET / HTTP/1.1\r\n\r\n", "bad_request"},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "bad_request"},
        {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "bad_request"},
        {"GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", "bad_request"},
        {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "bad_request"},
        {"GET / HTTP/1.1\nHost: a\n\n", "version_unsupported"},
        {"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "bad_request"},
        {"GET / HTTP/1.1\r\nHost: a\r\nX\0Y: z\r\n\r\n"s, "bad_request"},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"s, "bad_request"},
        {"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", "bad_request"},
        {"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s, "bad_request"},
        {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "bad_request"},
        {"G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n", "bad_request"},
        {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "version_unsupported"},
        {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", "version_unsupported"},
        {"GET /\r\n\r\n", "bad_request"},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "version_unsupported"},
        {start + "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", "bad_request"},
        {start + "Content-Type: text/plain\r\nContent-Type: application/json\r\n\r\n", "bad_request"},
        {start + "Expect: something\r\n\r\n", "expectation_failed"},
        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello where plain text is spoken\r\n\r\n"s, "bad_request"},
    }));
    CAPTURE(std::get<0>(row));
    CHECK(outcome(std::get<0>(row)) == std::get<1>(row));
}

TEST_CASE("limits hold however the bytes arrive") {
    request_reader::limits limits;
    limits.header = 256;
    limits.body = 10;
    limits.headers = 5;
    const std::string start = "POST / HTTP/1.1\r\nHost: a\r\n";
    CHECK(outcome(start + "X: " + std::string(300, 'x') + "\r\n\r\n", limits) == "header_too_large");
    CHECK(outcome("GET /" + std::string(300, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", limits) == "header_too_large");
    CHECK(outcome(start + "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\n\r\n", limits) == "header_too_large");
    CHECK(outcome(start + "Content-Length: 11\r\n\r\n", limits) == "body_too_large");
    CHECK(outcome(start + "Content-Length: 10\r\n\r\n0123456789", limits) == "complete");
    CHECK(outcome(start + "Transfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n8\r\n", limits) == "body_too_large");
    CHECK(outcome(start + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(300, 'e'), limits) == "bad_request");
    CHECK(outcome(start + "Transfer-Encoding: chunked\r\n\r\n0\r\nT: " + std::string(300, 't') + "\r\n\r\n", limits) !=
          "complete");

    request_reader drip(limits);
    feed(drip, start);
    auto state = drip.advance();
    for (int i = 0; i < 100 && state == step::need_input; ++i) {
        feed(drip, "Abcdefgh: ijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqr\r\n");
        state = drip.advance();
    }
    REQUIRE(state == step::refused);
    CHECK(drip.refusal().code() == "header_too_large");
}

TEST_CASE("after a refusal nothing more is read") {
    request_reader reader({});
    feed(reader, "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(reader.advance() == step::refused);
    CHECK(reader.advance() == step::refused);
}
