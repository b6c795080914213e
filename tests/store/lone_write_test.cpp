// Single calls, which are written on the loop when nothing has to be waited for.
#include "store/writer.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <thread>

#include "support/print_result.hpp"
#include "writer_bench.hpp"

using namespace ferrule;
using namespace ferrule::tests;

namespace {

/// A bench whose backend writes single calls at once, and whose writer's thread sleeps.
struct prompt_bench : writer_bench {
    explicit prompt_bench(unsigned threads = 1)
        : writer_bench({}, true, threads) {
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

TEST_CASE("one large record is left to the writer's thread") {
    prompt_bench on;
    CHECK(code_of(on.write(put_of("a", std::string(100'000, 'x')))) == "ok");
    CHECK(on.backend.at_once().empty());
    CHECK(on.backend.batches() == batches{{"a"}});
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

TEST_CASE("what many threads write, alone and in groups, is written once, and in the order of each") {
    constexpr int writers = 4;
    constexpr int calls = 300;
    prompt_bench on(GENERATE(1U, 4U));
    std::vector<std::thread> all;
    for (int thread = 0; thread < writers; ++thread)
        all.emplace_back([&on, thread] {
            for (int i = 0; i < calls; ++i) {
                auto outcome = on.write(put_of(std::string(1, static_cast<char>('a' + thread)) + std::to_string(i)));
                if (i % 3 == 0)
                    outcome.wait();
            }
        });
    for (auto& each : all)
        each.join();
    on.writer->stop();
    CHECK(on.counted().records == writers * calls);
    CHECK(on.counted().failed == 0);
    std::array<int, writers> next{};
    for (const auto& key : on.backend.written())
        CHECK(std::stoi(key.substr(1)) == next.at(static_cast<std::size_t>(key.front() - 'a'))++);
    CHECK(next == std::array<int, writers>{calls, calls, calls, calls});
}

TEST_CASE("a writer goes at any moment, and every call that it took is written and answered once") {
    scripted_backend backend(true);
    runtime::io loop(4);
    loop.start();
    constexpr int rounds = 300;
    std::atomic<int> answered{0};
    std::atomic<int> written{0};
    const auto done = [&](const result<void>& outcome) {
        ++answered;
        written += outcome ? 1 : 0;
    };
    int calls = 0;
    for (int round = 0; round < rounds; ++round) {
        store::writer passing(backend, loop.get_executor(), base::system_clock());
        // From none to some: with one it goes while that is gathered or written on the loop.
        for (int i = 0; i < round % 4; ++i, ++calls)
            passing.write(put_of(std::to_string(calls)), done);
        if (round % 3 == 0)
            asio::co_spawn(loop.get_executor(), passing.put(put_of("seen")), asio::use_future).get().value();
    }
    std::promise<void> drained;
    asio::post(asio::make_strand(loop.get_executor()), [&drained] { drained.set_value(); });
    drained.get_future().wait();
    loop.stop();
    loop.join();
    CHECK(backend.flushes() == rounds);
    CHECK(answered == calls);
    CHECK(written == calls);
    CHECK(backend.written().size() == static_cast<std::size_t>(calls + rounds / 3));
}
