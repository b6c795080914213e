// Writing without waiting for anything.
#include "sqlite_fixture.hpp"
#include "watched_disk.hpp"

#include <thread>

using namespace ferrule::tests;

namespace {

// The first commit starts the log, which is written through to the disk.
void start_log(opened_store& on) {
    on->put({job("first")});
}

} // namespace

TEST_CASE("a record is written at once when nothing has to be waited for, and is read like any other") {
    const scratch_folder scratch;
    opened_store on(config_for(scratch.file("a.db")));
    REQUIRE(on->tries());
    start_log(on);
    auto taken = job("first", "other");
    taken.flags = FRL_RECORD_INSERT;
    CHECK(on->try_put({job("1"), job("2", "running"), taken}) == std::vector<std::size_t>{2});
    CHECK(keys_of(on->scan({"jobs"})) == std::vector<std::string>{"1", "2", "first"});
    CHECK(on->get("jobs", "1")->attributes.at(0) == "queued");
}

TEST_CASE("the commit that starts the log anew waits for the disk, so it is never made at once") {
    const scratch_folder scratch;
    opened_store on(config_for(scratch.file("a.db")));
    CHECK_FALSE(on->try_put({job("1")}));
    CHECK_FALSE(on->get("jobs", "1"));
    start_log(on);
    CHECK(on->try_put({job("1")}));
}

TEST_CASE("with full durability each commit waits for the disk, so none is made at once") {
    const scratch_folder scratch;
    opened_store on(config_for(scratch.file("a.db"), jobs_by_state_and_device, R"(,"durability":"full")"));
    start_log(on);
    CHECK_FALSE(on->try_put({job("1")}));
    CHECK_FALSE(on->get("jobs", "1"));
}

TEST_CASE("while another program writes nothing is written at once, and afterwards it is again") {
    const scratch_folder scratch;
    const auto path = scratch.file("a.db");
    opened_store on(config_for(path));
    start_log(on);
    sqlite3* other = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &other) == SQLITE_OK);
    REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
    CHECK_FALSE(on->try_put({job("1")}));
    REQUIRE(sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(other);
    CHECK(on->try_put({job("1")}));
    // The patience of the other calls is as it was.
    REQUIRE(sqlite3_open(path.c_str(), &other) == SQLITE_OK);
    REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
    std::thread releasing([other] { sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr); });
    on->put({job("2")});
    releasing.join();
    sqlite3_close(other);
    CHECK(on->get("jobs", "2"));
}

TEST_CASE("a batch with one bad record writes nothing at once either") {
    const scratch_folder scratch;
    opened_store on(config_for(scratch.file("a.db")));
    start_log(on);
    auto bad = job("2");
    bad.collection = "nothing";
    CHECK(failure_of([&] { on->try_put({job("1"), bad}); }).find("unknown_collection") == 0);
    CHECK_FALSE(on->get("jobs", "1"));
    on->put({job("1")}); // no transaction has been left open
    CHECK(on->get("jobs", "1"));
}

TEST_CASE("while the disk is slow nothing more is written at once") {
    const watched_disk disk;
    const scratch_folder scratch;
    opened_store on(config_for(scratch.file("a.db")));
    start_log(on);
    watched_disk::fails = GENERATE(false, true);
    watched_disk::takes = std::chrono::milliseconds(5);
    if (watched_disk::fails)
        CHECK(failure_of([&] { on->try_put({job("1")}); }).find("store_failed") == 0);
    else
        CHECK(on->try_put({job("1")}));
    CHECK(on->get("jobs", "1").has_value() != watched_disk::fails);
    watched_disk::fails = false;
    watched_disk::takes = {};
    CHECK_FALSE(on->try_put({job("2")}));
    on->put({job("2")});
    CHECK(on->get("jobs", "2"));
}

TEST_CASE(
    "what is written at once never waits until the disk has it, also while the log is folded in and started anew") {
    const watched_disk disk;
    const scratch_folder scratch;
    opened_store on(config_for(scratch.file("a.db"), jobs_by_state_and_device, R"(,"wal_limit_mb":4)"));
    start_log(on);
    const std::string large(3000, 'x');
    int at_once = 0;
    int waited = 0;
    for (int i = 0; i < 6000; ++i) {
        auto one = job(std::to_string(i % 500));
        one.value = "\"" + large + "\"";
        const auto before = watched_disk::syncs;
        if (i % 2 == 0 && on->try_put({one})) {
            ++at_once;
            CHECK(watched_disk::syncs == before);
        } else {
            on->put({one});
            waited += watched_disk::syncs - before;
        }
    }
    CHECK(at_once > 0);
    CHECK(waited > 0);
}

TEST_CASE(
    "a log that reaches its limit is folded in by the thread that may wait, and writing at once goes on after it") {
    const scratch_folder scratch;
    opened_store on(config_for(scratch.file("a.db"), jobs_by_state_and_device, R"(,"wal_limit_mb":4)"));
    start_log(on);
    const std::string large(3000, 'x');
    std::size_t at_once = 0;
    std::size_t waited = 0;
    for (int i = 0; i < 3000; ++i) {
        auto one = job(std::to_string(i));
        one.value = "\"" + large + "\"";
        if (on->try_put({one})) {
            ++at_once;
        } else {
            on->put({one});
            ++waited;
        }
    }
    CHECK(at_once > 0);
    CHECK(waited > 0);
    CHECK(on->scan({"jobs"}).size() == 3001);
    CHECK(std::filesystem::file_size(scratch.file("a.db-wal")) < 16 * 1024 * 1024);
}
