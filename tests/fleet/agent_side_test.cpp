// What an agent says on one connection, and when it connects again.
#include "fleet/protocol/agent_side.hpp"
#include "fleet/protocol/frame.hpp"
#include "fleet/protocol/reconnect.hpp"

#include "base/json.hpp"

#include <catch2/catch.hpp>

#include "support/print_result.hpp"

#include <string>
#include <vector>

using namespace ferrule;
using namespace ferrule::fleet::protocol;
using namespace std::chrono_literals;

namespace {

class recorder final : public agent_actions {
  public:
    void send(std::string text) override {
        const auto sent = read_frame(text);
        REQUIRE(sent);
        told.push_back("send " + sent->kind + " " + base::dump(sent->body));
    }

    void ping() override { told.emplace_back("ping"); }

    void welcomed(const welcome& by) override { told.push_back("welcomed by " + by.program); }

    void beat_due() override { told.emplace_back("beat"); }

    void acknowledged(std::uint64_t seq) override { told.push_back("acknowledged " + std::to_string(seq)); }

    void rejected(std::uint64_t seq, const std::string& kind) override {
        told.push_back("rejected " + kind + " " + std::to_string(seq));
    }

    void renewed(const grant& what) override { told.push_back("renewed " + what.certificate); }

    void not_renewed(const farewell& why) override { told.push_back("not renewed " + why.code); }

    bool message(const std::string& kind, const base::json&) override {
        told.push_back("message " + kind);
        return kind == "known";
    }

    void end(const farewell& why) override { told.push_back("end " + why.code + " " + base::to_text(why.retry_after)); }

    std::vector<std::string> take() { return std::exchange(told, {}); }

    std::vector<std::string> told;
};

using lines = std::vector<std::string>;

struct side {
    side()
        : of(actions, 10s, 5s, now) {
        hello self;
        self.boot_id = "b";
        self.tags = {{"a \"quote\"", "x"}};
        of.start(self);
    }

    lines receive(const std::string& text) {
        of.received(text, now);
        return actions.take();
    }

    lines after(base::duration time) {
        now += time;
        of.tick(now);
        return actions.take();
    }

    void greet() { receive(R"({"kind":"welcome","body":{"protocol":1,"version":"2"}})"); }

    base::steady_time now{1h};
    recorder actions;
    agent_side of;
};

reconnect plan(std::size_t controllers, double chance) {
    reconnect::settings wanted;
    wanted.controllers = controllers;
    return {wanted, [chance] { return chance; }};
}

} // namespace

TEST_CASE("what an agent says of itself is what a controller reads") {
    hello said;
    said.version = "1.2";
    said.host = "h";
    said.boot_id = "b";
    said.features = {"exec/1", "probe/1"};
    said.tags = {{"a \"quote\"", "x\ny"}, {"site", "fra"}};
    said.region = "eu";
    said.heartbeat = 7s;
    said.lost = 3;
    const auto read = hello_from(*base::parse_json(to_json(said)));
    REQUIRE(read);
    CHECK(read->features == said.features);
    CHECK(read->tags == said.tags);
    CHECK(read->heartbeat == 7s);
    CHECK(read->lost == 3);
    CHECK(read->newest == newest_version);
}

TEST_CASE("the first heartbeat follows the welcome, the others keep their phase") {
    side it;
    CHECK(it.actions.take().size() == 1);
    CHECK(it.receive(R"({"kind":"news of a newer controller","body":{}})").empty());
    CHECK(it.receive(R"({"kind":"welcome","body":{"protocol":1,"version":"2","more":true}})") ==
          lines{"welcomed by 2", "beat"});
    it.of.beat("{}");
    CHECK(it.actions.take() == lines{"send heartbeat {}"});
    CHECK(it.of.next_tick(it.now) <= it.now + 10s);
    it.of.alive(it.now);
    CHECK(it.after(9s).empty());
    CHECK(it.after(1s) == lines{"beat"});
    it.of.alive(it.now);
    CHECK(it.after(13s) == lines{"beat"});
    it.of.alive(it.now);
    CHECK(it.after(6s).empty());
    CHECK(it.after(1s) == lines{"beat"});
}

TEST_CASE("a controller that does not answer, or falls silent, is left") {
    side it;
    it.actions.take();
    CHECK(it.after(4s).empty());
    CHECK(it.after(1s) == lines{"end greet_timeout 0s"});
    side other;
    other.actions.take();
    other.greet();
    CHECK(other.after(15s) == lines{"ping", "beat"});
    CHECK(other.after(15s) == lines{"end silent 0s"});
    CHECK(other.after(1h).empty());
    CHECK(other.of.next_tick(other.now) > other.now); // whoever waits for it must not spin
}

TEST_CASE("refusals and farewells come with their code and the time to come back") {
    for (const std::string kind : {"refused", "busy", "goodbye"}) {
        side it;
        it.actions.take();
        CHECK(it.receive(R"({"kind":")" + kind + R"(","body":{"code":"c","message":"m","retry_after_ms":1500}})") ==
              lines{"end c 1s500ms"});
        side bare;
        bare.actions.take();
        CHECK(bare.receive(R"({"kind":")" + kind + R"("})") == lines{"end " + kind + " 0s"});
    }
}

TEST_CASE("an unknown kind is answered and harms nothing, and an answer to it is not answered") {
    side it;
    it.actions.take();
    it.greet();
    CHECK(it.receive(R"({"kind":"odd","body":{}})") == lines{"message odd", R"(send unsupported {"kind":"odd"})"});
    CHECK(it.receive(R"({"kind":"unsupported","body":{"kind":"mine"}})").empty());
    CHECK(it.receive(R"({"kind":"unsupported","body":{"kind":"mine","seq":4}})") == lines{"rejected mine 4"});
    CHECK(it.receive(R"({"kind":"ack","body":{"seq":3}})") == lines{"acknowledged 3"});
    CHECK(it.receive(R"({"kind":"known","body":{}})") == lines{"message known"});
    CHECK(it.receive(R"({"kind":"renewed","body":{"certificate":"pem"}})") == lines{"renewed pem"});
    CHECK(it.receive(R"({"kind":"renewed","body":{"code":"store_failed"}})") == lines{"not renewed store_failed"});
    CHECK(it.receive("nonsense") == lines{"end invalid_message 0s"});
}

TEST_CASE("the answer to an enrolment is a grant or the controller's own error") {
    CHECK(enrolment_answer(R"({"kind":"enrolled","body":{"certificate":"c","authority":"a"}})")->certificate == "c");
    CHECK(enrolment_answer(R"({"kind":"refused","body":{"code":"join_token_used","message":"m"}})").error().code() ==
          "join_token_used");
    CHECK(enrolment_answer(R"({"kind":"busy","body":{}})").error().retryable());
    CHECK(enrolment_answer(R"({"kind":"welcome","body":{}})").error().code() == "invalid_message");
    CHECK(enrolment_answer("x").error().code() == "invalid_message");
}

TEST_CASE("waits are drawn from a bound that doubles, and begin anew after success") {
    auto it = plan(1, 0.999999);
    CHECK(it.begin().wait == 0s);
    std::vector<std::int64_t> bounds;
    for (int i = 0; i < 10; ++i)
        bounds.push_back(std::chrono::round<std::chrono::milliseconds>(it.failed().wait).count());
    CHECK(bounds == std::vector<std::int64_t>{500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000});
    it.connected();
    CHECK(std::chrono::round<std::chrono::milliseconds>(it.failed().wait) == 500ms);
    auto none = plan(1, 0.0);
    for (int i = 0; i < 10; ++i)
        CHECK(none.failed().wait == 0s);
}

TEST_CASE("controllers are tried in turn, and the one that was connected first again") {
    auto it = plan(3, 0.5);
    CHECK(it.begin().controller == 0);
    CHECK(it.failed().controller == 1);
    CHECK(it.failed().controller == 2);
    CHECK(it.failed().wait == 250ms);
    CHECK(it.failed().wait == 500ms); // all three have been tried
    it.connected();
    CHECK(it.lost().controller == 1);
    CHECK(it.lost().wait == 1500ms);
}

TEST_CASE("one that is refused for what it is asks ever more rarely, and of several controllers all of them first") {
    auto alone = plan(1, 0.5);
    const auto at_first = alone.refused(true).wait;
    CHECK(at_first == 375ms); // half of the bound, and half of the other half
    CHECK(alone.refused(true).wait == 750ms);
    for (int i = 0; i < 20; ++i)
        alone.refused(true);
    CHECK(alone.refused(true).wait == 45min);
    alone.connected();
    CHECK(alone.refused(true).wait == at_first);

    auto three = plan(3, 0.5);
    const auto second = three.refused(true);
    CHECK(second.controller == 1);
    CHECK(second.wait < 1s);
    CHECK(three.refused(true).controller == 2);
    const auto again = three.refused(true);
    CHECK(again.controller == 0);
    CHECK(again.wait == 375ms);
}

TEST_CASE("what only an alert says, which anyone on the way can send, makes none wait for longer than minutes") {
    auto it = plan(1, 1);
    for (int i = 0; i < 40; ++i)
        CHECK(it.refused(i % 2 == 0).wait <= 5min);
    CHECK(it.refused(true).wait == 5min);
    it.connected();
    for (int i = 0; i < 40; ++i)
        it.refused(true);
    CHECK(it.refused(true).wait == 1h);
}

TEST_CASE("a controller that is only away is asked soon again, whatever the others say") {
    auto two = plan(2, 0.5);
    for (int i = 0; i < 20; ++i) {
        CHECK(two.refused(true).wait <= 1min);
        CHECK(two.failed().wait <= 1min);
    }
}

TEST_CASE("a time that the controller names is kept to, by no two agents alike") {
    auto it = plan(1, 0.25);
    CHECK(it.told_to_wait(8s).wait == 10s);
    CHECK(plan(2, 0.25).told_to_wait(8s).controller == 1);
}
