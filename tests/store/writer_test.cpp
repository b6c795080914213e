#include "store/writer.hpp"

#include <catch2/catch.hpp>

#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <optional>

#include "support/print_result.hpp"
#include "writer_bench.hpp"

using namespace ferrule;
using namespace ferrule::tests;
using bench = writer_bench;

TEST_CASE("a write of an idle writer is committed alone, what comes meanwhile together") {
    bench on;
    on.backend.hold(true);
    auto first = on.write(put_of("1"));
    on.backend.wait_entered(1);
    auto second = on.write(put_of("2"));
    auto third = on.write(put_of("3"));
    on.backend.hold(false);
    CHECK(code_of(std::move(first)) == "ok");
    CHECK(code_of(std::move(second)) == "ok");
    CHECK(code_of(std::move(third)) == "ok");
    CHECK(on.backend.batches() == batches{{"1"}, {"2", "3"}});
    CHECK(on.writer->counted().records == 3);
    CHECK(on.writer->counted().batches == 2);
}

TEST_CASE("a group is cut between calls when it is too large for one transaction") {
    store::writer_limits limits;
    limits.batch_records = 2;
    bench on(limits);
    on.backend.hold(true);
    auto first = on.write(put_of("1"));
    on.backend.wait_entered(1);
    std::vector<store::record> three;
    for (const auto* key : {"3", "4", "5"})
        three.push_back(put_of(key));
    on.writer->put_later(put_of("2"));
    auto second = on.write(std::move(three));
    auto third = on.write(put_of("6"));
    auto fourth = on.write(put_of("7"));
    on.backend.hold(false);
    CHECK(code_of(std::move(fourth)) == "ok");
    CHECK(on.backend.batches() == batches{{"1"}, {"2"}, {"3", "4", "5"}, {"6", "7"}});
}

TEST_CASE("a write that awaits resumes where its caller runs") {
    bench on;
    const auto home = on.loop.make_strand();
    bool there = false;
    auto body = [&]() -> asio::awaitable<void> {
        auto written = co_await on.writer->put(put_of("1"));
        there = written.has_value() && home.running_in_this_thread();
    };
    asio::co_spawn(home, body(), asio::use_future).get();
    CHECK(there);
}

TEST_CASE("many coroutines that write at the same time all hear of it") {
    bench on;
    std::vector<std::future<result<void>>> waiting;
    for (int i = 0; i < 2000; ++i)
        waiting.push_back(on.put(put_of("k" + std::to_string(i))));
    int good = 0;
    for (auto& each : waiting)
        good += each.get() ? 1 : 0;
    CHECK(good == 2000);
    CHECK(on.writer->counted().records == 2000);
}

TEST_CASE("when a batch cannot be written for a passing reason, all its calls fail and the writer goes on") {
    bench on;
    on.backend.hold(true);
    auto first = on.write(put_of("1"));
    on.backend.wait_entered(1);
    on.backend.fail("3", error("disk_full", "the disk is full", true));
    auto second = on.write(put_of("2"));
    auto third = on.write(put_of("3"));
    on.writer->put_later(put_of("4"));
    on.backend.hold(false);
    CHECK(code_of(std::move(first)) == "ok");
    CHECK(code_of(std::move(second)) == "disk_full");
    CHECK(code_of(std::move(third)) == "disk_full");
    CHECK(code_of(on.write(put_of("5"))) == "ok");
    CHECK(on.backend.batches() == batches{{"1"}, {"5"}});
    CHECK(on.writer->counted().failed == 3);
}

TEST_CASE("a record that can never be written fails alone") {
    bench on;
    on.backend.hold(true);
    auto first = on.write(put_of("1"));
    on.backend.wait_entered(1);
    on.backend.fail("3", error("invalid_record", "no"));
    auto second = on.write(put_of("2"));
    auto third = on.write(put_of("3"));
    auto fourth = on.write(put_of("4"));
    on.backend.hold(false);
    CHECK(code_of(std::move(second)) == "ok");
    CHECK(code_of(std::move(third)) == "invalid_record");
    CHECK(code_of(std::move(fourth)) == "ok");
    CHECK(on.backend.batches() == batches{{"1"}, {"2"}, {"4"}});
}

TEST_CASE("an insert that finds its key taken is a conflict of its caller alone") {
    bench on;
    CHECK(code_of(on.write(put_of("a", "1"))) == "ok");
    on.backend.hold(true);
    auto first = on.write(put_of("x"));
    on.backend.wait_entered(2);
    auto taken = on.write(insert_of("a", "2"));
    auto fresh = on.write(insert_of("b", "2"));
    auto late = on.write(insert_of("b", "3"));
    auto plain = on.write(put_of("c"));
    on.backend.hold(false);
    CHECK(code_of(std::move(taken)) == "conflict");
    CHECK(code_of(std::move(fresh)) == "ok");
    CHECK(code_of(std::move(late)) == "conflict");
    CHECK(code_of(std::move(plain)) == "ok");
}

TEST_CASE("a full queue refuses with overloaded until there is room again") {
    store::writer_limits limits;
    limits.queue_bytes = 2000;
    bench on(limits);
    on.backend.hold(true);
    auto first = on.write(put_of("1", std::string(1000, 'x')));
    on.backend.wait_entered(1);
    auto second = on.write(put_of("2", std::string(1000, 'x')));
    CHECK(code_of(std::move(second)) == "overloaded");
    on.backend.hold(false);
    CHECK(code_of(std::move(first)) == "ok");
}

TEST_CASE("a write that is larger than the whole queue is taken beside others, but not a second one") {
    store::writer_limits limits;
    limits.queue_bytes = 2000;
    bench on(limits);
    on.backend.hold(true);
    auto first = on.write(put_of("1", std::string(1000, 'x')));
    on.backend.wait_entered(1);
    auto large = on.write(put_of("2", std::string(5000, 'x')));
    CHECK(code_of(on.write(put_of("3", std::string(5000, 'x')))) == "overloaded");
    CHECK(code_of(on.write(put_of("4"))) == "overloaded");
    on.backend.hold(false);
    CHECK(code_of(std::move(first)) == "ok");
    CHECK(code_of(std::move(large)) == "ok");
}

TEST_CASE("stop writes what is queued and flushes, later writes are refused") {
    bench on;
    on.backend.hold(true);
    auto first = on.write(put_of("1"));
    on.backend.wait_entered(1);
    auto second = on.write(put_of("2"));
    on.writer->put_later(put_of("3"));
    on.backend.hold(false);
    on.writer->stop();
    CHECK(code_of(std::move(first)) == "ok");
    CHECK(code_of(std::move(second)) == "ok");
    CHECK(on.backend.batches() == batches{{"1"}, {"2", "3"}});
    CHECK(on.backend.flushes() == 1);
    CHECK(code_of(on.write(put_of("4"))) == "stopping");
}

TEST_CASE("maintenance goes on until nothing expired is left, in small rounds") {
    store::writer_limits limits;
    limits.expire_at_once = 10;
    bench on(limits);
    on.backend.expire_soon(35);
    on.writer->maintain();
    on.backend.wait_expired();
    on.writer->stop();
    CHECK(on.writer->counted().expired == 35);
    CHECK(on.backend.rounds() == 4);
    CHECK(on.backend.maintained_at() > 1'700'000'000'000);
}
