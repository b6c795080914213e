#include "http/early_answer.hpp"

#include "base/json.hpp"
#include "http/server_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace ferrule;
using namespace ferrule::http;
using step = request_reader::step;

namespace {

router table() {
    router made;
    for (const auto verb : {method::get, method::post}) {
        route each;
        each.verb = verb;
        each.pattern = "/jobs";
        each.needs = http::access::viewer;
        each.body = verb == method::post ? body_kind::json : body_kind::none;
        each.run = [](const request&) -> asio::awaitable<response> { co_return response(); };
        made.add(std::move(each));
    }
    return made;
}

struct bench {
    step feed(std::string_view bytes) {
        const auto space = reader.prepare();
        REQUIRE(bytes.size() <= space.size());
        std::copy(bytes.begin(), bytes.end(), static_cast<char*>(space.data()));
        reader.commit(bytes.size());
        return reader.advance();
    }

    dispatcher app{table(), http_test::recognise, {1, 1}, base::system_clock()}; // one request, then 429
    request_reader reader{{}};
};

std::string code_of(const std::optional<response>& answer) {
    return answer ? base::json::parse(answer->body())["code"].get<std::string>() : "none";
}

const std::string from_viewer = " /jobs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer viewer-token\r\n";

} // namespace

TEST_CASE("nothing is answered before the head is there, and a head that is well is looked at once") {
    bench on;
    CHECK(code_of(answer_early(on.app, on.reader)) == "none");
    REQUIRE(on.feed("POST" + from_viewer + "Content-Type: application/json\r\n") == step::need_input);
    CHECK(code_of(answer_early(on.app, on.reader)) == "none");
    REQUIRE(on.feed("Content-Length: 4\r\n\r\n{") == step::need_input);
    CHECK(code_of(answer_early(on.app, on.reader)) == "none");
    REQUIRE(on.feed(" ") == step::need_input);
    CHECK(code_of(answer_early(on.app, on.reader)) == "none"); // a second look would be one request too many
    REQUIRE(on.feed(" }") == step::complete);
    CHECK(code_of(on.app.prepare(on.reader.current())) == "none");
}

TEST_CASE("a client that waits to be asked for a hopeless body gets its answer instead") {
    bench on;
    REQUIRE(on.feed("POST /jobs HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n") ==
            step::send_continue);
    CHECK(code_of(answer_early(on.app, on.reader)) == "unauthorized");
}

TEST_CASE("of a body where none belongs a little may come, before the look at the head and after") {
    const auto fits = std::string(most_unexpected_body, ' ');
    const auto head = "GET" + from_viewer + "Content-Length: 5000\r\n\r\n";
    bench before;
    REQUIRE(before.feed(head + fits + " ") == step::need_input);
    CHECK(code_of(answer_early(before.app, before.reader)) == "unexpected_body");
    bench after;
    REQUIRE(after.feed(head + fits) == step::need_input);
    CHECK(code_of(answer_early(after.app, after.reader)) == "none");
    REQUIRE(after.feed(" ") == step::refused);
    CHECK(after.reader.refusal().code() == "unexpected_body");
}
