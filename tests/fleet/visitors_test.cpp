// Those that are nobody's agent yet: who joins, who only wants to be in the way, and who joins beside a running agent.
#include "fleet/link_rig.hpp"

#include "fleet/joining.hpp"
#include "fleet/protocol/frame.hpp"

using namespace test;

TEST_CASE("of those without a certificate only so many are heard at a time, and none at length") {
    machine on(1);
    config::fleet_settings few;
    few.max_handshakes = 2;
    few.handshake_timeout = 30s; // how long they may take to say what they want
    controller at(on, std::make_shared<memory_store>(), few);
    at.start();
    const auto token = at.token();
    auto context = net::make_pinned_client_context(at.ca->facts().fingerprint);
    REQUIRE(context);
    const auto dial = [&] {
        auto made = on.wait(net::dial_web_socket(on.names, at.address(), *context, {}, 5s));
        REQUIRE(made);
        return *made;
    };
    const auto first = dial();
    const auto second = dial();
    const auto third = dial(); // the one that has been silent for longest makes room
    CHECK_FALSE(on.wait(first->read()));
    first->cut_off();

    second->send(std::make_shared<const std::string>(std::string(100000, ' ')));
    CHECK_FALSE(on.wait(second->read())); // no answer, as there is to what is short and wrong
    second->cut_off();

    fleet::protocol::enrolment wanted;
    wanted.token = token.reveal();
    wanted.name = "edge";
    wanted.request = *fleet::pki::make_request(fleet::pki::make_key(), "edge");
    third->send(std::make_shared<const std::string>(
        fleet::protocol::make_frame(fleet::protocol::kinds::enrol, fleet::protocol::to_json(wanted))));
    const auto answer = on.wait(third->read());
    REQUIRE(answer);
    CHECK(fleet::protocol::enrolment_answer(*answer));
    third->cut_off();
}

TEST_CASE("strangers that had their answer and do not go keep nobody from joining") {
    machine on(1);
    config::fleet_settings few;
    few.max_handshakes = 2;
    few.handshake_timeout = 30s;
    controller at(on, std::make_shared<memory_store>(), few);
    std::atomic<int> counted = 0;
    at.hub->on_refused([&](bool) { ++counted; });
    at.start();
    const auto token = at.token();
    auto context = net::make_pinned_client_context(at.ca->facts().fingerprint);
    REQUIRE(context);
    const auto dial = [&] {
        auto made = on.wait(net::dial_web_socket(on.names, at.address(), *context, {}, 5s));
        REQUIRE(made);
        return *made;
    };
    const auto ask = [&](const std::shared_ptr<net::web_socket>& over, const std::string& with) {
        fleet::protocol::enrolment wanted;
        wanted.token = with;
        wanted.name = "edge";
        wanted.request = *fleet::pki::make_request(fleet::pki::make_key(), "edge");
        over->send(std::make_shared<const std::string>(
            fleet::protocol::make_frame(fleet::protocol::kinds::enrol, fleet::protocol::to_json(wanted))));
    };
    std::vector<std::shared_ptr<net::web_socket>> in_the_way;
    for (int i = 0; i < 2; ++i) {
        in_the_way.push_back(dial());
        ask(in_the_way.back(), "ferrule-join-of-nobody");
        CHECK(on.wait(in_the_way.back()->read())); // that it is none; it does not read that it is to go
    }
    const auto joins = dial();
    ask(joins, std::string(token.reveal()));
    const auto answer = on.wait(joins->read());
    REQUIRE(answer);
    CHECK(fleet::protocol::enrolment_answer(*answer));
    CHECK(counted == 0); // each has had its answer
    joins->cut_off();
    for (const auto& each : in_the_way)
        each->cut_off();
}

TEST_CASE("one certificate in a loop holds one connection, and each that made way is counted") {
    machine on(1);
    config::fleet_settings slow;
    slow.handshake_timeout = 30s;
    controller at(on, std::make_shared<memory_store>(), slow);
    std::atomic<int> counted = 0;
    at.hub->on_refused([&](bool for_certificate) { counted += for_certificate ? 100 : 1; });
    at.start();
    agent edge(on, "edge", {at.address()}, at.token());
    edge.start();
    REQUIRE(at.heard.wait("connected edge"));
    edge.stop();
    const auto identity = edge.identity.load();
    REQUIRE(identity);
    const auto context = net::make_mutual_client_context((*identity)->tls);
    REQUIRE(context);
    std::vector<std::shared_ptr<net::web_socket>> all;
    for (int i = 0; i < 5; ++i) {
        auto made = on.wait(net::dial_web_socket(on.names, at.address(), *context, {}, 5s));
        REQUIRE(made);
        all.push_back(*made);
        if (i > 0)
            CHECK_FALSE(on.wait(all[static_cast<std::size_t>(i) - 1]->read()));
    }
    CHECK(counted == 4);
    for (const auto& each : all)
        each->cut_off();
}

TEST_CASE("an identity that came beside the running agent is found with its next attempt") {
    machine on;
    controller at(on);
    at.start();
    agent beside(on, "edge", {at.address()}, at.token()); // as `ferrule agent enrol` does, into the same folder
    std::filesystem::create_directories(beside.identity.folder());
    const auto join = [&] {
        config::agent_settings wanted;
        wanted.name = "edge";
        wanted.join_token = at.token("edge");
        wanted.connect_timeout = 5s;
        return on.wait(fleet::join_fleet(on.names, beside.identity, wanted, at.address()));
    };
    agent edge(on, "edge", {at.address()}); // without a token: it cannot join by itself
    edge.start();
    REQUIRE(join());
    REQUIRE(at.heard.wait("connected edge"));

    REQUIRE(on.wait(at.book.revoke("edge")));
    at.hub->disconnect("edge", {"certificate_revoked", "the agent was revoked", {}});
    REQUIRE(at.heard.wait("disconnected edge"));
    REQUIRE(join());
    REQUIRE(at.heard.wait("connected edge", 2));
}
