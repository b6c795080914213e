#include "http/problem.hpp"

#include "base/json.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace ferrule;
using namespace ferrule::http;

TEST_CASE("a problem carries the stable code, the sentence and whether trying again helps") {
    const error what("rate_limited", "too many requests", true, R"({"problems":[{"path":"a","message":"b"}]})");
    const auto answer = problem(what, "req-1");
    CHECK(answer.status() == 429);
    CHECK(answer.header("content-type") == "application/problem+json");
    const auto document = base::json::parse(answer.body());
    CHECK(document == base::json::parse(R"({
        "type": "urn:ferrule:problem:rate_limited", "title": "Too Many Requests", "status": 429,
        "detail": "too many requests", "code": "rate_limited", "retryable": true, "request_id": "req-1",
        "details": {"problems": [{"path": "a", "message": "b"}]}})"));
}

TEST_CASE("a code that nobody mapped is the server's fault") {
    CHECK(status_of("no_such_code") == 500);
    CHECK(status_of("") == 500);
    CHECK(status_of("job_not_found") == 404);
    CHECK(status_of("deadline") == 504);
}

TEST_CASE("a store that cannot write is no fault of the program, and passes") {
    for (const auto* code : {"disk_full", "store_busy", "store_failed", "store_unavailable", "no_capacity"}) {
        INFO(code);
        CHECK(status_of(code) == 503);
    }
    CHECK(status_of("record_too_large") == 413);
    CHECK(status_of("store_corrupt") == 500);
}

TEST_CASE("a sentence that quotes without end is cut") {
    const auto document = base::json::parse(problem(error("in_use", std::string(1'000'000, 'a')), "").body());
    CHECK(document["detail"].get<std::string>().size() < 20'000);
}

TEST_CASE("a response writes its head in full") {
    response answer(201, json_fields, std::string("{}"));
    answer.add("Location", "/api/v1/jobs/1");
    std::string head;
    response::framing how;
    how.date = "now";
    how.request_id = "r1";
    answer.write_head(head, how);
    CHECK(head == "HTTP/1.1 201 Created\r\nDate: now\r\nContent-Type: application/json\r\n"
                  "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nLocation: /api/v1/jobs/1\r\n"
                  "X-Request-Id: r1\r\nContent-Length: 2\r\n\r\n");
}

TEST_CASE("a header that could end the header early is refused") {
    response answer(200);
    CHECK_THROWS_AS(answer.add("X-A", "b\r\nSet-Cookie: c"), std::invalid_argument);
    CHECK_THROWS_AS(answer.add("X-A", "b\nc"), std::invalid_argument);
    CHECK_THROWS_AS(answer.add("X-A", std::string_view("b\0c", 3)), std::invalid_argument);
    CHECK_THROWS_AS(answer.add("X A", "b"), std::invalid_argument);
    CHECK_THROWS_AS(answer.add("X-A:", "b"), std::invalid_argument);
    CHECK_THROWS_AS(answer.add("", "b"), std::invalid_argument);
    CHECK(answer.header("x-a").empty());
}
