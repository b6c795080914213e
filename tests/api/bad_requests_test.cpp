#include "api/api_fixture.hpp"

#include <catch2/catch.hpp>

#include <ostream>

using namespace ferrule;
using namespace ferrule::api_test;

namespace {

struct bad_request {
    std::string role;
    std::string line;
    std::string headers;
    std::string body;
    unsigned status;
    std::string code;
    std::string detail;
};

const std::string no_job = "019a0000-0000-7000-8000-000000000000";
const std::string jobs = "/api/v1/jobs";

} // namespace

TEST_CASE("each bad request has its status, its code and its sentence") {
    fixture on;
    const std::vector<bad_request> rows{
        // bodies
        {"operator", "POST " + jobs, "", "{\"device\": \"frr1\",\n \"commands\": [}", 400, "invalid_json",
         "this is not valid JSON: unexpected text at line 2, column 15"},
        {"operator", "POST " + jobs, "", "{\"target\":{\"password\":\"hunter2\" x}}", 400, "invalid_json",
         "this is not valid JSON: unexpected text at line 1, column 33"},
        {"operator", "POST " + jobs, "", "{\"device\":\"a\",\"device\":\"b\"}", 400, "invalid_json",
         "this is not valid JSON: the key \"device\" stands twice in the same object"},
        {"operator", "POST " + jobs, "Content-Type: application/json\r\n", "", 400, "invalid_json",
         "the request has no body; send a JSON object"},
        {"operator", "POST " + jobs, "Content-Type: text/plain\r\n", "{}", 415, "unsupported_media_type",
         "only application/json in UTF-8 is understood here"},
        {"operator", "POST " + jobs, "", "[]", 400, "invalid_request", ""},
        {"operator", "POST " + jobs, "", R"({"target":{"host":"192.0.2.9","credential":"lab"},"commands":["x"]})", 403,
         "forbidden",
         "target: a stored credential for a host that the inventory does not know needs the role admin: name a device "
         "of "
         "the inventory, or give username and password"},
        {"operator", "POST " + jobs, "",
         R"({"target":{"host":"192.0.2.9","username":"me","password":"x","jump":[{"host":"192.0.2.1","credential":"lab"}]},"commands":["x"]})",
         403, "forbidden",
         "target: a stored credential for a host that the inventory does not know needs the role admin: name a device "
         "of "
         "the inventory, or give username and password"},
        {"operator", "POST " + jobs, "",
         R"({"target":{"host":"192.0.2.9","username":"me","agent_socket":"/run/agent"},"commands":["x"]})", 403,
         "forbidden",
         "target.agent_socket: names something of the server's machine, which needs the role admin: name a device of "
         "the "
         "inventory, or leave it out"},
        {"operator", "POST " + jobs, "",
         R"({"target":{"host":"192.0.2.9","username":"me","options":{"agent":true}},"commands":["x"]})", 403,
         "forbidden",
         "target.options.agent: names something of the server's machine, which needs the role admin: name a device of "
         "the "
         "inventory, or leave it out"},
        {"operator", "POST " + jobs, "",
         R"({"target":{"host":"192.0.2.9","username":"me","password":"x","options":{"known_hosts":"/etc/x"}},"commands":["x"]})",
         403, "forbidden",
         "target.options.known_hosts: names something of the server's machine, which needs the role admin: name a "
         "device of the "
         "inventory, or leave it out"},
        {"operator", "POST " + jobs, "", "{\"device\":\"frr1\",\"comands\":[\"x\"]}", 400, "invalid_request",
         "commands: is required (or config); comands: unknown key; did you mean \"commands\"?"},
        {"operator", "POST " + jobs, "", "{\"device\":\"frr1\",\"commands\":[\"x\"],\"strategy\":\"fast\"}", 400,
         "invalid_request", "strategy: must be one of fifo, pinned; found \"fast\""},
        {"operator", "POST " + jobs, "", "{\"device\":\"frr1\",\"commands\":[\"x\"],\"timeout\":60}", 400,
         "invalid_request", "timeout: expected a duration with its unit as text, such as \"10s\", found a number"},
        // query parameters
        {"operator", "POST " + jobs + "?wait=ten", "", "{\"device\":\"frr1\",\"commands\":[\"x\"]}", 400,
         "invalid_parameter", ""},
        {"operator", "POST " + jobs + "?wait=1h", "", "{\"device\":\"frr1\",\"commands\":[\"x\"]}", 400,
         "invalid_parameter", "the query parameter \"wait\" must be at most 5m"},
        {"operator", "POST " + jobs + "?wait=1s&wait=2s", "", "{\"device\":\"frr1\",\"commands\":[\"x\"]}", 400,
         "invalid_parameter", "the query parameter \"wait\" stands more than once"},
        {"operator", "POST " + jobs + "?wiat=1s", "", "{\"device\":\"frr1\",\"commands\":[\"x\"]}", 400,
         "unknown_parameter", "the query parameter \"wiat\" is not known here; did you mean \"wait\"?"},
        {"viewer", "GET " + jobs + "?limit=0", "", "", 400, "invalid_parameter",
         "the query parameter \"limit\" must be a whole number from 1 to 1000"},
        {"viewer", "GET " + jobs + "?limit=1001", "", "", 400, "invalid_parameter",
         "the query parameter \"limit\" must be a whole number from 1 to 1000"},
        {"viewer", "GET " + jobs + "?limit=5x", "", "", 400, "invalid_parameter",
         "the query parameter \"limit\" must be a whole number from 1 to 1000"},
        {"viewer", "GET " + jobs + "?state=done", "", "", 400, "invalid_parameter",
         "the query parameter \"state\" must be one of queued, running, succeeded, failed, cancelled, expired, "
         "unknown"},
        {"viewer", "GET " + jobs + "?cursor=abc", "", "", 400, "invalid_parameter",
         "the query parameter \"cursor\" is not the \"next\" of a page"},
        {"viewer", "GET " + jobs + "?device=", "", "", 400, "invalid_parameter",
         "the query parameter \"device\" must not be empty"},
        {"viewer", "GET /api/v1/devices?label=core", "", "", 400, "invalid_parameter",
         "the query parameter \"label\" must have the form KEY=VALUE"},
        {"viewer", "GET /api/v1/devices?label=a=1&label=a=2", "", "", 400, "invalid_parameter",
         "the query parameter \"label\" asks twice for \"a\""},
        {"viewer", "GET /api/v1/events?topics=job,jobs", "", "", 400, "invalid_parameter",
         "the query parameter \"topics\" names \"jobs\"; known are job, job.output, job.result, command, command.task, "
         "command.output, session, device, plugin, node, check.state, check.sample, agent"},
        {"viewer", "GET /api/v1/events", "Last-Event-ID: soon\r\n", "", 400, "invalid_parameter",
         "the header Last-Event-ID must be the id of an event"},
        {"operator", "DELETE /api/v1/sessions/s1?force=yes", "", "", 400, "invalid_parameter",
         "the query parameter \"force\" must be true or false"},
        {"operator", "POST /api/v1/devices/frr1/test?timeout=1d", "", "", 400, "invalid_parameter",
         "the query parameter \"timeout\" must be at most 5m"},
        // headers
        {"operator", "POST " + jobs, "Idempotency-Key: two words\r\n", "{\"device\":\"frr1\",\"commands\":[\"x\"]}",
         400, "invalid_parameter",
         "the header Idempotency-Key must be there once, with 1 to 255 visible ASCII characters"},
        {"operator", "POST " + jobs, "Idempotency-Key: " + std::string(256, 'k') + "\r\n",
         "{\"device\":\"frr1\",\"commands\":[\"x\"]}", 400, "invalid_parameter",
         "the header Idempotency-Key must be there once, with 1 to 255 visible ASCII characters"},
        {"operator", "POST " + jobs, "Idempotency-Key: a\r\nIdempotency-Key: a\r\n",
         "{\"device\":\"frr1\",\"commands\":[\"x\"]}", 400, "invalid_parameter",
         "the header Idempotency-Key must be there once, with 1 to 255 visible ASCII characters"},
        // what is not there
        {"viewer", "GET " + jobs + "/" + no_job, "", "", 404, "job_not_found", "there is no job " + no_job},
        {"viewer", "GET " + jobs + "/42", "", "", 404, "job_not_found", "\"42\" is not the id of a job"},
        {"viewer", "GET " + jobs + "/42/stream", "", "", 404, "job_not_found", "\"42\" is not the id of a job"},
        {"viewer", "GET " + jobs + "/" + no_job + "/stream", "", "", 404, "job_not_found", "there is no job " + no_job},
        {"operator", "POST " + jobs + "/" + no_job + "/cancel", "", "", 404, "job_not_found",
         "there is no job " + no_job},
        {"viewer", "GET /api/v1/devices/frr2", "", "", 404, "device_not_found",
         "there is no device \"frr2\"; did you mean \"frr1\"?"},
        {"operator", "POST /api/v1/devices/nothing-like-it/test", "", "", 404, "device_not_found",
         "there is no device \"nothing-like-it\""},
        {"viewer", "GET /api/v1/credentials/nobody", "", "", 404, "credential_not_found",
         "there is no credential \"nobody\""},
        {"admin", "DELETE /api/v1/tokens/nobody", "", "", 404, "token_not_found",
         "there is no token with the id nobody"},
        {"operator", "DELETE /api/v1/sessions/s2", "", "", 404, "session_not_found", "there is no session s2"},
        {"viewer", "GET /api/v1/plugins/driver/telnet", "", "", 404, "plugin_not_found",
         "there is no driver named \"telnet\""},
        {"viewer", "GET /api/v2/jobs", "", "", 404, "not_found", "there is nothing at /api/v2/jobs"},
        {"viewer", "GET /api/v1/jobs/", "", "", 404, "not_found",
         "there is nothing at /api/v1/jobs/; without the slash at its end, /api/v1/jobs exists"},
        {"viewer", "PATCH /api/v1/devices/frr1", "", "", 405, "method_not_allowed",
         "/api/v1/devices/frr1 has no PATCH; it allows GET, HEAD, PUT, DELETE, OPTIONS"},
        // inventory
        {"admin", "POST /api/v1/devices", "", "{\"name\":\"frr1\",\"host\":\"a\"}", 409, "name_taken",
         "there is already a device \"frr1\"; PUT /api/v1/devices/frr1 replaces it"},
        {"admin", "PUT /api/v1/devices/frr1", "", "{\"host\":\"a\"}", 409, "read_only",
         "the device \"frr1\" comes from the configuration file and is changed there"},
        {"admin", "DELETE /api/v1/devices/frr1", "", "", 409, "read_only",
         "the device \"frr1\" comes from the configuration file and is changed there"},
        {"admin", "PUT /api/v1/devices/new", "", "{\"name\":\"other\",\"host\":\"a\"}", 400, "invalid_request",
         "name: differs from the name in the path"},
        {"admin", "PUT /api/v1/devices/new", "", "{\"host\":\"a\",\"port\":\"22\"}", 400, "invalid_request",
         "port: expected a whole number, found a text"},
        {"admin", "PUT /api/v1/devices/new", "", "{\"host\":\"a\",\"credential\":\"nobody\"}", 422,
         "credential_not_found", "there is no credential \"nobody\": make it first"},
        {"admin", "PUT /api/v1/devices/no%20name", "", "{\"host\":\"a\"}", 400, "invalid_request",
         "name: must be 1 to 128 letters, digits, dots, dashes and underscores"},
        {"admin", "PUT /api/v1/credentials/new", "", "{\"username\":\"u\",\"password\":{\"is\":\"hunter2\"}}", 400,
         "invalid_request", "password: expected a text, found an object"},
        {"admin", "POST /api/v1/tokens", "", "{\"name\":\"x\",\"role\":\"root\"}", 400, "invalid_request",
         "role: must be one of viewer, operator, admin; found \"root\""},
        {"admin", "POST /api/v1/tokens", "",
         "{\"name\":\"x\",\"lifetime\":\"1h\",\"expires_at\":\"2999-01-01T00:00:00Z\"}", 400, "invalid_request",
         "lifetime: excludes expires_at"},
        {"admin", "POST /api/v1/tokens", "", "{\"name\":\"x\",\"expires_at\":\"2001-01-01T00:00:00Z\"}", 400,
         "invalid_request", "expires_at: is in the past"},
        // secrets of the wrong type
        {"operator", "POST " + jobs, "",
         "{\"target\":{\"host\":\"a\",\"username\":\"u\",\"password\":[\"hunter2\"]},\"commands\":[\"x\"]}", 400,
         "invalid_request", "target.password: expected a text, found a list"},
        // bodies where none belongs
        {"viewer", "GET " + jobs, "", "{}", 400, "unexpected_body", "this request takes no body"},
        {"operator", "POST " + jobs + "/" + no_job + "/cancel", "", "{\"force\":true}", 400, "unexpected_body",
         "this request takes no body"},
    };
    for (const auto& row : rows) {
        const auto got = on.ask(row.role, row.line, row.body, row.headers);
        CAPTURE(row.line, row.body, got.body);
        CHECK(got.status == row.status);
        CHECK(got.header("content-type") == "application/problem+json");
        const auto document = json::parse(got.body);
        CHECK(document["code"] == row.code);
        if (!row.detail.empty())
            CHECK(document["detail"] == row.detail);
        CHECK(document["request_id"] == got.header("x-request-id"));
        CHECK(got.body.find("hunter2") == std::string::npos);
    }
}

TEST_CASE("every route asks for the role that it documents") {
    fixture on;
    const auto document = on.get("/api/v1/openapi.json");
    for (const auto& [path, operations] : document["paths"].items())
        for (const auto& [verb, operation] : operations.items()) {
            const auto needs = operation["description"].get<std::string>();
            std::string method = verb;
            for (auto& c : method)
                c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
            auto line = method + " " + path;
            for (auto& c : line) // any value will do for the parameters
                c = c == '{' || c == '}' ? '-' : c;
            CAPTURE(line, needs);
            const auto status = [&](const std::string& role) { return on.ask(role, line, "not json").status; };
            if (needs == "Needs no token.") {
                CHECK(status("") != 401);
                continue;
            }
            CHECK(status("") == 401);
            if (needs == "Needs the role viewer.")
                CHECK(status("viewer") != 403);
            else
                CHECK(status("viewer") == 403);
            if (needs == "Needs the role admin.")
                CHECK(status("operator") == 403);
            else
                CHECK(status("operator") != 403);
        }
}
