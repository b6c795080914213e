// What controllers and agents tell each other about jobs.
#include "devices/ended_job.hpp"
#include "devices/job_messages.hpp"

#include "base/json.hpp"

#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace ferrule;
using namespace ferrule::devices;
using namespace std::chrono_literals;
using base::json;

namespace {

json parsed(const std::string& text) {
    return json::parse(text, nullptr, false);
}

run_order order() {
    auto device = std::make_shared<model::device>();
    device->name = "frr1";
    device->at.host = "192.0.2.1";
    device->at.port = 2222;
    device->at.platform = "frr";
    device->at.credential = "lab";
    device->at.options = R"({"x":1})";
    device->at.jump.push_back({"hop", 22, "lab", {}});
    device->session_ttl = 90s;
    auto login = std::make_shared<model::credential>();
    login->name = "lab";
    login->username = "netops";
    login->password = base::secret("secret-1");
    login->version = 7;
    login->answers.push_back({"code", base::secret("secret-2")});
    auto at = std::make_shared<resolved_target>();
    at->login = login;
    at->jump_logins.push_back(login);
    at->order_key = model::device_key(device->at);
    at->device = std::move(device);
    run_order made;
    made.which = {"id-1", 2};
    made.at = std::move(at);
    made.platform = R"({"prompt":"#"})";
    made.request.how = model::strategy::fifo;
    made.request.change = true;
    made.request.stop_on_error = false;
    made.request.raw = true;
    auto& command = made.request.commands.emplace_back();
    command.text = "reload";
    command.prompts.push_back({"sure", base::secret("secret-3")});
    made.timeout = 1500ms;
    return made;
}

ended_job whole(std::size_t bytes) {
    ended_job made;
    made.which = {"id-1", 1};
    made.state = model::job_state::failed;
    made.failed.emplace("command_rejected", "no", true);
    made.session.emplace();
    made.session->id = "s";
    made.session->reused = true;
    for (const auto* command : {"one", "two", "three"}) {
        auto& each = made.results.emplace_back();
        each.command = command;
        each.output = std::string(bytes, '\x01') + "é";
        each.elapsed_ms = 1.5;
    }
    made.results[1].exit_status = 3;
    made.results[1].failed.emplace("command_rejected", "no");
    made.results[2].output.clear();
    made.results[2].skipped = true;
    return made;
}

} // namespace

TEST_CASE("an order to run a job arrives as it was sent, its secrets included") {
    const auto sent = order();
    const auto read = run_order_from(parsed(to_text(sent)));
    REQUIRE(read);
    CHECK(read->which == sent.which);
    CHECK(read->at->device->name == "frr1");
    CHECK(read->at->at() == sent.at->at());
    CHECK(read->at->key() == sent.at->key());
    CHECK(read->at->same_session(*sent.at));
    CHECK(read->at->login_key() == sent.at->login_key());
    CHECK(read->at->device->session_ttl == sent.at->device->session_ttl);
    CHECK(parsed(read->platform) == parsed(sent.platform));
    CHECK(read->request.how == model::strategy::fifo);
    CHECK(read->request.change);
    CHECK_FALSE(read->request.stop_on_error);
    CHECK(read->request.raw);
    REQUIRE(read->request.commands.size() == 1);
    CHECK(read->request.commands[0].text == "reload");
    CHECK(read->request.commands[0].prompts.at(0).reply == base::secret("secret-3"));
    CHECK(read->timeout == 1500ms);
}

TEST_CASE("what a newer controller adds to an order is no fault, what is missing is told without its content") {
    auto body = parsed(to_text(order()));
    body["tomorrow"] = 1;
    body["target"]["tomorrow"] = 1;
    body["login"]["tomorrow"] = 1;
    body["commands"][0]["tomorrow"] = 1;
    CHECK(run_order_from(body));
    for (const auto* part : {"id", "target", "strategy", "commands", "jump_logins"}) {
        auto less = body;
        less.erase(part);
        const auto read = run_order_from(less);
        INFO(part);
        REQUIRE_FALSE(read);
        CHECK(read.error().code() == "invalid_message");
        CHECK(read.error().message().find("secret") == std::string::npos);
    }
    CHECK_FALSE(run_order_from(json::array()));
}

TEST_CASE("greetings and steps arrive as they were sent") {
    job_hello hello;
    hello.instance = "x";
    hello.seq = 3;
    hello.capacity = 10;
    hello.fifo = 4;
    hello.drivers = {"ssh"};
    hello.jobs = {{{"a", 1}, true}, {{"b", 0}, false}};
    hello.sessions.emplace_back().id = "s";
    const auto read = job_hello_from(parsed(to_text(hello)));
    REQUIRE(read);
    CHECK(read->instance == "x");
    CHECK(read->seq == 3);
    CHECK(read->drivers == hello.drivers);
    REQUIRE(read->jobs.size() == 2);
    CHECK(read->jobs[0].which == attempt{"a", 1});
    CHECK(read->jobs[0].change);
    CHECK_FALSE(read->jobs[1].change);
    CHECK(read->sessions.at(0).id == "s");
    CHECK_FALSE(job_hello_from(json::object()));

    job_progress step;
    step.happened = job_progress::what::output;
    step.which = {"a", 1};
    step.index = 2;
    step.text = "some\noutput";
    const auto told = job_progress_from(parsed(to_text(step)));
    REQUIRE(told);
    CHECK(told->which == step.which);
    CHECK(told->index == 2);
    CHECK(told->text == step.text);
    CHECK_FALSE(job_progress_from(json{{"what", "of tomorrow"}}));
}

TEST_CASE("a long greeting comes in parts that the link takes, and nothing is left out") {
    job_hello hello;
    hello.instance = "x";
    hello.seq = 4;
    hello.drivers = {"ssh"};
    for (int i = 0; i < 10'000; ++i) {
        auto& session = hello.sessions.emplace_back();
        session.id = "session-" + std::to_string(i);
        session.device = std::string(128, 'd');
        session.host = std::string(253, 'h');
        session.username = std::string(64, 'u');
        session.driver = "ssh";
    }
    hello.jobs = {{{"a", 1}, true}, {{"b", 0}, false}};
    std::vector<std::string> ids;
    const auto texts = to_texts(hello);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        CHECK(texts[i].size() <= std::size_t{1} << 20U);
        const auto part = job_hello_from(parsed(texts[i]));
        REQUIRE(part);
        CHECK(part->part == static_cast<std::int64_t>(i));
        CHECK(part->seq == 4);
        CHECK(part->more == (i + 1 < texts.size()));
        CHECK(part->jobs.size() == (i == 0 ? 2U : 0U));
        for (const auto& each : part->sessions)
            ids.push_back(each.id);
    }
    REQUIRE(ids.size() == 10'000);
    CHECK(ids.back() == "session-9999");

    const auto short_one = to_texts(job_hello{});
    REQUIRE(short_one.size() == 1);
    CHECK_FALSE(parsed(short_one[0]).contains("more"));
}

TEST_CASE("an end of any size is put together from parts of at most 1 MiB") {
    const auto bytes = GENERATE(std::size_t{0}, std::size_t{10}, std::size_t{70'000}, std::size_t{1'000'000});
    const auto sent = whole(bytes);
    const auto parts = to_parts(sent, std::size_t{64} << 20U);
    CHECK(parts.size() >= 1 + 12 * bytes / (1U << 20U));
    end_assembly assembly;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        CHECK(parts[i].size() <= std::size_t{1} << 20U);
        const auto part = end_part_from(parsed(parts[i]));
        REQUIRE(part);
        CHECK(part->which == sent.which);
        CHECK(part->number == i);
        CHECK(part->last == (i + 1 == parts.size()));
        assembly.add(parsed(parts[i]));
    }
    const auto read = assembly.finish();
    CHECK(read.which == sent.which);
    CHECK(read.state == sent.state);
    CHECK(read.failed == sent.failed);
    CHECK(read.session.value().reused);
    REQUIRE(read.results.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(read.results[i].command == sent.results[i].command);
        CHECK(read.results[i].output == sent.results[i].output);
        CHECK_FALSE(read.results[i].truncated);
    }
    CHECK(read.results[1].exit_status == 3);
    CHECK(read.results[1].failed.value().code() == "command_rejected");
    CHECK(read.results[2].skipped);
}

TEST_CASE("an end that would be too large says what was left out") {
    const auto parts = to_parts(whole(1'000'000), std::size_t{2} << 20U);
    end_assembly assembly;
    for (const auto& each : parts)
        assembly.add(parsed(each));
    const auto read = assembly.finish();
    CHECK(read.results.at(0).truncated);
    CHECK(read.results[0].output.size() < 1'000'000);
    CHECK(read.results.at(1).truncated);
    CHECK(read.results[1].exit_status == 3);
    CHECK_FALSE(read.results.at(2).truncated);
}

TEST_CASE("an end of which the beginning is gone tells its state, what is left, and where something is missing") {
    const auto sent = whole(1'000'000);
    const auto parts = to_parts(sent, std::size_t{64} << 20U);
    const auto gone = GENERATE(std::size_t{1}, std::size_t{5}, std::size_t{100});
    end_assembly assembly;
    for (std::size_t i = 0; i < parts.size(); ++i)
        if (i < gone && i + 1 < parts.size())
            assembly.skip();
        else
            assembly.add(parsed(parts[i]));
    const auto read = assembly.finish();
    CHECK(read.which == sent.which);
    CHECK(read.state == sent.state);
    REQUIRE(read.results.size() == 3);
    CHECK(read.results[0].truncated);
    for (std::size_t i = 0; i < 3; ++i) {
        INFO(i);
        CHECK((read.results[i].truncated || read.results[i].output == sent.results[i].output));
    }
    CHECK(read.results[2].skipped);
}

TEST_CASE("a command and an error that fill messages of their own keep no job from ending") {
    ended_job sent;
    sent.which = {"a", 0};
    sent.state = model::job_state::failed;
    sent.failed = error("command_rejected", std::string(3'000'000, 'm'), false, std::string(3'000'000, 'd'));
    auto& result = sent.results.emplace_back();
    result.command = std::string(1'500'000, 'c');
    result.output = "out";
    result.failed = sent.failed;
    end_assembly assembly;
    for (const auto& each : to_parts(sent, std::size_t{16} << 20U)) {
        CHECK(each.size() <= std::size_t{1} << 20U);
        assembly.add(parsed(each));
    }
    const auto read = assembly.finish();
    CHECK(read.failed.value().code() == "command_rejected");
    CHECK(read.failed->message().size() == 4096);
    CHECK(read.results.at(0).output == "out");
    model::job_request asked;
    asked.commands.emplace_back().text = result.command;
    CHECK(results_of(asked, read.results).at(0).command == result.command);
}

TEST_CASE("what is no part of an end is none") {
    CHECK_FALSE(end_part_from(json::array()));
    CHECK_FALSE(end_part_from(json{{"run", 1}}));
    CHECK_FALSE(end_part_from(json{{"id", std::string(65, 'x')}}));
    CHECK_FALSE(end_part_from(json{{"id", "a"}, {"part", most_end_parts}}));
    CHECK_FALSE(end_part_from(json{{"id", "a"}, {"part", 3}, {"state", "running"}}).value().last);
}

TEST_CASE("messages that are cut, changed or made up are refused or read, and nothing else") {
    const std::vector<std::string> good{to_text(order()), to_parts(whole(20), 1 << 20U).at(0),
                                        R"({"what":"session","id":"a","run":1,"session":"s"})",
                                        R"({"instance":"x","seq":1,"jobs":[{"id":"a"}],"sessions":[{}]})"};
    std::mt19937 random(7);
    for (int i = 0; i < 20'000; ++i) {
        auto text = good[random() % good.size()];
        for (auto changes = random() % 4; changes-- > 0;)
            text[random() % text.size()] = "{}[]\",:0a-"[random() % 10];
        if (random() % 3 == 0)
            text.resize(random() % text.size());
        const auto body = parsed(text);
        static_cast<void>(run_order_from(body));
        static_cast<void>(job_hello_from(body));
        static_cast<void>(job_progress_from(body));
        end_assembly assembly;
        assembly.add(body);
        static_cast<void>(assembly.finish());
    }
}
