// What a controller says on one connection.
#include "fleet/protocol/controller_side.hpp"
#include "fleet/protocol/frame.hpp"

#include "base/json.hpp"

#include <catch2/catch.hpp>

#include "support/print_result.hpp"

#include <set>
#include <string>
#include <vector>

using namespace ferrule;
using namespace ferrule::fleet::protocol;
using namespace std::chrono_literals;

namespace {

// Writes down what it is asked for.
class recorder final : public controller_actions {
  public:
    void send(std::string text) override {
        const auto sent = read_frame(text);
        REQUIRE(sent);
        told.push_back("send " + sent->kind + " " + base::dump(sent->body));
    }

    void ping() override { told.emplace_back("ping"); }

    void enrol(enrolment wanted) override { told.push_back("enrol " + wanted.name); }

    void greeted(hello from) override { told.push_back("greeted " + from.version); }

    void heartbeat(const base::json& body) override { told.push_back("heartbeat " + base::dump(body)); }

    void renew(std::string request) override { told.push_back("renew " + request); }

    bool message(const std::string& kind, const base::json&) override {
        told.push_back("message " + kind);
        return kinds.contains(kind);
    }

    bool delivery(const std::string& kind, const base::json&, std::uint64_t seq) override {
        told.push_back("delivery " + kind + " " + std::to_string(seq));
        return kinds.contains(kind);
    }

    void end(std::string code, std::string) override { told.push_back("end " + code); }

    std::vector<std::string> take() { return std::exchange(told, {}); }

    std::set<std::string> kinds{"known"};
    std::vector<std::string> told;
};

using lines = std::vector<std::string>;

struct side {
    explicit side(bool certified = true)
        : of(settings, actions, certified, now) {}

    lines receive(const std::string& text) {
        of.received(text, now);
        return actions.take();
    }

    lines after(base::duration time) {
        now += time;
        of.tick(now);
        return actions.take();
    }

    void greet(const std::string& more = {}) {
        receive(R"({"kind":"hello","body":{"protocol":1,"boot_id":"b","version":"1","heartbeat_ms":10000)" + more +
                "}}");
        of.accept();
        actions.take();
    }

    base::steady_time now{1h};
    controller_side::settings settings{"2.0", {"x/1"}, 10s};
    recorder actions;
    controller_side of;
};

} // namespace

TEST_CASE("a greeting that is in order is welcomed with version and features") {
    side it;
    CHECK(it.receive(R"({"kind":"hello","body":{"protocol":1,"boot_id":"b","version":"0.9","lost":7}})") ==
          lines{"greeted 0.9"});
    CHECK_FALSE(it.of.established());
    it.of.accept();
    CHECK(it.actions.take() == lines{R"(send welcome {"features":["x/1"],"lost":7,"protocol":1,"version":"2.0"})"});
    CHECK(it.of.established());
}

TEST_CASE("a newer agent that still speaks our version is welcomed, and what it adds is ignored") {
    side it;
    CHECK(it.receive(R"({"kind":"hello","more":1,"body":{"protocol":9,"oldest_protocol":1,"boot_id":"b",
                         "version":"9","new":{"a":[1]},"labels":{"site":"x","bad":7},"features":["a",1]}})") ==
          lines{"greeted 9"});
    it.of.accept();
    it.actions.take();
    CHECK(it.receive(R"({"kind":"of tomorrow","body":{}})") ==
          lines{"message of tomorrow", R"(send unsupported {"kind":"of tomorrow"})"});
    CHECK(it.receive(R"({"kind":"known","when":"later","body":{}})") == lines{"message known"});
    CHECK(it.of.established());
}

TEST_CASE("an agent whose versions do not overlap is refused with both ranges") {
    side it;
    const auto told = it.receive(R"({"kind":"hello","body":{"protocol":9,"oldest_protocol":5,"boot_id":"b"}})");
    REQUIRE(told.size() == 2);
    CHECK(told[0].starts_with(R"(send refused {"code":"protocol_mismatch")"));
    CHECK(told[0].find("5 to 9") != std::string::npos);
    CHECK(told[1] == "end protocol_mismatch");
}

TEST_CASE("without a certificate an agent can enrol and nothing else") {
    side it(false);
    CHECK(it.receive(R"({"kind":"enrol","body":{"token":"t","csr":"c","name":"edge"}})") == lines{"enrol edge"});
    it.of.granted({"pem", "root", {}});
    CHECK(it.actions.take() == lines{R"(send enrolled {"authority":"root","certificate":"pem"})", "end enrolled"});

    side other(false);
    const auto told = other.receive(R"({"kind":"hello","body":{"protocol":1,"boot_id":"b"}})");
    REQUIRE(told.size() == 2);
    CHECK(told[1] == "end certificate_required");
    CHECK(other.receive(R"({"kind":"heartbeat","body":{}})").empty());

    side refused(false);
    refused.receive(R"({"kind":"enrol","body":{"token":"t","csr":"c"}})");
    refused.of.not_granted({"join_token_used", "it was used", {}});
    CHECK(refused.actions.take() ==
          lines{R"(send refused {"code":"join_token_used","message":"it was used"})", "end join_token_used"});
}

TEST_CASE("what is no message ends the connection with its fault") {
    for (const std::string text : {"", "nonsense", "[]", "{}", R"({"kind":7})", R"({"kind":"hello","body":[]})",
                                   R"({"kind":"hello","seq":-1,"body":{}})",
                                   R"({"kind":"hello","body":{"protocol":1}})", R"({"kind":"heartbeat","body":{}})"}) {
        INFO(text);
        side it;
        CHECK(it.receive(text) == lines{"end invalid_message"});
        CHECK(it.receive(R"({"kind":"hello","body":{"protocol":1,"boot_id":"b"}})").empty());
    }
}

TEST_CASE("acknowledgements go out in the order of arrival, however the deliveries become safe") {
    side it;
    it.greet();
    for (const auto* seq : {"5", "6", "9"})
        CHECK(it.receive(std::string(R"({"kind":"known","seq":)") + seq + R"(,"body":{}})") ==
              lines{std::string("delivery known ") + seq});
    it.of.taken(6);
    CHECK(it.actions.take().empty());
    it.of.taken(5);
    CHECK(it.actions.take() == lines{R"(send ack {"seq":6})"});
    it.of.taken(9);
    CHECK(it.actions.take() == lines{R"(send ack {"seq":9})"});
    it.of.taken(9);
    CHECK(it.actions.take().empty());
}

TEST_CASE("a delivery that nobody takes is told so and holds nothing back") {
    side it;
    it.greet();
    it.receive(R"({"kind":"known","seq":1,"body":{}})");
    CHECK(it.receive(R"({"kind":"odd","seq":2,"body":{}})") ==
          lines{"delivery odd 2", R"(send unsupported {"kind":"odd","seq":2})"});
    it.receive(R"({"kind":"known","seq":3,"body":{}})");
    it.of.taken(1);
    it.of.taken(3);
    CHECK(it.actions.take() == lines{R"(send ack {"seq":1})", R"(send ack {"seq":3})"});
}

TEST_CASE("an agent that never waits for acknowledgements is cut off") {
    side it;
    it.greet();
    lines told;
    for (int i = 1; i < 10000 && told != lines{"end too_many_unacknowledged"}; ++i)
        told = it.receive(R"({"kind":"known","seq":)" + std::to_string(i) + R"(,"body":{}})");
    CHECK(told == lines{"end too_many_unacknowledged"});
}

TEST_CASE("silence is asked about at half the limit and ends the connection at the whole") {
    side it;
    it.greet(); // heartbeats every 10s, so the limit is 30s
    CHECK(it.after(14s).empty());
    CHECK(it.after(1s) == lines{"ping"});
    CHECK(it.after(5s).empty());
    it.of.alive(it.now);
    CHECK(it.after(14s).empty());
    CHECK(it.after(1s) == lines{"ping"});
    CHECK(it.receive(R"({"kind":"heartbeat","body":{"a":1}})") == lines{R"(heartbeat {"a":1})"});
    CHECK(it.after(29s) == lines{"ping"});
    CHECK(it.after(1s) == lines{"end silent"});
    CHECK(it.after(1h).empty());
}

TEST_CASE("who does not greet in time is sent away") {
    side it;
    CHECK(it.after(9s).empty());
    CHECK(it.after(1s) == lines{"end greet_timeout"});
}

TEST_CASE("an overloaded controller says when to come back") {
    side it;
    it.receive(R"({"kind":"hello","body":{"protocol":1,"boot_id":"b"}})");
    it.of.refuse({"too_many_agents", "full", 30s});
    CHECK(it.actions.take() == lines{R"(send busy {"code":"too_many_agents","message":"full","retry_after_ms":30000})",
                                     "end too_many_agents"});
}
