#include "model/job_json.hpp"

#include "base/json.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using base::json;

namespace {

struct bad {
    const char* body;
    const char* problem; ///< `path: message`, in the order of the answer, joined by " | "
};

std::string problems(const error& why) {
    const auto details = base::parse_json(why.details()).value();
    std::string text;
    for (const auto& each : details["problems"])
        text +=
            (text.empty() ? "" : " | ") + each["path"].get<std::string>() + ": " + each["message"].get<std::string>();
    return text;
}

model::job full_job() {
    const auto request = model::job_request_from_json(base::parse_json(R"({
        "target": {"driver": "ssh", "platform": "frr", "host": "10.0.0.1", "port": 2222, "username": "admin",
                   "password": "pass-secret", "private_key": "key-secret", "enable_password": "enable-secret",
                   "answers": [{"pattern": "code", "reply": "answer-secret"}], "options": {"legacy": true},
                   "jump": [{"host": "jump.test", "credential": "jumper"}]},
        "commands": ["show version", {"command": "reload", "prompts": [{"pattern": "sure", "reply": "prompt-secret"}]}],
        "strategy": "fifo", "change": true, "stop_on_error": false, "raw": true, "ttl": "1h30m", "timeout": "1500ms",
        "labels": {"why": "test"}})")
                                                          .value());
    model::job made;
    made.id = "id";
    made.state = model::job_state::failed;
    made.request = request.value();
    made.device = "10.0.0.1:2222";
    made.node = "here";
    made.owner = "token";
    made.created_at = base::parse_rfc3339("2026-01-02T03:04:05.678Z").value();
    made.started_at = made.created_at + std::chrono::milliseconds(1);
    made.finished_at = made.created_at + std::chrono::milliseconds(2);
    made.session.emplace().id = "session";
    made.session->reused = true;
    auto& first = made.results.emplace_back();
    first.command = "show version";
    first.output = "bytes \xff and \"quotes\"\n";
    first.elapsed_ms = 1.25;
    first.truncated = true;
    first.exit_status = 3;
    auto& second = made.results.emplace_back();
    second.command = "reload";
    second.skipped = true;
    second.failed.emplace("command_rejected", "no", true, R"({"index":1})");
    made.error.emplace("command_rejected", "command 2 of 2: no", false, R"({"index":1})");
    return made;
}

} // namespace

TEST_CASE("bad requests are refused with every fault and its place") {
    const auto given = GENERATE(
        bad{"[]", ": expected an object, found a list"},
        bad{R"({"device":{"host":"h"},"commands":["a"]})",
            "device: is the name of a device; one that is given inline stands under \"target\""},
        bad{R"({"device":1,"commands":["a"]})", "device: expected a text, found a number"},
        bad{R"({"target":"h","commands":["a"]})", "target: expected an object, found a text"},
        bad{R"({"device":"a b","commands":["a"]})", "device: is not a device's name"},
        bad{"{}", "device: is required (or target, for a device given inline) | commands: is required (or config)"},
        bad{R"({"device":"d","commands":[]})", "commands: is empty; give at least one item"},
        bad{R"({"device":"d","config":[]})", "config: is empty; give at least one item"},
        bad{R"({"device":"d","commands":["a\nb"]})",
            "commands[0]: must be one line; send each line as an item of its own"},
        bad{R"({"device":"d","config":["a\rb"]})", "config[0]: must be one line; send each line as an item of its own"},
        bad{R"({"device":"d","commands":["a"],"config":["b"]})",
            "commands: stands beside config; give one or the other"},
        bad{R"({"device":"d","target":{"host":"h"},"commands":["a"]})",
            "device: stands beside target; give one or the other"},
        bad{R"({"target":{"host":"a b"},"commands":["a"]})", "target.host: is not a host name or address"},
        bad{R"({"target":{"host":"h","password":"p"},"commands":["a"]})",
            "target.username: is required with a password, a private_key or another part of a login"},
        bad{R"({"target":{"host":"h","agent_socket":"/a"},"commands":["a"]})",
            "target.username: is required with a password, a private_key or another part of a login"},
        bad{R"({"target":{"host":"h","credential":"c","enable_password":"p"},"commands":["a"]})",
            "target.credential: stands beside a username or another part of a login; give one or the other | "
            "target.username: is required with a password, a private_key or another part of a login"},
        bad{R"({"target":{"host":"h","username":"u","credential":"c"},"commands":["a"]})",
            "target.credential: stands beside a username or another part of a login; give one or the other"},
        bad{R"({"device":"d","config":["a"],"change":false})", "change: cannot be false for config"},
        bad{R"({"device":"d","commands":["a"],"ttl":"0"})", "ttl: must be longer than 0"},
        bad{R"({"device":"d","commands":["a"],"timeout":"0s"})", "timeout: must be longer than 0"},
        bad{R"({"device":"d","commands":["a"],"ttl":"106751d","timeout":"365d1ns"})",
            "ttl: must be at most 365d | timeout: must be at most 365d"},
        bad{R"({"device":"d","commands":["a"],"labels":{"a b":"c"}})", "labels: \"a b\" is not a label's name"},
        bad{R"({"device":"d","commands":["a"],"labels":{"a":1}})", "labels.a: expected a text"},
        bad{R"({"device":"d","commands":["a"],"comands":["b"]})", "comands: unknown key; did you mean \"commands\"?"});
    const auto read = model::job_request_from_json(base::parse_json(given.body).value());
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == "invalid_request");
    CHECK(problems(read.error()) == given.problem);
}

TEST_CASE("configuration is a change, commands are not unless they say so, and pinned is the default") {
    const auto read = [](const char* body) {
        return model::job_request_from_json(base::parse_json(body).value()).value();
    };
    CHECK_FALSE(read(R"({"device":"d","commands":["a"]})").change);
    CHECK(read(R"({"device":"d","commands":["a"]})").how == model::strategy::pinned);
    CHECK(read(R"({"device":"d","commands":["a"],"change":true})").change);
    CHECK(read(R"({"device":"d","config":["a"]})").change);
    CHECK(read(R"({"device":"d","config":["a"],"change":true})").change);
}

TEST_CASE("a stored job comes back as it was, apart from its secrets") {
    const auto job = full_job();
    const auto text = model::to_record_text(job);
    const auto parsed = base::parse_json(text);
    REQUIRE(parsed);
    const auto read = model::job_from_record(*parsed);
    REQUIRE(read);
    CHECK(model::to_record_text(*read) == text);
    CHECK(read->request.ttl == job.request.ttl);
    CHECK(read->request.timeout == job.request.timeout);
    CHECK(read->request.inline_at->at == job.request.inline_at->at);
    CHECK(read->request.inline_at->login->username == "admin");
    CHECK(read->request.inline_at->login->password.empty());
    CHECK(read->request.commands[1].prompts[0].pattern == "sure");
    CHECK(read->owner == "token");
    CHECK(read->results[0].output == "bytes \xef\xbf\xbd and \"quotes\"\n");
    CHECK(read->results[1].failed->retryable());
    CHECK(read->error->details() == job.error->details());
}

TEST_CASE("secrets are neither in a record nor in what clients see, and come back from where they were sealed") {
    const auto job = full_job();
    for (const auto& text : {model::to_record_text(job), model::to_json_text(job), model::request_text(job.request)})
        CHECK(text.find("-secret") == std::string::npos);
    auto read = model::job_from_record(base::parse_json(model::to_record_text(job)).value()).value();
    const auto secrets = model::job_secrets(job.request);
    REQUIRE(model::restore_secrets(read.request, secrets));
    const auto& login = *read.request.inline_at->login;
    CHECK(login.password.reveal() == "pass-secret");
    CHECK(login.private_key.reveal() == "key-secret");
    CHECK(login.enable_password.reveal() == "enable-secret");
    CHECK(login.answers.at(0).reply.reveal() == "answer-secret");
    CHECK(read.request.commands[1].prompts[0].reply.reveal() == "prompt-secret");
    CHECK(model::job_secrets(model::job_request()).is_null());
}

TEST_CASE("sealed secrets that do not fit the request are refused") {
    auto request = full_job().request;
    for (const auto* text : {R"({"replies":[[9,0,"x"]]})", R"({"replies":[[1,9,"x"]]})", R"({"replies":[[1,0,7]]})",
                             R"({"replies":[7]})", R"({"login":7})"}) {
        const auto restored = model::restore_secrets(request, base::parse_json(text).value());
        REQUIRE_FALSE(restored);
        CHECK(restored.error().code() == "corrupt_record");
    }
    model::job_request none;
    CHECK_FALSE(model::restore_secrets(none, json{{"login", {{"username", "u"}}}}));
}

TEST_CASE("a damaged record is an error, whatever is wrong with it") {
    auto whole = base::parse_json(model::to_record_text(full_job())).value();
    const auto damaged = [&whole](const char* key, json value) {
        auto copy = whole;
        copy[key] = std::move(value);
        return model::job_from_record(copy);
    };
    for (const auto* text : {"null", "[]", "{}", R"({"request":7})", R"({"request":{}})"}) {
        const auto read = model::job_from_record(base::parse_json(text).value());
        REQUIRE_FALSE(read);
        CHECK(read.error().code() == "corrupt_record");
    }
    CHECK_FALSE(damaged("state", "dancing"));
    CHECK_FALSE(damaged("state", 7));
    // What is only shown may be missing or odd.
    CHECK(damaged("session", json{{"id", 7}, {"reused", "x"}}));
    CHECK(damaged("results", json::array({7, "x", json{{"output", 7}, {"exit_status", "x"}}})));
    CHECK(damaged("created_at", "yesterday"));
}

TEST_CASE("clients see the public shape with all its fields, and listings leave out the results") {
    model::job job;
    job.id = "id";
    job.device = "d";
    job.created_at = base::parse_rfc3339("2026-01-02T03:04:05.678Z").value();
    const auto expected = base::parse_json(R"({"id":"id","state":"queued","device":"d","node":null,"strategy":"pinned",
        "change":false,"created_at":"2026-01-02T03:04:05.678Z","started_at":null,"finished_at":null,"session":null,
        "results":[],"error":null})")
                              .value();
    CHECK(base::parse_json(model::to_json_text(job)).value() == expected);
    CHECK_FALSE(base::parse_json(model::to_json_text(job, false)).value().contains("results"));
    CHECK(model::to_json(full_job())["results"][0]["exit_status"] == 3);
    CHECK(model::to_json(full_job())["results"][1]["skipped"] == true);
}

TEST_CASE("every state and strategy has a name that reads back, and only those are final that are") {
    using state = model::job_state;
    for (const auto each : {state::queued, state::running, state::succeeded, state::failed, state::cancelled,
                            state::expired, state::unknown}) {
        CHECK(model::job_state_from(model::to_text(each)) == each);
        CHECK(model::is_final(each) == (each != state::queued && each != state::running));
    }
    CHECK_FALSE(model::job_state_from("dancing"));
    for (const auto each : {model::strategy::fifo, model::strategy::pinned})
        CHECK(model::strategy_from(model::to_text(each)) == each);
}
