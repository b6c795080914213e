// Probes, schedulers and stores through their wrappers.
#include "rig.hpp"

#include "plugins/error_slot.hpp"
#include "plugins/store.hpp"

#include <set>
#include <thread>

using ferrule::base::json;
using ferrule::plugins::no_node;
using ferrule::plugins::schedule_node;
using ferrule::plugins::schedule_target;
using test::rig;
using namespace std::chrono_literals;

namespace {

json parsed(const std::string& text) {
    auto got = ferrule::base::parse_json(text);
    REQUIRE(got);
    return *got;
}

schedule_node node(const char* name, std::uint32_t capacity, std::uint32_t count) {
    schedule_node out;
    out.name = name;
    out.capacity = capacity;
    out.count = count;
    out.labels = {{"region", "eu"}, {"role", "edge"}};
    return out;
}

frl_str text(std::string_view from) {
    return {from.data(), from.size()};
}

} // namespace

TEST_CASE("a probe tells up, down and why it could not measure") {
    rig in;
    in.add("echo");
    auto found = in.plugins().probe("echo");
    REQUIRE(found);
    const auto up = in.wait((*found)->run(R"({"host":"router1"})", rig::in(30s)));
    REQUIRE(up);
    CHECK(parsed(*up)["success"] == true);
    CHECK(parsed(*up)["labels"]["host"] == "router1");
    const auto down = in.wait((*found)->run(R"({"host":"x","down":"port closed"})", rig::in(30s)));
    REQUIRE(down);
    CHECK(parsed(*down)["success"] == false);
    CHECK(parsed(*down)["reason"] == "port closed");
    const auto failed = in.wait((*found)->run(R"({"host":"x","fail":"no_permission"})", rig::in(30s)));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code() == "no_permission");
    const auto slow = in.wait((*found)->run(R"({"host":"x","delay":60000})", rig::in(20ms)));
    // The plugin says "down" at its deadline, or the host's deadline comes first.
    CHECK((slow ? parsed(*slow)["success"] == false : slow.error().code() == "deadline"));
}

TEST_CASE("a batch of probes completes each on its own") {
    rig in(4);
    in.add("echo");
    auto found = in.plugins().probe("echo");
    REQUIRE(found);
    std::vector<std::string> targets;
    for (int i = 0; i < 500; ++i)
        targets.push_back(json{{"host", "h" + std::to_string(i)}, {"delay", i % 5}}.dump());
    targets.emplace_back("no json");
    std::promise<void> all;
    std::set<std::size_t> up;
    std::set<std::size_t> failed;
    bool twice = false;
    (*found)->run_batch(targets, rig::in(30s), in.loop().make_strand(),
                        [&](std::size_t i, ferrule::result<std::string> outcome) {
                            twice = twice || !(outcome ? up : failed).insert(i).second;
                            if (up.size() + failed.size() == targets.size())
                                all.set_value();
                        });
    REQUIRE(all.get_future().wait_for(60s) == std::future_status::ready);
    CHECK_FALSE(twice);
    CHECK(up.size() == 500);
    CHECK(failed == std::set<std::size_t>{500});
}

TEST_CASE("a batch with a probe that cannot be loaded fails each") {
    rig in;
    const auto file = in.add("echo");
    auto found = in.plugins().probe("echo");
    REQUIRE(found);
    std::filesystem::remove(file);
    std::promise<void> all;
    int failed = 0;
    bool right = true;
    (*found)->run_batch({"{}", "{}"}, rig::in(30s), in.loop().make_strand(),
                        [&](std::size_t, const ferrule::result<std::string>& outcome) {
                            right = right && outcome.error().code() == "plugin_not_found";
                            if (++failed == 2)
                                all.set_value();
                        });
    REQUIRE(all.get_future().wait_for(60s) == std::future_status::ready);
    CHECK(right);
}

TEST_CASE("a scheduler chooses nodes, from any thread") {
    rig in;
    in.add("first_fit");
    const auto found = in.wait(in.plugins().scheduler("first_fit"));
    REQUIRE(found);
    const std::vector<schedule_node> nodes{node("a", 2, 1), node("b", 1, 0)};
    const std::vector<schedule_target> targets(3, schedule_target{"device", {{"site", "ams"}}});
    const auto chosen = (*found)->select(nodes, targets);
    REQUIRE(chosen);
    CHECK(*chosen == std::vector<std::uint32_t>{0, 1, no_node});
    const auto one = (*found)->select(nodes, targets.front());
    REQUIRE(one);
    CHECK(*one == 0);

    std::vector<std::thread> callers;
    std::atomic<int> right = 0;
    for (int i = 0; i < 4; ++i)
        callers.emplace_back([&] {
            for (int round = 0; round < 500; ++round) {
                const auto got = (*found)->select(nodes, targets);
                if (got && *got == std::vector<std::uint32_t>{0, 1, no_node})
                    ++right;
            }
        });
    for (auto& each : callers)
        each.join();
    CHECK(right == 2000);
}

TEST_CASE("a scheduler of an unknown name is refused") {
    rig in;
    const auto found = in.wait(in.plugins().scheduler("first_fit"));
    REQUIRE_FALSE(found);
    CHECK(found.error().code() == "plugin_not_found");
}

TEST_CASE("a store is opened with its own configuration and used through its table") {
    rig in;
    in.add("memory_store");
    const auto names = in.plugins().list().front().note.components;
    REQUIRE(names.size() == 1);
    const std::string config = R"({"collections":[{"name":"jobs","attributes":["state"]}],"durability":"normal"})";
    auto opened = in.wait(in.plugins().store(names.front().name, config));
    REQUIRE(opened);
    const auto store = *opened;
    const auto state = text("queued");
    frl_record record{};
    record.struct_size = sizeof(record);
    record.collection = text("jobs");
    record.key = text("1");
    record.value = text("{}");
    record.attributes = &state;
    record.attribute_count = 1;
    const frl_record* records[] = {&record};
    std::uint8_t left_out = 0;
    ferrule::plugins::error_slot slot;
    CHECK(store->api().put_batch(store->handle(), records, 1, &left_out, slot) == FRL_OK);
    std::string read;
    const auto row = [](void* arg, const frl_record* got) -> std::int32_t {
        static_cast<std::string*>(arg)->assign(got->value.ptr, got->value.len);
        return 0;
    };
    CHECK(store->api().get(store->handle(), text("jobs"), text("1"), row, &read, slot) == FRL_OK);
    CHECK(read == "{}");
}
