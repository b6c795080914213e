// Many agents, many threads, and agents that come to the wrong place.
#include "fleet/link_rig.hpp"

#include "fleet/protocol/frame.hpp"
#include "runtime/spawn.hpp"

#include <deque>
#include <thread>

using namespace test;
namespace protocol = ferrule::fleet::protocol;
using socket_ptr = std::shared_ptr<net::web_socket>;

namespace {

/// What an agent of this name shows, admitted without a link.
net::tls_identity admitted(machine& on, controller& at, const std::string& name) {
    protocol::enrolment wanted;
    wanted.token = at.token().reveal();
    wanted.name = name;
    net::tls_identity out;
    out.key = fleet::pki::make_key();
    wanted.request = *fleet::pki::make_request(out.key, name);
    const auto granted = on.wait(at.admits->enrol(wanted));
    REQUIRE(granted);
    out.certificate = granted->certificate;
    out.authority = granted->authority;
    return out;
}

asio::awaitable<result<socket_ptr>> greet(machine& on, std::string address, net::tls_context as) {
    auto made = co_await net::dial_web_socket(on.names, std::move(address), std::move(as), {}, 30s);
    if (!made)
        co_return made.error();
    protocol::hello hello;
    hello.version = "1";
    hello.boot_id = "boot";
    hello.heartbeat = 10s;
    (*made)->send(
        std::make_shared<const std::string>(protocol::make_frame(protocol::kinds::hello, protocol::to_json(hello))));
    co_return made;
}

/// The controller's answer to a hello.
asio::awaitable<protocol::frame> answer_of(socket_ptr over) {
    const auto got = co_await over->read();
    protocol::frame out;
    if (!got) {
        out.kind = got.error().message(); // for whoever reads the failure
        co_return out;
    }
    auto read = protocol::read_frame(*got);
    if (read)
        out = std::move(*read);
    else
        out.kind = read.error().message();
    co_return out;
}

struct visit {
    socket_ptr over;
    protocol::frame answer;
};

visit come(machine& on, controller& at, const net::tls_identity& as) {
    auto context = net::make_mutual_client_context(as);
    REQUIRE(context);
    const auto strand = on.loop.make_strand();
    auto made = on.wait_on(strand, greet(on, at.address(), *context));
    REQUIRE(made);
    visit out;
    out.over = *made;
    out.answer = on.wait_on(strand, answer_of(*made));
    return out;
}

/// Comes, and stays until it is sent away or told to go.
asio::awaitable<void> stay(machine& on, std::string address, net::tls_context as, journal& told) {
    const auto made = co_await greet(on, std::move(address), std::move(as));
    if (!made) {
        told.tell("ended");
        co_return;
    }
    for (;;) {
        const auto got = co_await (*made)->read();
        if (!got)
            break;
    }
    (*made)->cut_off();
    told.tell("ended");
}

} // namespace

TEST_CASE("an agent beyond fleet.max_agents is told to come later, and is let in once there is room") {
    machine on;
    config::fleet_settings one;
    one.max_agents = 1;
    controller at(on, std::make_shared<memory_store>(), one);
    at.start();
    const auto first_identity = admitted(on, at, "first");
    const auto second_identity = admitted(on, at, "second");
    const auto first = come(on, at, first_identity);
    REQUIRE(first.answer.kind == "welcome");
    const auto second = come(on, at, second_identity);
    CHECK(second.answer.kind == "busy");
    const auto why = protocol::farewell_from(second.answer.body);
    CHECK(why.code == "too_many_agents");
    CHECK(why.retry_after >= 30s);
    CHECK_FALSE(at.book.find("second")->connected);
    const auto again = come(on, at, first_identity); // which takes no further place
    CHECK(again.answer.kind == "welcome");
    again.over->cut_off();
    REQUIRE(at.heard.wait("disconnected first", 2));
    const auto later = come(on, at, second_identity);
    CHECK(later.answer.kind == "welcome");
    for (const auto& each : {first, second, later})
        each.over->cut_off();
}

TEST_CASE("what is told of an agent alternates, however its connections overtake each other") {
    constexpr int rounds = 60;
    machine on(4);
    controller at(on);
    at.start();
    const auto identity = admitted(on, at, "edge");
    const auto context = net::make_mutual_client_context(identity);
    REQUIRE(context);
    journal told;
    for (int i = 0; i < rounds; ++i) {
        const auto on_it = on.loop.make_strand();
        runtime::spawn(on_it, "visitor", stay(on, at.address(), *context, told));
    }
    REQUIRE(told.wait("ended", rounds - 1)); // all but the one that came last
    REQUIRE(at.heard.wait("connected edge"));
    // The last one may be on its way still.
    const auto limit = std::chrono::steady_clock::now() + 60s;
    while (!at.hub->is_connected("edge") && std::chrono::steady_clock::now() < limit)
        std::this_thread::yield();
    REQUIRE(at.hub->is_connected("edge"));
    CHECK(at.hub->connections() == 1);
    CHECK(at.book.find("edge")->connected);
    at.hub->disconnect("edge", {"replaced", "go", 30s});
    REQUIRE(told.wait("ended", rounds));
    at.stop();
    CHECK_FALSE(at.book.find("edge")->connected);
    const auto all = at.heard.all();
    REQUIRE(all.size() % 2 == 0);
    for (std::size_t i = 0; i < all.size(); ++i)
        REQUIRE(all[i] == (i % 2 == 0 ? "connected edge" : "disconnected edge"));
}

TEST_CASE("a herd whose controller goes is back at the one that takes its place") {
    constexpr std::size_t count = 100;
    machine on(3);
    const auto records = std::make_shared<memory_store>();
    config::fleet_settings narrow;
    narrow.max_handshakes = 4;
    std::optional<controller> at(std::in_place, on, records, narrow);
    at->start();
    narrow.listen = {at->address()};
    std::deque<agent> herd;
    for (std::size_t i = 0; i < count; ++i) {
        herd.emplace_back(on, "edge" + std::to_string(i), narrow.listen, at->token(), std::make_shared<memory_store>(),
                          protocol::outbox::limits{}, 30s);
        herd.back().start();
    }
    for (auto& each : herd)
        REQUIRE(each.heard.wait("connected controller-1"));
    at.reset();
    for (auto& each : herd)
        REQUIRE(each.heard.wait("disconnected"));
    for (std::size_t i = 0; i < count; ++i)
        herd[i].deliver("result", static_cast<int>(i));
    at.emplace(on, records, narrow);
    at->hub->on_delivery("result", [&](const std::string& peer, const base::json& body, auto taken) {
        at->heard.tell(peer + " " + std::to_string(body.at("n").get<int>()));
        taken();
    });
    at->start();
    for (std::size_t i = 0; i < count; ++i) {
        REQUIRE(herd[i].heard.wait("connected controller-1", 2));
        REQUIRE(at->heard.wait("edge" + std::to_string(i) + " " + std::to_string(i)));
    }
    CHECK(at->hub->connections() == count);
    for (auto& each : herd)
        each.stop();
}

TEST_CASE("what a full spool had to drop is the oldest, is counted, and the controller is told") {
    machine on;
    controller at(on);
    at.start();
    protocol::outbox::limits small;
    small.bytes = 4096;
    const auto kept = std::make_shared<memory_store>();
    {
        agent first(on, "edge", {at.address()}, at.token(), kept, small);
        first.start();
        REQUIRE(at.heard.wait("connected edge"));
    }
    REQUIRE(at.heard.wait("disconnected edge"));
    at.hub->disconnect("edge", {});
    std::size_t left = 0;
    {
        agent offline(on, "edge", {"127.0.0.1:1"}, {}, kept, small);
        for (int i = 1; i <= 200; ++i)
            offline.deliver("result", i);
        left = offline.kept.size();
        CHECK(offline.kept.bytes() <= small.bytes);
        CHECK(offline.kept.lost() == 200 - left);
        REQUIRE(left < 100);
        REQUIRE(left > 10);
    }
    const auto address = at.address();
    at.stop();
    config::fleet_settings same;
    same.listen = {address};
    controller next(on, std::make_shared<memory_store>(), same);
    next.hub->on_delivery("result", [&](const std::string&, const base::json& body, auto taken) {
        next.heard.tell(std::to_string(body.at("n").get<int>()));
        taken();
    });
    next.start();
    agent back(on, "edge", {address}, {}, kept, small); // the count outlives the process
    CHECK(back.kept.lost() == 200 - left);
    back.start();
    REQUIRE(next.heard.wait("200"));
    std::vector<std::string> expected{"connected edge"};
    for (std::size_t i = 200 - left + 1; i <= 200; ++i)
        expected.push_back(std::to_string(i));
    CHECK(next.heard.all() == expected);
    CHECK(next.book.find("edge")->lost_deliveries == 200 - left);
    back.stop();
    next.stop();
}

TEST_CASE("each controller of an authority refuses whom it was told to, also one that never came to it") {
    machine on;
    controller here(on);
    controller there(on); // the same authority, records of its own
    here.start();
    there.start();
    const auto identity = admitted(on, here, "edge");
    const auto known = come(on, there, admitted(on, here, "other"));
    CHECK(known.answer.kind == "welcome"); // admitted elsewhere is admitted
    const auto missing = on.wait(there.book.revoke("edge"));
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code() == "agent_not_found");
    REQUIRE(on.wait(there.book.revoke("edge", true)));
    auto context = net::make_mutual_client_context(identity);
    REQUIRE(context);
    const auto refused = on.wait(greet(on, there.address(), *context));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == "certificate_revoked");
    const auto accepted = come(on, here, identity); // until it is revoked here as well
    CHECK(accepted.answer.kind == "welcome");
    known.over->cut_off();
    accepted.over->cut_off();
}

TEST_CASE("a renewal that meets a revocation does not undo it on disk") {
    machine on(4);
    const auto records = std::make_shared<memory_store>();
    controller at(on, records);
    net::certificate_facts fresh;
    fresh.serial = std::string(32, '1');
    for (int i = 0; i < 300; ++i) {
        const auto name = "edge" + std::to_string(i);
        at.book.greeted(name, {}, {}, "127.0.0.1:1");
        auto renewing = asio::co_spawn(on.loop.make_strand(), at.book.renewed(name, fresh), asio::use_future);
        auto revoking = asio::co_spawn(on.loop.make_strand(), at.book.revoke(name), asio::use_future);
        static_cast<void>(renewing.get());
        REQUIRE(revoking.get());
    }
    at.stop();
    controller again(on, records);
    for (const auto& each : again.book.list())
        REQUIRE(each->state == model::agent_state::revoked);
    CHECK(again.book.list().size() == 300);
}
