#include "app/assignment_sender.hpp"

#include "app/check_messages.hpp"
#include "scripted_link.hpp"
#include "support/print_result.hpp"

#include <boost/asio/io_context.hpp>

#include <catch2/catch.hpp>

#include <random>

using namespace ferrule;
using namespace ferrule::app;
using namespace std::chrono_literals;

namespace {

std::vector<probes::assignment> work_of(const std::string& check, std::size_t targets) {
    auto made = std::make_shared<model::check>();
    made->name = check;
    made->probe = "tcp";
    for (std::size_t i = 0; i < targets; ++i) {
        auto& one = made->targets.emplace_back();
        one.host = "host" + std::to_string(i) + ".example.net";
        one.port = 443;
    }
    std::vector<probes::assignment> all;
    for (auto& [name, one] : probes::assignments_of(std::move(made)))
        all.push_back(std::move(one));
    return all;
}

// A sender, and an agent that puts together what it gets.
struct world {
    explicit world(base::duration resend_after = 1h)
        : sender(std::make_shared<assignment_sender>(
              loop.get_executor(), link, [this](const std::string&) { return work; }, resend_after)) {
        link.there.insert("edge");
    }

    // Takes the oldest message; the bodies of a whole set once it is there.
    std::vector<std::string> take(bool confirm = true) {
        const auto got = link.next();
        CHECK(got.kind == messages::assign);
        const auto whole = agent.take(got.body);
        REQUIRE(whole);
        if (confirm)
            sender->confirmed("edge", *base::parse_json(messages::confirmation_of(got.body)));
        return *whole;
    }

    std::size_t targets_in(const std::vector<std::string>& bodies) {
        std::vector<error> refused;
        const auto read = messages::read_assignments(bodies, refused);
        REQUIRE(read);
        CHECK(refused.empty());
        return read->size();
    }

    asio::io_context loop;
    test::scripted_link link;
    std::vector<probes::assignment> work = work_of("web", 1000);
    messages::assignment_collector agent;
    std::shared_ptr<assignment_sender> sender;
};

} // namespace

TEST_CASE("assignments go part by part, each after the word that the one before is there") {
    world w;
    w.sender->connected("edge");
    std::size_t parts = 0;
    std::vector<std::string> whole;
    while (!w.link.sent.empty()) {
        CHECK(w.link.sent.size() == 1);
        whole = w.take();
        ++parts;
    }
    CHECK(parts > 1);
    CHECK(w.targets_in(whole) == 1000);
}

TEST_CASE("what has not changed is not told again, unless the agent comes anew") {
    world w;
    w.work = work_of("web", 3);
    w.sender->connected("edge");
    CHECK(w.targets_in(w.take()) == 3);
    w.sender->changed();
    CHECK(w.link.sent.empty());
    w.sender->disconnected("edge");
    w.sender->changed();
    CHECK(w.link.sent.empty());
    w.sender->connected("edge");
    CHECK(w.targets_in(w.take()) == 3);
}

TEST_CASE("newer assignments take the place of older ones that are still under way") {
    world w;
    w.sender->connected("edge");
    const auto old = w.link.sent.front();
    CHECK(w.take(false).empty());
    w.work = work_of("dns", 1000);
    w.sender->changed();
    w.sender->confirmed("edge", *base::parse_json(messages::confirmation_of(old.body)));
    CHECK(w.link.sent.size() == 1);
    std::vector<std::string> whole;
    while (!w.link.sent.empty())
        whole = w.take();
    CHECK(w.targets_in(whole) == 1000);
}

TEST_CASE("a part that found the queue full, or was lost, goes again until all are there") {
    world w(1ms);
    std::mt19937 random(7);
    w.link.accepts = [&] { return random() % 3 == 0; };
    w.sender->connected("edge");
    std::vector<std::string> whole;
    while (whole.empty()) {
        w.loop.run_one();
        while (!w.link.sent.empty() && whole.empty())
            whole = w.take(random() % 3 != 0);
    }
    CHECK(w.targets_in(whole) == 1000);
    CHECK(w.link.tries > 5);
    w.sender->stop();
    w.loop.run(); // ends, as nothing is planned any more
}

TEST_CASE("words of an agent about parts that it was not sent change nothing") {
    world w;
    w.sender->connected("edge");
    for (const auto* text :
         {R"({})", R"([])", R"({"set":"x","part":0})", R"({"set":7,"part":0})", R"({"set":"x","part":-1})"})
        w.sender->confirmed("edge", *base::parse_json(text));
    w.sender->confirmed("nobody", *base::parse_json(messages::confirmation_of(w.link.sent.front().body)));
    CHECK(w.link.sent.size() == 1);
}
