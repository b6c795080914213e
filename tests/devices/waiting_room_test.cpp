// Jobs that no node can take: their order, and how few of them are looked at.
#include "devices/waiting_room.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace ferrule::devices;
using namespace std::chrono_literals;

namespace {

struct fixture {
    entry_ptr add(const std::string& id, const std::string& host, const std::string& node = {},
                  model::strategy how = model::strategy::fifo) {
        auto device = std::make_shared<model::device>();
        device->name = host;
        device->at.host = host;
        if (!node.empty())
            device->nodes.names = {node};
        auto at = std::make_shared<resolved_target>();
        at->order_key = model::device_key(device->at);
        at->device = std::move(device);
        auto first = std::make_shared<model::job>();
        first->id = id;
        first->request.how = how;
        const auto made = std::make_shared<job_entry>(std::move(first), std::move(at), 1s);
        table.add(made, base::steady_time(1h));
        table.made_durable(made);
        made->place = &room;
        room.push(made);
        return made;
    }

    void cancel(const entry_ptr& entry) {
        REQUIRE(table.cancel(entry) == job_table::cancel_outcome::claimed);
        room.wake(entry);
    }

    /// Those of a group, one turn after the other.
    std::vector<std::string> take_all(const std::string& group) {
        std::vector<std::string> ids;
        while (const auto first = room.first(group))
            for (const auto& each : room.take(first))
                ids.push_back(each->id);
        return ids;
    }

    state::event_bus bus;
    state::metrics figures;
    job_table table{bus, figures, 2};
    waiting_room room{table};
};

using names = std::vector<std::string>;

} // namespace

TEST_CASE("however many jobs the same nodes can take, they are one group, in their order") {
    fixture f;
    names wanted;
    for (int i = 0; i < 20'000; ++i)
        wanted.push_back(f.add(std::to_string(i), "h" + std::to_string(i))->id);
    f.add("other", "h", "a1");
    const auto groups = f.room.groups();
    REQUIRE(groups.size() == 2);
    CHECK(f.room.groups().size() == 2);
    const bool second = f.room.first(groups[0])->id == "other";
    CHECK(f.take_all(groups[second ? 1 : 0]) == wanted);
    CHECK_FALSE(f.room.empty());
    CHECK(f.take_all(groups[second ? 0 : 1]) == names{"other"});
    CHECK(f.room.empty());
    CHECK(f.room.groups().empty());
}

TEST_CASE("the jobs of a device go together, in their order, at the turn of the first") {
    fixture f;
    constexpr auto pinned = model::strategy::pinned;
    const auto a = f.add("1", "a", {}, pinned);
    f.add("2", "b", {}, pinned);
    f.add("3", "a", {}, pinned);
    const auto key = a->at->key();
    CHECK(f.room.has(key));
    CHECK(f.room.first_of(key) == a);
    REQUIRE(f.room.groups().size() == 1);
    f.cancel(a);
    CHECK(f.room.first_of(key)->id == "3");
    CHECK(f.take_all(f.room.groups()[0]) == names{"3", "2"});
    CHECK_FALSE(f.room.has(key));
    CHECK(f.room.first_of(key) == nullptr);
    CHECK(f.room.empty());
    f.add("4", "a", {}, pinned);
    CHECK(f.take_all(f.room.groups().at(0)) == names{"4"});
}

TEST_CASE("what is cancelled while it waits leaves nothing behind") {
    fixture f;
    const auto how = GENERATE(model::strategy::fifo, model::strategy::pinned);
    std::vector<entry_ptr> all;
    for (int i = 0; i < 1000; ++i)
        all.push_back(f.add(std::to_string(i), "h" + std::to_string(i), {}, how));
    for (std::size_t i = 0; i < all.size(); ++i)
        if (i != 500)
            f.cancel(all[i]);
    CHECK_FALSE(f.room.empty());
    REQUIRE(f.room.groups().size() == 1);
    CHECK(f.room.first(f.room.groups()[0]) == all[500]);
    f.cancel(all[500]);
    CHECK(f.room.empty());
    CHECK(f.room.groups().empty());
}
