#include "api_fleet/fleet_fixture.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace ferrule;
using namespace ferrule::api_test;

namespace {

/// The connection stays for the next request; what it would wait for is not part of the test.
constexpr const char* end_of_stream = "\r\n0\r\n\r\n";

const std::string echo = R"({"on": {"agents": ["edge1"]}, "argv": ["/bin/echo", "hello"]})";
const std::string shell = R"({"on": {"agents": ["edge1"]}, "shell": "echo out; echo err >&2; exit 3"})";

std::string code(const reply& of) {
    return json::parse(of.body).value("code", "");
}

std::set<std::string> places(const reply& refused) {
    std::set<std::string> all;
    const auto problems = json::parse(refused.body)["details"]["problems"];
    for (const auto& each : problems)
        all.insert(each["path"].get<std::string>());
    return all;
}

} // namespace

TEST_CASE("a command runs, and its results are shown agent by agent") {
    fleet_fixture at;
    at.join("edge1");
    at.join("edge2");
    const auto made = at.on.ask("admin", "POST /api/v1/commands?wait=30s", shell);
    REQUIRE(made.status == 200);
    const auto command = json::parse(made.body);
    const auto id = command["id"].get<std::string>();
    CHECK(made.header("location") == "/api/v1/commands/" + id);
    CHECK(command["state"] == "finished");
    CHECK(command["counts"] == json{{"failed", 1}});
    const auto results = json::parse(at.on.ask("viewer", "GET /api/v1/commands/" + id + "/results").body);
    REQUIRE(results["items"].size() == 1);
    CHECK(results["items"][0]["agent"] == "edge1");
    CHECK(results["items"][0]["exit_code"] == 3);
    CHECK(results["items"][0]["stdout"] == "out\n");
    CHECK(results["items"][0]["stderr"] == "err\n");

    const auto both = at.run({{"on", {{"group", "lab"}}}, {"argv", {"/bin/echo", "a  b"}}});
    CHECK(both["counts"] == json{{"succeeded", 2}});
    const auto path = "/api/v1/commands/" + both["id"].get<std::string>() + "/results";
    const auto page = at.on.get(path + "?limit=1");
    REQUIRE(page["next"].is_string());
    CHECK(page["items"][0]["stdout"] == "a  b\n");
    const auto rest = at.on.get(path + "?limit=1&cursor=" + page["next"].get<std::string>());
    CHECK(rest["items"][0]["agent"] != page["items"][0]["agent"]);
    CHECK(rest["next"].is_null());
    CHECK(at.on.get(path + "?agent=edge2")["items"].size() == 1);
    CHECK(at.on.get(path + "?state=failed")["items"].empty());
    CHECK(at.on.get(path + "?state=running", 400)["code"] == "invalid_parameter");
    CHECK(at.on.get(path + "?cursor=there", 400)["code"] == "invalid_parameter");

    const auto list = json::parse(at.on.ask("viewer", "GET /api/v1/commands?limit=1").body);
    CHECK(list["items"][0]["id"] == both["id"]); // the newest first
    CHECK(at.on.get("/api/v1/commands?cursor=" + list["next"].get<std::string>())["items"][0]["id"] == id);
    CHECK(at.on.get("/api/v1/commands/" + id)["counts"] == command["counts"]);
}

TEST_CASE("the shell is for administrators, and argv for operators where the controller says so") {
    fleet_fixture closed;
    for (const auto* role : {"viewer", "operator"})
        for (const auto& body : {echo, shell})
            CHECK(closed.on.ask(role, "POST /api/v1/commands", body).status == 403);
    CHECK(closed.on.ask("", "POST /api/v1/commands", echo).status == 401);
    for (const auto* role : {"viewer", "operator"})
        CHECK(closed.on.ask(role, "GET /api/v1/audit").status == 403);
    const auto key = json::parse(closed.on.ask("viewer", "GET /api/v1/command-key").body);
    CHECK(key["public_key"].get<std::string>().starts_with("ed25519:"));

    fleet_fixture open(true);
    open.join("edge1");
    CHECK(open.on.ask("viewer", "POST /api/v1/commands", echo).status == 403);
    CHECK(open.on.ask("operator", "POST /api/v1/commands?wait=30s", echo).status == 200);
    const auto refused = open.on.ask("operator", "POST /api/v1/commands", shell);
    CHECK(refused.status == 403);
    CHECK(json::parse(refused.body)["detail"].get<std::string>().find("role admin") != std::string::npos);
    // Whoever may not give it may not end it either.
    open.leave("edge1");
    const auto waiting = json::parse(open.on.ask("admin", "POST /api/v1/commands", shell).body);
    const auto path = "POST /api/v1/commands/" + waiting["id"].get<std::string>() + "/cancel";
    CHECK(open.on.ask("viewer", path).status == 403);
    CHECK(open.on.ask("operator", path).status == 403);
    CHECK(open.on.ask("admin", path).status == 200);
    CHECK(code(open.on.ask("admin", path)) == "command_finished");
}

TEST_CASE("a request for a command is judged as a whole") {
    fleet_fixture at;
    at.join("edge1");
    const auto bad = at.on.ask("admin", "POST /api/v1/commands",
                               R"({"on": {"agents": ["edge1"], "all": true}, "argv": ["echo"], "shell": "x",
                                   "timeout": "0s", "ttl": 5, "enviroment": {}, "directory": "srv"})");
    CHECK(bad.status == 400);
    CHECK(places(bad) == std::set<std::string>{"argv", "on.agents", "timeout", "ttl", "enviroment", "directory"});
    CHECK(places(at.on.ask("admin", "POST /api/v1/commands", R"({"argv": ["echo"]})")) ==
          std::set<std::string>{"argv[0]", "on"});
    CHECK(places(at.on.ask("admin", "POST /api/v1/commands",
                           R"({"on": {"all": true}, "argv": ["/bin/echo"], "environment": {"1A": "x", "B": 2}})")) ==
          std::set<std::string>{"environment", "environment.B"});
    CHECK(code(at.on.ask("admin", "POST /api/v1/commands", R"({"on": {"agents": ["edge9"]}, "shell": "true"})")) ==
          "agent_not_found");
    const auto nobody = at.on.ask("admin", "POST /api/v1/commands", R"({"on": {"group": "none"}, "shell": "true"})");
    CHECK(nobody.status == 422);
    CHECK(code(nobody) == "no_targets");
    CHECK(at.on.ask("admin", "POST /api/v1/commands?wait=1", echo).status == 400);
    CHECK(at.on.ask("admin", "POST /api/v1/commands", "{]").status == 400);
    CHECK(at.on.ask("admin", "POST /api/v1/commands", echo, "Content-Type: text/plain\r\n").status == 415);
    CHECK(at.on.get("/api/v1/commands")["items"].empty()); // nothing of it was begun
    for (const auto* path : {"nonsense", "01a1fef6-fbc8-7000-8001-083100000000"})
        for (const auto* below : {"", "/results", "/stream"})
            CHECK(at.on.get("/api/v1/commands/" + std::string(path) + below, 404)["code"] == "command_not_found");
    CHECK(at.on.ask("admin", "POST /api/v1/commands/nonsense/cancel").status == 404);
}

TEST_CASE("a request that comes again gets the same command") {
    fleet_fixture at;
    at.join("edge1");
    const auto first = at.on.ask("admin", "POST /api/v1/commands?wait=30s", echo, "Idempotency-Key: one\r\n");
    CHECK(first.header("idempotency-replayed").empty());
    const auto again = at.on.ask("admin", "POST /api/v1/commands?wait=30s", echo, "Idempotency-Key: one\r\n");
    CHECK(again.status == 200);
    CHECK(again.header("idempotency-replayed") == "true");
    CHECK(json::parse(again.body)["id"] == json::parse(first.body)["id"]);
    const auto other = at.on.ask("admin", "POST /api/v1/commands", shell, "Idempotency-Key: one\r\n");
    CHECK(other.status == 422);
    CHECK(code(other) == "idempotency_conflict");
    CHECK(at.on.get("/api/v1/commands")["items"].size() == 1);
}

TEST_CASE("values of variables are shown nowhere") {
    fleet_fixture at;
    at.join("edge1");
    const auto made = at.run({{"on", {{"all", true}}},
                              {"shell", "test \"$SECRET\" = geheim && echo it fits"},
                              {"environment", {{"SECRET", "geheim"}}}});
    const auto id = made["id"].get<std::string>();
    CHECK(made["counts"] == json{{"succeeded", 1}});
    const auto hides = [](const std::string& text) { return text.find("= geheim") == text.rfind("geheim") - 2; };
    const auto shown = at.on.get("/api/v1/commands/" + id);
    CHECK(hides(shown.dump()));
    CHECK(hides(at.on.get("/api/v1/commands").dump()));
    CHECK(hides(at.on.get("/api/v1/audit").dump()));
    CHECK(at.on.get("/api/v1/commands/" + id + "/results")["items"][0]["stdout"] == "it fits\n");
}

TEST_CASE("a command that waits for its agent is cancelled at once, and one that runs is ended") {
    fleet_fixture at;
    at.join("edge1");
    const auto made = at.on.ask("admin", "POST /api/v1/commands",
                                R"({"on": {"agents": ["edge1"]}, "shell": "echo be''gun; sleep 1000"})");
    CHECK(made.status == 202);
    const auto id = json::parse(made.body)["id"].get<std::string>();
    auto stream = at.on.follow("/api/v1/commands/" + id + "/stream");
    stream.read_until("begun");
    CHECK(at.on.ask("admin", "POST /api/v1/commands/" + id + "/cancel").status == 202);
    const auto rest = stream.read_until(end_of_stream);
    CHECK(rest.find("\"cancelled\"") != std::string::npos);
    CHECK(at.on.get("/api/v1/commands/" + id + "?wait=30s")["counts"] == json{{"cancelled", 1}});
    at.leave("edge1");
    const auto queued = json::parse(at.on.ask("admin", "POST /api/v1/commands?wait=1ms", echo).body);
    CHECK(queued["counts"] == json{{"queued", 1}});
    const auto path = "POST /api/v1/commands/" + queued["id"].get<std::string>() + "/cancel";
    CHECK(at.on.ask("admin", path).status == 200);
    const auto audit = at.on.get("/api/v1/audit");
    CHECK(audit["items"][0]["what"] == "command.cancel");
    CHECK(audit["items"][0]["who"] == "admin");
    CHECK(at.on.get("/api/v1/audit?cursor=x", 400)["code"] == "invalid_parameter");
}

TEST_CASE("a stream tells a command's whole story, also to those who come later") {
    fleet_fixture at;
    at.join("edge1");
    const auto made = at.run(json::parse(shell));
    auto late = at.on.follow("/api/v1/commands/" + made["id"].get<std::string>() + "/stream");
    const auto told = late.read_until(end_of_stream);
    std::vector<std::string> names;
    for (std::size_t i = told.find("event: "); i != std::string::npos; i = told.find("event: ", i + 1))
        names.push_back(told.substr(i + 7, told.find('\n', i) - i - 7));
    CHECK(told.find("text/event-stream") != std::string::npos);
    CHECK(names == std::vector<std::string>{"state", "output", "output", "result", "end"});
    CHECK(told.find(R"("stream":"stderr","task")") != std::string::npos);
    const auto off = json::parse(at.on.ask("", "GET /api/v1/commands/x/stream").body);
    CHECK(off["code"] == "unauthorized");
}

TEST_CASE("a controller without a fleet says so") {
    fixture on;
    for (const auto& asked :
         {"POST /api/v1/commands", "POST /api/v1/commands/01a1fef6-fbc8-7000-8001-083100000000/cancel"}) {
        const auto none = on.ask("admin", asked, std::string(asked).ends_with("cancel") ? "" : echo);
        CHECK(none.status == 409);
        CHECK(code(none) == "no_fleet");
    }
    CHECK(on.get("/api/v1/commands")["items"].empty());
    CHECK(on.get("/api/v1/audit")["items"].empty());
    CHECK(on.get("/api/v1/command-key", 409)["code"] == "no_fleet");
    CHECK(on.get("/api/v1/agents", 404)["code"] == "not_found");
}
