#include "sqlite_fixture.hpp"

#include <atomic>
#include <thread>

using namespace ferrule;
using namespace ferrule::tests;

TEST_CASE("a record that was put is read back with everything it has") {
    const scratch_folder folder;
    opened_store store(config_for(folder.file("a.db")));
    store->put({testhost::record{"jobs", "k1", R"({"v":1})", {"queued", "r1"}, 42, 0}});
    const auto found = store->get("jobs", "k1");
    REQUIRE(found);
    CHECK(found->collection == "jobs");
    CHECK(found->key == "k1");
    CHECK(found->value == R"({"v":1})");
    CHECK(found->attributes == std::vector<std::string>{"queued", "r1"});
    CHECK(found->expires_at_ms == 42);
    CHECK_FALSE(store->get("jobs", "k2"));
}

TEST_CASE("the last of several writes of a key in one batch stands") {
    const scratch_folder folder;
    opened_store store(config_for(folder.file("a.db")));
    auto gone = job("b");
    gone.flags = FRL_RECORD_DELETE;
    store->put({job("a", "queued"), job("b"), job("a", "running"), gone, job("a", "succeeded")});
    CHECK(store->get("jobs", "a")->attributes[0] == "succeeded");
    CHECK_FALSE(store->get("jobs", "b"));
    CHECK(store->scan({"jobs", "", "", false, 0, {{"state", "running"}}}).empty());
}

TEST_CASE("a record that is written again is found by what it says now, whatever of it has changed") {
    const scratch_folder folder;
    opened_store store(config_for(folder.file("a.db")));
    const auto before = testhost::record{"jobs", "k", "old", {"queued", "r1"}, 1000, 0};
    using filter = std::pair<std::string, std::string>;
    const auto found_by = [&](const filter& wanted) {
        return store->scan({"jobs", "", "", false, 0, {wanted}}).size();
    };
    // Each bit changes one column; twice, so that the second time meets a statement that is there already.
    for (unsigned round = 0; round < 32; ++round) {
        const auto bits = round % 16;
        store->put({before});
        auto after = before;
        after.value = (bits & 1U) != 0 ? "new" : "old";
        after.attributes[0] = (bits & 2U) != 0 ? "running" : "queued";
        after.attributes[1] = (bits & 4U) != 0 ? "" : "r1";
        after.expires_at_ms = (bits & 8U) != 0 ? 0 : 1000;
        INFO("columns " << bits);
        CHECK(store->put({after}).empty());
        const auto kept = store->get("jobs", "k");
        REQUIRE(kept);
        CHECK(kept->value == after.value);
        CHECK(kept->attributes == after.attributes);
        CHECK(kept->expires_at_ms == after.expires_at_ms);
        for (const auto* state : {"queued", "running"})
            CHECK(found_by({"state", state}) == (after.attributes[0] == state ? 1U : 0U));
        for (const auto* device : {"r1", ""})
            CHECK(found_by({"device", device}) == (after.attributes[1] == device ? 1U : 0U));
        CHECK(store->maintain(2000) == (after.expires_at_ms == 0 ? 0U : 1U));
    }
}

TEST_CASE("texts with quotes, NUL and bytes beyond ASCII are kept as they are") {
    const scratch_folder folder;
    opened_store store(config_for(folder.file("a.db")));
    const std::string odd("it's \"q\" \0 \xc3\xa4; DROP TABLE c_jobs", 30);
    store->put({testhost::record{"jobs", odd, odd, {odd, ""}, 0, 0}});
    const auto found = store->scan({"jobs", "", "", false, 0, {{"state", odd}}});
    REQUIRE(found.size() == 1);
    CHECK(found[0].key == odd);
    CHECK(found[0].value == odd);
    CHECK(found[0].attributes == std::vector<std::string>{odd, ""});
}

TEST_CASE("attributes that a record leaves out are empty") {
    const scratch_folder folder;
    opened_store store(config_for(folder.file("a.db")));
    store->put({testhost::record{"jobs", "k", "{}", {"queued"}, 0, 0}});
    CHECK(store->get("jobs", "k")->attributes == std::vector<std::string>{"queued", ""});
}

TEST_CASE("an insert whose key exists is left out and named, the rest of the batch is written") {
    const scratch_folder folder;
    opened_store store(config_for(folder.file("a.db")));
    store->put({job("a", "running")});
    auto again = job("a", "queued");
    again.flags = FRL_RECORD_INSERT;
    auto fresh = job("b");
    fresh.flags = FRL_RECORD_INSERT;
    CHECK(store->put({again, fresh, job("c"), fresh}) == std::vector<std::size_t>{0, 3});
    CHECK(store->get("jobs", "a")->attributes[0] == "running");
    CHECK(keys_of(store->scan({"jobs", "", "", false, 0, {}})) == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("a batch with one bad record writes nothing and the store goes on") {
    const scratch_folder folder;
    opened_store store(config_for(folder.file("a.db")));
    auto stray = job("b");
    stray.collection = "jbos";
    CHECK(failure_of([&] {
              store->put({job("a"), stray});
          }) == "unknown_collection: the store has no collection 'jbos'; declare it when the store is opened");
    auto wide = job("b");
    wide.attributes.emplace_back("third");
    CHECK(failure_of([&] {
              store->put({job("a"), wide});
          }) == "invalid_record: a record for the collection 'jobs' has 3 attributes, the collection declares 2");
    CHECK_FALSE(store->get("jobs", "a"));
    store->put({job("a")});
    CHECK(store->get("jobs", "a"));
}

TEST_CASE("a scan gives keys of a half-open range in order, in either direction, up to a limit") {
    const scratch_folder folder;
    opened_store store(config_for(folder.file("a.db")));
    store->put({job("d"), job("b"), job("a"), job("c"), job("e")});
    using keys = std::vector<std::string>;
    CHECK(keys_of(store->scan({"jobs", "", "", false, 0, {}})) == keys{"a", "b", "c", "d", "e"});
    CHECK(keys_of(store->scan({"jobs", "b", "d", false, 0, {}})) == keys{"b", "c"});
    CHECK(keys_of(store->scan({"jobs", "", "d", true, 2, {}})) == keys{"c", "b"});
    CHECK(keys_of(store->scan({"jobs", "c", "", true, 0, {}})) == keys{"e", "d", "c"});
}

TEST_CASE("filters hold together, and one attribute may have several values") {
    const scratch_folder folder;
    opened_store store(config_for(folder.file("a.db")));
    store->put({job("1", "queued", "r1"), job("2", "running", "r1"), job("3", "queued", "r2"), job("4", "failed", "r1"),
                job("5", "running", "r2")});
    using keys = std::vector<std::string>;
    CHECK(keys_of(store->scan({"jobs", "", "", false, 0, {{"state", "queued"}}})) == keys{"1", "3"});
    CHECK(keys_of(store->scan({"jobs", "", "", true, 2, {{"state", "queued"}, {"state", "running"}}})) ==
          keys{"5", "3"});
    CHECK(keys_of(store->scan({"jobs", "", "", false, 0, {{"state", "queued"}, {"state", "queued"}}})) ==
          keys{"1", "3"});
    CHECK(keys_of(store->scan(
              {"jobs", "2", "", false, 0, {{"state", "queued"}, {"device", "r1"}, {"state", "running"}}})) ==
          keys{"2"});
    CHECK(store->scan({"jobs", "", "", false, 0, {{"state", "expired"}}}).empty());
    CHECK(failure_of([&] {
              store->scan({"jobs", "", "", false, 0, {{"colour", "red"}}});
          }) == "invalid_query: the collection 'jobs' has no attribute 'colour' to filter by");
}

TEST_CASE("a filter with more values than are merged still gives rows in key order") {
    const scratch_folder folder;
    opened_store store(config_for(folder.file("a.db")));
    std::vector<std::pair<std::string, std::string>> any_of;
    std::vector<testhost::record> all;
    for (int i = 100; i < 200; ++i) {
        any_of.emplace_back("device", "r" + std::to_string(i));
        all.push_back(job(std::to_string(300 - i), "queued", "r" + std::to_string(i)));
    }
    store->put(all);
    CHECK(keys_of(store->scan({"jobs", "", "", false, 3, any_of})) == std::vector<std::string>{"101", "102", "103"});
}

TEST_CASE("maintenance removes what has expired, oldest first and no more than the limit") {
    const scratch_folder folder;
    opened_store store(config_for(folder.file("a.db")));
    const auto expiring = [](const std::string& key, std::int64_t at) {
        auto made = job(key);
        made.expires_at_ms = at;
        return made;
    };
    store->put({expiring("a", 1000), expiring("b", 500), expiring("c", 2000), job("d")});
    CHECK(store->maintain(1500, 1) == 1);
    CHECK(keys_of(store->scan({"jobs", "", "", false, 0, {}})) == std::vector<std::string>{"a", "c", "d"});
    CHECK(store->maintain(1500, 10) == 1);
    CHECK(store->maintain(1500, 10) == 0);
    CHECK(keys_of(store->scan({"jobs", "", "", false, 0, {}})) == std::vector<std::string>{"c", "d"});
}

TEST_CASE("a scan while batches are written sees whole batches only") {
    const scratch_folder folder;
    opened_store store(config_for(folder.file("a.db")));
    constexpr int batches = 200;
    constexpr std::size_t batch = 10;
    std::atomic<bool> over{false};
    std::atomic<int> torn{0};
    std::vector<std::thread> reading;
    for (int i = 0; i < 3; ++i)
        reading.emplace_back([&] {
            do {
                if (store->scan({"jobs", "", "", false, 0, {{"state", "queued"}}}).size() % batch != 0)
                    ++torn;
            } while (!over);
        });
    for (int i = 0; i < batches; ++i) {
        std::vector<testhost::record> all;
        for (std::size_t k = 0; k < batch; ++k)
            all.push_back(job(std::to_string(i * 100) + "-" + std::to_string(k)));
        store->put(all);
    }
    over = true;
    for (auto& each : reading)
        each.join();
    CHECK(torn == 0);
    CHECK(store->scan({"jobs", "", "", false, 0, {}}).size() == batches * batch);
}
