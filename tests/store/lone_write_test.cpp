// Single calls, which are written on the loop when nothing has to be waited for.
#include "store/writer.hpp"

#include <catch2/catch.hpp>

#include <thread>

#include "support/print_result.hpp"
#include "writer_bench.hpp"

using namespace ferrule;
using namespace ferrule::tests;

namespace {

/// A bench whose backend writes single calls at once, and whose writer's thread sleeps.
struct prompt_bench : writer_bench {
    prompt_bench()
        : writer_bench({}, true) {
        while (backend.at_once().empty())
            CHECK(code_of(write(put_of("before"))) == "ok");
        backend.forget();
        before = writer->counted();
    }

    store::writer::figures counted() const {
        auto now = writer->counted();
        now.records -= before.records;
        now.batches -= before.batches;
        return now;
    }

    /// On the loop, as one handler.
    void on_loop(const std::function<void()>& what) {
        std::promise<void> done;
        asio::post(loop.get_executor(), [&] {
            what();
            done.set_value();
        });
        done.get_future().wait();
    }

    store::writer::figures before;
};

} // namespace

TEST_CASE("a call that is alone is written on the loop") {
    prompt_bench on;
    CHECK(code_of(on.write(put_of("a"))) == "ok");
    CHECK(code_of(on.write(std::vector{put_of("b"), put_of("c")})) == "ok");
    CHECK(on.backend.at_once() == batches{{"a"}, {"b", "c"}});
    CHECK(on.backend.batches().empty());
    CHECK(on.counted().records == 3);
    CHECK(on.counted().batches == 2);
}

TEST_CASE("calls that come in the same round of the loop are left to the writer's thread, in their order") {
    prompt_bench on;
    std::vector<std::future<result<void>>> all;
    on.on_loop([&] {
        for (const auto* key : {"a", "b", "c"})
            all.push_back(on.write(put_of(key)));
    });
    for (auto& each : all)
        CHECK(code_of(std::move(each)) == "ok");
    CHECK(on.backend.at_once().empty());
    std::vector<std::string> keys;
    for (const auto& batch : on.backend.batches())
        keys.insert(keys.end(), batch.begin(), batch.end());
    CHECK(keys == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("the second call wakes the writer's thread, however long the loop is busy") {
    prompt_bench on;
    std::future<result<void>> first;
    on.on_loop([&] {
        first = on.write(put_of("a"));
        const auto second = on.write(put_of("b"));
        on.backend.wait_entered(1); // before the loop goes on
    });
    CHECK(code_of(std::move(first)) == "ok");
    CHECK(on.backend.at_once().empty());
}

TEST_CASE("one call of many records is left to the writer's thread") {
    prompt_bench on;
    std::vector<store::record> many;
    for (int i = 0; i < 100; ++i)
        many.push_back(put_of(std::to_string(i)));
    CHECK(code_of(on.write(std::move(many))) == "ok");
    CHECK(on.backend.at_once().empty());
}

TEST_CASE("a single call that would have to wait is written by the writer's thread, before all that came later") {
    prompt_bench on;
    std::future<result<void>> later;
    on.backend.let_wait();
    on.backend.during_try = [&] { later = on.write(put_of("b")); };
    CHECK(code_of(on.write(put_of("a"))) == "ok");
    CHECK(code_of(std::move(later)) == "ok");
    CHECK(on.backend.at_once().empty());
    CHECK(on.backend.batches() == batches{{"a", "b"}});
    CHECK(on.counted().records == 2);
}

TEST_CASE("while a single call is being written the writer's thread keeps away, and then takes what has come") {
    prompt_bench on;
    on.backend.hold(true);
    auto first = on.write(put_of("a"));
    on.backend.wait_entered(1);
    std::vector<std::future<result<void>>> rest;
    for (int i = 0; i < 50; ++i)
        rest.push_back(on.write(put_of("b" + std::to_string(i))));
    on.writer->maintain();
    on.backend.hold(false);
    CHECK(code_of(std::move(first)) == "ok");
    for (auto& each : rest)
        CHECK(code_of(std::move(each)) == "ok"); // the backend throws when two threads are in it
    CHECK(on.backend.at_once() == batches{{"a"}});
    CHECK(on.backend.batches().size() == 1);
}

TEST_CASE("a single call that fails fails for its caller alone") {
    prompt_bench on;
    on.backend.fail("bad", error("record_too_large", "no"));
    CHECK(code_of(on.write(put_of("bad"))) == "record_too_large");
    CHECK(code_of(on.write(insert_of("a", "1"))) == "ok");
    CHECK(code_of(on.write(insert_of("a", "2"))) == "conflict");
    CHECK(on.counted().failed == 2);
}

TEST_CASE("a backend that throws gives its caller an internal error, and the writer goes on") {
    prompt_bench on;
    on.backend.during_try = [] { throw std::runtime_error("out of luck"); };
    CHECK(code_of(on.write(put_of("a"))) == "internal");
    on.backend.during_try = nullptr;
    CHECK(code_of(on.write(put_of("b"))) == "ok");
}

TEST_CASE("stop writes a call that is still being gathered") {
    prompt_bench on;
    std::future<result<void>> outcome;
    on.on_loop([&] {
        outcome = on.write(put_of("a"));
        on.writer->stop(); // before the loop comes round
    });
    CHECK(code_of(std::move(outcome)) == "ok");
    CHECK(on.backend.batches() == batches{{"a"}});
    CHECK(on.backend.flushes() == 1);
}

TEST_CASE("stop waits for a single call that is being written") {
    prompt_bench on;
    on.backend.hold(true);
    auto outcome = on.write(put_of("a"));
    on.backend.wait_entered(1);
    std::thread stopping([&] { on.writer->stop(); });
    on.backend.hold(false);
    CHECK(code_of(std::move(outcome)) == "ok");
    stopping.join();
    CHECK(on.backend.flushes() == 1);
    CHECK(code_of(on.write(put_of("b"))) == "stopping");
}

TEST_CASE("many threads that write single calls and groups all hear of it, in their order") {
    prompt_bench on;
    std::vector<std::thread> all;
    for (int thread = 0; thread < 4; ++thread)
        all.emplace_back([&on, thread] {
            for (int i = 0; i < 200; ++i) {
                auto outcome = on.write(put_of(std::to_string(thread) + "." + std::to_string(i)));
                if (i % 3 == 0)
                    outcome.wait();
            }
        });
    for (auto& each : all)
        each.join();
    on.writer->stop();
    CHECK(on.counted().records == 800);
    CHECK(on.counted().failed == 0);
}
