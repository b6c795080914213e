#include "http/dispatcher.hpp"

#include "base/json.hpp"
#include "http/request_reader.hpp"
#include "http/server_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace ferrule;
using namespace ferrule::http;
using namespace std::chrono_literals;

namespace {

class still_clock final : public base::clock {
  public:
    [[nodiscard]] base::steady_time steady_now() const override { return base::steady_time(1h + passed); }

    [[nodiscard]] base::wall_time wall_now() const override { return base::wall_time(1h); }

    base::duration passed{0};
};

route entry(method verb, std::string pattern, http::access needs) {
    route made;
    made.verb = verb;
    made.pattern = std::move(pattern);
    made.needs = needs;
    made.body = verb == method::post ? body_kind::json : body_kind::none;
    made.query = {"device", "state", "limit", "cursor"};
    made.run = [](const request&) -> asio::awaitable<response> { co_return response(); };
    return made;
}

router table() {
    router made;
    made.add(entry(method::get, "/healthz", http::access::anonymous));
    made.add(entry(method::get, "/jobs", http::access::viewer));
    made.add(entry(method::post, "/jobs", http::access::operator_));
    made.add(entry(method::get, "/jobs/{id}", http::access::viewer));
    made.add(entry(method::delete_, "/tokens/{id}", http::access::admin));
    return made;
}

struct bench {
    explicit bench(config::rate_limit_settings rate = {})
        : app(table(), http_test::recognise, rate, time) {}

    std::optional<response> ask(const std::string& bytes) {
        reader.emplace(request_reader::limits{});
        auto space = reader->prepare();
        std::copy(bytes.begin(), bytes.end(), static_cast<char*>(space.data()));
        reader->commit(bytes.size());
        REQUIRE(reader->advance() == request_reader::step::complete);
        reader->current().peer = "192.0.2.1:4711";
        return app.prepare(reader->current());
    }

    // `method target` and further header lines, each with its end.
    std::optional<response> ask(const std::string& line, const std::string& headers, const std::string& body = {}) {
        const auto length = body.empty() ? std::string() : "Content-Length: " + std::to_string(body.size()) + "\r\n";
        return ask(line + " HTTP/1.1\r\nHost: a\r\n" + headers + length + "\r\n" + body);
    }

    still_clock time;
    dispatcher app;
    std::optional<request_reader> reader;
};

const std::string viewer = "Authorization: Bearer viewer-token\r\n";
const std::string operates = "Authorization: Bearer operator-token\r\n";
const std::string json_type = "Content-Type: application/json\r\n";

struct refusal {
    std::string line;
    std::string headers;
    std::string body;
    unsigned status;
    std::string code;
    std::string detail;
};

} // namespace

TEST_CASE("a request that may go on is left to its handler") {
    bench on;
    CHECK_FALSE(on.ask("GET /healthz", ""));
    CHECK_FALSE(on.ask("GET /jobs?limit=5&device=a", viewer));
    CHECK_FALSE(on.ask("HEAD /jobs", viewer));
    CHECK_FALSE(on.ask("GET /jobs/7", operates));
    CHECK(on.reader->current().param("id") == "7");
    CHECK(on.reader->current().identity->name == "operator");
    CHECK_FALSE(on.ask("POST /jobs", operates + "Content-Type: application/JSON; charset=UTF-8\r\n", "{}"));
    CHECK_FALSE(on.ask("GET /jobs", "authorization: bearer  viewer-token\r\n"));
}

TEST_CASE("each refusal before the handler has its status, code and sentence") {
    bench on;
    const auto row = GENERATE(values<refusal>({
        {"GET /nothing", "", "", 404, "not_found", "there is nothing at /nothing"},
        {"GET /jobs/", "", "", 404, "not_found",
         "there is nothing at /jobs/; without the slash at its end, /jobs exists"},
        {"GET /jobs/../tokens/1", "", "", 404, "not_found", "there is nothing at /jobs/../tokens/1"},
        {"PUT /jobs", "", "", 405, "method_not_allowed", "/jobs has no PUT; it allows GET, HEAD, POST, OPTIONS"},
        {"BREW /jobs", "", "", 501, "method_unknown", "the method BREW is not served here"},
        {"CONNECT a:443", "", "", 501, "method_unknown", "the method CONNECT is not served here"},
        {"TRACE /jobs", "", "", 501, "method_unknown", "the method TRACE is not served here"},
        {"GET /jobs%00", "", "", 400, "bad_request", "the request target must be UTF-8 without control characters"},
        {"GET /jobs", "", "", 401, "unauthorized", "this needs a token: send \"Authorization: Bearer TOKEN\""},
        {"GET /jobs", "Authorization: Basic dTpw\r\n", "", 401, "unauthorized",
         "the Authorization header is not of the form \"Bearer TOKEN\""},
        {"GET /jobs", "Authorization: Bearer wrong\r\n", "", 401, "unauthorized",
         "the token is unknown, revoked or expired"},
        {"POST /jobs", viewer + json_type, "{}", 403, "forbidden",
         "this needs the role operator; the token \"viewer\" has the role viewer"},
        {"DELETE /tokens/1", operates, "", 403, "forbidden",
         "this needs the role admin; the token \"operator\" has the role operator"},
        {"GET /jobs?devise=a", viewer, "", 400, "unknown_parameter",
         "the query parameter \"devise\" is not known here; did you mean \"device\"?"},
        {"GET /jobs?wholly-else=a", viewer, "", 400, "unknown_parameter",
         "the query parameter \"wholly-else\" is not known here"},
        {"GET /jobs", viewer, "{}", 400, "unexpected_body", "this request takes no body"},
        {"POST /jobs", operates, "{}", 415, "unsupported_media_type",
         "the Content-Type header is missing; send application/json"},
        {"POST /jobs", operates + "Content-Type: text/json\r\n", "{}", 415, "unsupported_media_type",
         "only application/json in UTF-8 is understood here"},
        {"POST /jobs", operates + "Content-Type: application/json; charset=latin1\r\n", "{}", 415,
         "unsupported_media_type", "only application/json in UTF-8 is understood here"},
    }));
    CAPTURE(row.line, row.headers);
    const auto answer = on.ask(row.line, row.headers, row.body);
    REQUIRE(answer);
    CHECK(answer->status() == row.status);
    const auto document = base::json::parse(answer->body());
    CHECK(document["code"] == row.code);
    CHECK(document["detail"] == row.detail);
    CHECK(document["status"] == row.status);
    CHECK(document["request_id"] == on.reader->current().id);
}

TEST_CASE("401 and 403 say how to authenticate, 405 and OPTIONS what is allowed") {
    bench on;
    CHECK(on.ask("GET /jobs", "")->header("www-authenticate") == "Bearer realm=\"ferrule\"");
    CHECK(on.ask("GET /jobs", "Authorization: Bearer x\r\n")->header("www-authenticate") ==
          "Bearer realm=\"ferrule\", error=\"invalid_token\"");
    CHECK(on.ask("PUT /jobs", "")->header("allow") == "GET, HEAD, POST, OPTIONS");
    const auto options = on.ask("OPTIONS /jobs", "");
    CHECK(options->status() == 204);
    CHECK(options->header("allow") == "GET, HEAD, POST, OPTIONS");
    CHECK(on.ask("OPTIONS *", "")->status() == 204);
}

TEST_CASE("no response allows another origin") {
    bench on;
    const auto options = on.ask("OPTIONS /jobs", "Origin: https://evil.example\r\n"
                                                 "Access-Control-Request-Method: GET\r\n");
    CHECK(options->header("access-control-allow-origin").empty());
}

TEST_CASE("a token that is refused does not appear in the answer") {
    bench on;
    const auto answer = on.ask("GET /jobs", "Authorization: Bearer hunter2-hunter2\r\n");
    CHECK(std::string(answer->body()).find("hunter2") == std::string::npos);
}

TEST_CASE("a caller over its rate is told when to come back") {
    bench on({2, 2});
    CHECK_FALSE(on.ask("GET /jobs", viewer));
    CHECK_FALSE(on.ask("GET /jobs", viewer));
    const auto refused = on.ask("GET /jobs", viewer);
    REQUIRE(refused);
    CHECK(refused->status() == 429);
    CHECK(refused->header("retry-after") == "1");
    CHECK(base::json::parse(refused->body())["retryable"] == true);

    CHECK_FALSE(on.ask("GET /jobs", operates)); // another token
    CHECK_FALSE(on.ask("GET /healthz", ""));    // another caller: the address
    on.time.passed = 1s;
    CHECK_FALSE(on.ask("GET /jobs", viewer));
}

TEST_CASE("guessing tokens counts against the address") {
    bench on({2, 2});
    CHECK(on.ask("GET /jobs", "Authorization: Bearer guess-1\r\n")->status() == 401);
    CHECK(on.ask("GET /jobs", "")->status() == 401);
    CHECK(on.ask("GET /jobs", "Authorization: Bearer guess-2\r\n")->status() == 429);
    CHECK_FALSE(on.ask("GET /jobs", viewer)); // a caller with a token is another one
}

TEST_CASE("a request whose head was admitted is counted once") {
    bench on({1, 1});
    const auto& asked = on.reader.emplace(request_reader::limits{}).current();
    const std::string head = "POST /jobs HTTP/1.1\r\nHost: a\r\n" + operates + json_type + "Content-Length: 2\r\n\r\n";
    auto space = on.reader->prepare();
    std::copy(head.begin(), head.end(), static_cast<char*>(space.data()));
    on.reader->commit(head.size());
    REQUIRE(on.reader->advance() == request_reader::step::need_input);
    CHECK_FALSE(on.app.admit(on.reader->current()));
    CHECK(asked.admitted);
    CHECK_FALSE(on.app.prepare(on.reader->current()));
}

TEST_CASE("a sound request id is kept, an unsound one replaced") {
    bench on;
    static_cast<void>(on.ask("GET /healthz", "X-Request-Id: abc-123\r\n"));
    CHECK(on.reader->current().id == "abc-123");
    static_cast<void>(on.ask("GET /healthz", "X-Request-Id: <script>\r\n"));
    const auto first = on.reader->current().id;
    CHECK(first.find('<') == std::string::npos);
    static_cast<void>(on.ask("GET /healthz", "X-Request-Id: " + std::string(200, 'a') + "\r\n"));
    CHECK(on.reader->current().id.size() < 40);
    CHECK(on.reader->current().id != first);
}
