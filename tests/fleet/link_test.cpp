// Both ends of the link over real TLS.
#include "fleet/link_rig.hpp"

#include "fleet/protocol/frame.hpp"

using namespace test;

TEST_CASE("an agent joins with a token, is known with its labels, and talks both ways") {
    machine on;
    controller at(on);
    agent edge(on, "edge1", {}, {});
    at.hub->offer("talk/1");
    at.hub->on_message("question", [&](const std::string& peer, const base::json& body) {
        at.heard.tell(peer + " asks " + body.at("what").get<std::string>());
    });
    at.start();

    agent real(on, "edge2", {at.address()}, at.token());
    real.link->offer("listen/1");
    real.link->on_message("answer", [&](const std::string& peer, const base::json& body) {
        real.heard.tell(peer + " says " + body.at("it").get<std::string>());
    });
    CHECK_FALSE(real.link->send("question", "{}"));
    real.start();
    REQUIRE(at.heard.wait("connected edge2"));
    REQUIRE(real.heard.wait("connected controller-1"));
    CHECK(real.link->has_feature("talk/1"));
    CHECK(at.hub->has_feature("edge2", "listen/1"));
    CHECK_FALSE(at.hub->has_feature("edge2", "talk/1"));
    CHECK_FALSE(at.hub->has_feature("edge1", "listen/1"));

    CHECK(real.link->send("question", R"({"what":"the time"})"));
    REQUIRE(at.heard.wait("edge2 asks the time"));
    CHECK(at.hub->send("edge2", "answer", R"({"it":"noon"})"));
    REQUIRE(real.heard.wait("controller-1 says noon"));
    CHECK_FALSE(at.hub->send("edge1", "answer", "{}"));
    CHECK(at.hub->send("edge2", "unheard of", "{}"));

    const auto shown = at.book.find("edge2");
    REQUIRE(shown);
    CHECK(shown->tags == model::labels{{"site", "here"}, {"from", "token"}});
    CHECK(shown->region == "eu");
    CHECK(shown->version == "1.2.3");
    CHECK(shown->state == model::agent_state::online);
    CHECK(shown->connected);

    real.stop();
    REQUIRE(at.heard.wait("disconnected edge2"));
    CHECK(at.book.find("edge2")->state == model::agent_state::offline);
}

TEST_CASE("a join token admits one agent, and none after its time or by another controller's authority") {
    machine on;
    controller at(on);
    controller other(on, std::make_shared<memory_store>(), {}, "other-ca");
    at.start();
    const auto token = at.token();
    agent first(on, "first", {at.address()}, token);
    first.start();
    REQUIRE(at.heard.wait("connected first"));

    const auto enrol = [&](const base::secret& with, const std::string& name) {
        fleet::protocol::enrolment wanted;
        wanted.token = with.reveal();
        wanted.name = name;
        wanted.request = *fleet::pki::make_request(fleet::pki::make_key(), name);
        const auto made = on.wait(at.admits->enrol(wanted));
        return made ? std::string("granted") : made.error().code();
    };
    CHECK(enrol(token, "second") == "join_token_used");
    CHECK(enrol(other.token(), "second") == "join_token_unknown");
    const auto brief = at.token({}, 1min);
    on.clock.advance(2min);
    CHECK(enrol(brief, "second") == "join_token_expired");
    CHECK(enrol(at.token(), "first") == "agent_name_taken");
    at.admits->reserve_name("central");
    CHECK(enrol(at.token(), "central") == "agent_name_taken");
    CHECK(enrol(at.token("central"), "wished") == "agent_name_taken");
    CHECK(enrol(at.token(), "not a name") == "invalid_name");
    CHECK(enrol(at.token("second"), "wished") == "granted");
    CHECK(at.book.find("second"));
    CHECK_FALSE(at.book.find("wished"));
}

TEST_CASE("who asks again with the same key gets an answer again, in case the first was lost") {
    machine on;
    controller at(on);
    at.start();
    fleet::protocol::enrolment wanted;
    wanted.token = at.token().reveal();
    wanted.name = "edge";
    wanted.request = *fleet::pki::make_request(fleet::pki::make_key(), "edge");
    const auto once = on.wait(at.admits->enrol(wanted));
    const auto again = on.wait(at.admits->enrol(wanted));
    REQUIRE(once);
    REQUIRE(again);
    CHECK(once->certificate != again->certificate);
    wanted.request = *fleet::pki::make_request(fleet::pki::make_key(), "edge");
    CHECK(on.wait(at.admits->enrol(wanted)).error().code() == "join_token_used");
}

TEST_CASE("a spent token lets in neither an agent that was revoked nor one that has connected with it") {
    machine on;
    controller at(on);
    at.start();
    fleet::protocol::enrolment wanted;
    wanted.token = at.token().reveal();
    wanted.name = "revoked";
    wanted.request = *fleet::pki::make_request(fleet::pki::make_key(), "revoked");
    REQUIRE(on.wait(at.admits->enrol(wanted)));
    REQUIRE(on.wait(at.book.revoke("revoked")));
    const auto again = on.wait(at.admits->enrol(wanted));
    REQUIRE_FALSE(again);
    CHECK(again.error().code() == "join_token_used");
    CHECK(at.book.find("revoked")->state == model::agent_state::revoked);

    wanted.token = at.token().reveal();
    wanted.name = "seen";
    wanted.request = *fleet::pki::make_request(fleet::pki::make_key(), "seen");
    const auto once = on.wait(at.admits->enrol(wanted));
    REQUIRE(once);
    at.book.greeted("seen", {}, {}, "127.0.0.1:1");
    const auto later = on.wait(at.admits->enrol(wanted));
    REQUIRE_FALSE(later);
    CHECK(later.error().code() == "join_token_used");
}

TEST_CASE("a revocation that comes while an admission is being written stays in force, also after a restart") {
    machine on;
    const auto records = std::make_shared<memory_store>();
    {
        controller at(on, records);
        at.book.greeted("edge", {}, {}, "127.0.0.1:1");
        fleet::admission entry;
        entry.name = "edge";
        entry.certificate.serial = "02";
        auto row = at.book.record_of(entry);
        REQUIRE(on.wait(at.book.revoke("edge")));
        REQUIRE(on.wait(at.store.put(std::move(row))));
        const auto admitted = at.book.admit(entry);
        REQUIRE_FALSE(admitted);
        CHECK(admitted.error().code() == "certificate_revoked");
        CHECK(at.book.find("edge")->state == model::agent_state::revoked);
        CHECK(at.book.highest_serial("edge") == "02");
    }
    controller again(on, records);
    REQUIRE(again.book.find("edge"));
    CHECK(again.book.find("edge")->state == model::agent_state::revoked);
    fleet::admission anew; // that it was revoked once keeps nobody from admitting it again
    anew.name = "edge";
    static_cast<void>(again.book.record_of(anew));
    CHECK(again.book.admit(anew));
    CHECK(again.book.find("edge")->state == model::agent_state::offline);
}

TEST_CASE("an agent does not show its token to a controller whose authority is not the token's") {
    machine on;
    controller at(on);
    controller other(on, std::make_shared<memory_store>(), {}, "other-ca");
    at.start();
    other.start();
    agent edge(on, "edge", {other.address(), at.address()}, at.token());
    edge.start();
    REQUIRE(at.heard.wait("connected edge")); // after the first has failed to prove itself
    CHECK_FALSE(other.book.find("edge"));
}

TEST_CASE("deliveries made while no controller answers come in order after, once each, and leave the disk") {
    machine on;
    auto records = std::make_shared<memory_store>();
    auto kept = std::make_shared<memory_store>();
    std::optional<controller> at(std::in_place, on, records);
    const auto take = [](controller& by) {
        by.hub->on_delivery("result", [&by](const std::string& peer, const base::json& body, auto taken) {
            by.heard.tell(peer + " " + std::to_string(body.at("n").get<int>()));
            taken();
        });
        by.hub->on_message(
            "ask", [&by](const std::string& peer, const base::json&) { CHECK(by.hub->send(peer, "answer", "{}")); });
    };
    take(*at);
    at->start();
    const auto address = at->address();
    {
        agent edge(on, "edge", {address}, at->token(), kept);
        edge.link->on_message("answer", [&](const std::string&, const base::json&) { edge.heard.tell("answer"); });
        edge.start();
        REQUIRE(edge.heard.wait("connected controller-1"));
        edge.deliver("result", 0);
        REQUIRE(at->heard.wait("edge 0"));
        edge.link->send("ask", "{}"); // answered after the acknowledgement
        REQUIRE(edge.heard.wait("answer"));
        at.reset();
        REQUIRE(edge.heard.wait("disconnected"));
        for (int i = 1; i <= 300; ++i)
            edge.deliver("result", i);
    }
    agent edge(on, "edge", {address}, {}, kept); // the process begins anew
    CHECK(edge.kept.size() == 300);
    edge.link->on_message("answer", [&](const std::string&, const base::json&) { edge.heard.tell("answer"); });
    for (int i = 301; i <= 600; ++i)
        edge.deliver("result", i);
    edge.start();
    config::fleet_settings same;
    same.listen = {address};
    at.emplace(on, records, same);
    take(*at);
    at->start();
    REQUIRE(at->heard.wait("edge 600"));
    std::vector<std::string> came;
    for (const auto& each : at->heard.all())
        if (each.starts_with("edge "))
            came.push_back(each);
    REQUIRE(came.size() == 600);
    for (std::size_t i = 0; i < came.size(); ++i)
        REQUIRE(came[i] == "edge " + std::to_string(i + 1));
    // What is asked now is answered after the acknowledgements.
    edge.link->send("ask", "{}");
    REQUIRE(edge.heard.wait("answer"));
    CHECK(edge.kept.size() == 0);
    CHECK(edge.kept.lost() == 0);
    edge.stop();
    const std::lock_guard lock(kept->mutex);
    CHECK(kept->rows["spool"].empty());
}

TEST_CASE("what is revoked is cut off at once and refused from then on") {
    machine on(1);
    controller at(on);
    at.start();
    agent edge(on, "edge", {at.address()}, at.token());
    edge.start();
    REQUIRE(at.heard.wait("connected edge"));
    REQUIRE(on.wait(at.book.revoke("edge")));
    at.hub->disconnect("edge", {"certificate_revoked", "the agent was revoked", {}});
    REQUIRE(at.heard.wait("disconnected edge"));
    CHECK(at.book.find("edge")->state == model::agent_state::revoked);

    auto identity = edge.identity.load();
    REQUIRE(identity);
    CHECK(at.book.judge((*identity)->facts) == "the certificate is revoked");
    auto context = net::make_mutual_client_context((*identity)->tls);
    REQUIRE(context);
    const auto dialed = on.wait(net::dial_web_socket(on.names, at.address(), *context, {}, 5s));
    REQUIRE_FALSE(dialed);
    CHECK(dialed.error().code() == "certificate_revoked");
    CHECK(at.heard.count("connected edge") == 1);
}

TEST_CASE("a certificate is renewed over the link before it ends, and the one before it ends with it") {
    machine on;
    config::fleet_settings brief;
    brief.certificate_lifetime = 1h;
    controller at(on, std::make_shared<memory_store>(), brief);
    at.start();
    agent edge(on, "edge", {at.address()}, at.token());
    edge.start();
    REQUIRE(at.heard.wait("connected edge"));
    const auto before = at.book.find("edge")->certificate_serial;
    auto old = edge.identity.load();
    REQUIRE(old);
    on.agents_clock.advance(50min); // OpenSSL looks at the real one
    REQUIRE(at.heard.wait("connected edge", 2));
    const auto after = at.book.find("edge")->certificate_serial;
    CHECK(after > before);
    CHECK(at.book.judge((*old)->facts).value_or("") ==
          "the certificate is superseded by a newer one of the same agent");
    const auto fresh = edge.identity.load();
    REQUIRE(fresh);
    CHECK((*fresh)->facts.serial == after);
}

TEST_CASE("of two connections with the same certificate the newer one stays") {
    machine on;
    controller at(on);
    at.start();
    agent edge(on, "edge", {at.address()}, at.token());
    edge.start();
    REQUIRE(at.heard.wait("connected edge"));
    std::filesystem::copy(on.folder.path() / "edge", on.folder.path() / "thief");
    agent thief(on, "thief", {at.address()});
    thief.start();
    REQUIRE(thief.heard.wait("connected controller-1"));
    REQUIRE(edge.heard.wait("disconnected"));
    const auto all = at.heard.all();
    CHECK(all == std::vector<std::string>{"connected edge", "disconnected edge", "connected edge"});
    CHECK(at.hub->connections() == 1);
}
