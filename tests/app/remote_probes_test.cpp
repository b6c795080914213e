#include "app/remote_probes.hpp"

#include "app/check_messages.hpp"
#include "scripted_link.hpp"
#include "support/print_result.hpp"

#include <boost/asio/io_context.hpp>

#include <catch2/catch.hpp>

#include <map>

using namespace ferrule;
using namespace ferrule::app;
using namespace std::chrono_literals;

namespace {

struct world {
    explicit world(base::duration way = 1h)
        : remote(link, way) {
        link.there.insert("edge");
    }

    void ask(const std::string& agent, const std::vector<std::string>& inputs) {
        remote.begin(agent, "tcp", inputs, 1ms, loop.get_executor(),
                     [this](std::size_t index, const result<std::string>& what) {
                         CHECK(heard.emplace(index, what ? *what : std::string(what.error().code())).second);
                     });
    }

    // The agent's word on the request that it got.
    void answer(const base::json& request, std::size_t index, const std::string& what) {
        link.say("edge", messages::outcome, messages::outcome_text(request["id"].get<std::string>(), index, what));
    }

    using told = std::map<std::size_t, std::string>;

    asio::io_context loop;
    test::scripted_link link;
    told heard;
    remote_probes remote;
};

} // namespace

TEST_CASE("what an agent found comes to whoever asked, each once and in any order") {
    world w;
    w.ask("edge", {R"({"host":"a"})", R"({"host":"b"})"});
    const auto request = w.link.next();
    CHECK(request.kind == messages::probe);
    w.answer(request.body, 1, "second");
    w.answer(request.body, 1, "again");
    w.answer(request.body, 7, "of nobody");
    w.answer(request.body, 0, "first");
    w.answer(request.body, 0, "too late");
    w.loop.run();
    CHECK(w.heard == world::told{{0, "first"}, {1, "second"}});
}

TEST_CASE("an agent that is not connected, or goes while it measures, is told for what it has not answered") {
    world w;
    w.ask("nobody", {"{}"});
    w.loop.run();
    CHECK(w.heard == world::told{{0, "agent_offline"}});
    w.heard.clear();
    w.ask("edge", {"{}", "{}"});
    w.answer(w.link.next().body, 0, "found");
    w.link.lose("edge");
    w.loop.restart();
    w.loop.run();
    CHECK(w.heard == world::told{{0, "found"}, {1, "agent_offline"}});
}

TEST_CASE("an agent that stays connected and says nothing is given up in time") {
    world w(1ms);
    w.ask("edge", {"{}", "{}"});
    const auto request = w.link.next();
    w.answer(request.body, 1, "found");
    w.loop.run();
    CHECK(w.heard == world::told{{0, "agent_silent"}, {1, "found"}});
    w.answer(request.body, 0, "too late");
    w.loop.restart();
    w.loop.run();
    CHECK(w.heard.at(0) == "agent_silent");
}

TEST_CASE("one agent cannot answer for another") {
    world w;
    w.link.there.insert("rogue");
    w.ask("edge", {"{}"});
    const auto request = w.link.next();
    w.link.say("rogue", messages::outcome,
               messages::outcome_text(request.body["id"].get<std::string>(), 0, std::string("forged")));
    w.answer(request.body, 0, "true");
    w.loop.run();
    CHECK(w.heard == world::told{{0, "true"}});
}
