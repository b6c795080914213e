#include "app/check_messages.hpp"

#include "base/json.hpp"
#include "fleet/link.hpp"
#include "model/check_json.hpp"

#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>

using namespace ferrule;
using namespace ferrule::app;
using base::json;

namespace {

std::shared_ptr<const model::check> a_check(const std::string& name, std::size_t targets, std::size_t settings = 0) {
    auto made = std::make_shared<model::check>();
    made->name = name;
    made->probe = "tcp";
    for (std::size_t i = 0; i < targets; ++i) {
        auto& one = made->targets.emplace_back();
        one.host = "host" + std::to_string(i) + ".example.net";
        one.port = 443;
        if (settings != 0)
            one.settings = base::dump(json{{"send", std::string(settings, 'x')}});
    }
    return made;
}

std::vector<probes::assignment> assigned(const std::shared_ptr<const model::check>& definition) {
    std::vector<probes::assignment> all;
    for (auto& [name, one] : probes::assignments_of(definition))
        all.push_back(std::move(one));
    return all;
}

std::vector<std::string> collected(const std::vector<std::string>& parts) {
    messages::assignment_collector into;
    std::vector<std::string> whole;
    for (const auto& each : parts) {
        CHECK(whole.empty());
        auto taken = into.take(*base::parse_json(each));
        REQUIRE(taken);
        whole = std::move(*taken);
    }
    return whole;
}

} // namespace

TEST_CASE("what an agent is to measure arrives as it was, in messages of a bounded size") {
    auto all = assigned(a_check("many", 3'000));
    const auto large = assigned(a_check("large", 40, 60'000));
    all.insert(all.end(), large.begin(), large.end());
    auto told = messages::assignment_parts(all);
    CHECK(told.parts.size() > 2);
    for (const auto& each : told.parts)
        CHECK(each.size() < fleet::longest_message);
    std::reverse(told.parts.begin(), told.parts.end()); // the order does not matter
    std::vector<error> refused;
    const auto read = messages::read_assignments(collected(told.parts), refused);
    REQUIRE(read);
    CHECK(refused.empty());
    REQUIRE(read->size() == all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        if ((*read)[i].target == all[i].target && (*read)[i].input == all[i].input &&
            (*read)[i].revision == all[i].revision)
            continue;
        FAIL("differs at " << i << ": " << (*read)[i].target);
    }
}

TEST_CASE("an agent is told nothing of targets that others measure") {
    const auto all = assigned(a_check("shared", 500));
    const auto told = messages::assignment_parts({all[7]});
    REQUIRE(told.parts.size() == 1);
    CHECK(told.parts[0].find("host7.") == std::string::npos); // by name they are 0, 1, 10, 100, …
    CHECK(told.parts[0].find(all[7].target) != std::string::npos);
    CHECK(told.parts[0].size() < 2'000);
}

TEST_CASE("the same assignments are the same set, others another, and none are a set too") {
    const auto all = assigned(a_check("one", 3));
    CHECK(messages::assignment_parts(all).set == messages::assignment_parts(all).set);
    CHECK(messages::assignment_parts(all).set != messages::assignment_parts({all[0]}).set);
    const auto none = messages::assignment_parts({});
    REQUIRE(none.parts.size() == 1);
    std::vector<error> refused;
    const auto read = messages::read_assignments(collected(none.parts), refused);
    REQUIRE(read);
    CHECK(read->empty());
}

TEST_CASE("parts of another set begin anew, and one that comes twice counts once") {
    const auto first = messages::assignment_parts(assigned(a_check("first", 500)));
    const auto second = messages::assignment_parts(assigned(a_check("second", 500)));
    REQUIRE(first.parts.size() > 1);
    messages::assignment_collector into;
    CHECK(into.take(*base::parse_json(first.parts[0]))->empty());
    for (std::size_t i = 0; i + 1 < second.parts.size(); ++i) {
        CHECK(into.take(*base::parse_json(second.parts[i]))->empty());
        CHECK(into.take(*base::parse_json(second.parts[i]))->empty());
    }
    CHECK(into.take(*base::parse_json(second.parts.back()))->size() == second.parts.size());
}

TEST_CASE("a part that is none is refused") {
    for (const auto* text : {R"({})", R"([])", R"("x")", R"({"set":"1","part":1,"parts":1,"work":[]})",
                             R"({"set":"1","part":-1,"parts":1,"work":[]})", R"({"set":"1","part":0,"parts":1})",
                             R"({"set":"1","part":0,"parts":100000000,"work":[]})"}) {
        INFO(text);
        messages::assignment_collector into;
        CHECK_FALSE(into.take(*base::parse_json(text)));
    }
}

TEST_CASE("results go in deliveries that the link takes, and come back as they were") {
    std::vector<model::sample> all(3'000);
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].check = "c";
        all[i].node = "n";
        all[i].target = "t" + std::to_string(i);
        all[i].at = base::wall_time(std::chrono::milliseconds(1'700'000'000'000 + static_cast<std::int64_t>(i)));
        all[i].reason = std::string(500, 'r');
    }
    const auto bodies = messages::sample_bodies(all);
    CHECK(bodies.size() > 1);
    std::size_t at = 0;
    for (const auto& each : bodies) {
        CHECK(each.size() <= fleet::longest_delivery);
        const auto body = base::parse_json(each);
        REQUIRE(body);
        for (const auto& one : body->at("samples")) {
            const auto read = model::sample_from_json(one);
            REQUIRE(read);
            CHECK(read->target == all[at].target);
            CHECK(read->at == all[at].at);
            ++at;
        }
    }
    CHECK(at == all.size());
    CHECK(messages::sample_bodies({}).empty());
}

TEST_CASE("a probe that is asked for, and what came of it, are read as they were written") {
    const auto asked = messages::read_probe_request(*base::parse_json(
        messages::probe_request("1", "icmp", {R"({"host":"a"})", R"({"host":"b"})"}, std::chrono::seconds(2))));
    REQUIRE(asked);
    CHECK(asked->probe == "icmp");
    CHECK(asked->inputs.size() == 2);
    CHECK(asked->timeout == std::chrono::seconds(2));
    const auto up = messages::read_outcome(*base::parse_json(messages::outcome_text("1", 1, std::string("{}"))));
    REQUIRE(up);
    CHECK(up->index == 1);
    CHECK(*up->what == "{}");
    const auto failed =
        messages::read_outcome(*base::parse_json(messages::outcome_text("1", 0, error("plugin_not_found", "none"))));
    REQUIRE(failed);
    REQUIRE(failed->what.has_error());
    CHECK(failed->what.error().code() == "plugin_not_found");
    for (const auto* text : {R"({})", R"({"id":"1","index":0})", R"({"id":"1","index":-1,"result":"x"})", R"([])"}) {
        INFO(text);
        CHECK_FALSE(messages::read_outcome(*base::parse_json(text)));
    }
    CHECK_FALSE(messages::read_probe_request(*base::parse_json(R"({"id":"1"})")));
}
