#include "plugins/operation_table.hpp"

#include <boost/asio/io_context.hpp>

#include <catch2/catch.hpp>

#include <thread>

using namespace ferrule::plugins;

namespace {

op_outcome good(const char* json = "{}") {
    op_outcome out;
    out.json = json;
    return out;
}

/// A waiter on a loop that the test runs.
struct waiting {
    explicit waiting(boost::asio::io_context& on)
        : waiter(on.get_executor(), [this](std::string_view bytes) { output += bytes; }) {
        waiter.arm(resumption([this] { ++resumed; }));
    }

    op_waiter waiter;
    std::string output;
    int resumed = 0;
};

frl_status emit(operation_table& table, frl_op op, const char* text) {
    return table.emit(op, text);
}

/// Completes and tells the waiter, as an instance does.
completion complete(operation_table& table, frl_op op) {
    auto ended = table.complete(op, good());
    if (ended.waiter != nullptr)
        ended.waiter->complete(std::move(ended.outcome));
    return ended.what;
}

} // namespace

TEST_CASE("an operation is completed once and its output comes before its end") {
    boost::asio::io_context loop;
    operation_table table;
    waiting one(loop);
    const auto op = table.begin(one.waiter, "request", 1000);
    REQUIRE(op != 0);
    const auto request = table.request(op);
    CHECK(std::string_view(request.ptr, request.len) == "request");
    CHECK(emit(table, op, "a") == FRL_OK);
    CHECK(emit(table, op, "b") == FRL_OK);
    CHECK(complete(table, op) == completion::accepted);
    CHECK(complete(table, op) == completion::unknown);
    CHECK(emit(table, op, "c") == FRL_STALE);
    CHECK(one.resumed == 0);
    loop.run();
    CHECK(one.output == "ab");
    CHECK(one.resumed == 1);
    CHECK(one.waiter.outcome().json == "{}");
}

TEST_CASE("an old handle never reaches the next operation in its place") {
    boost::asio::io_context loop;
    operation_table table;
    waiting one(loop);
    waiting two(loop);
    const auto old = table.begin(one.waiter, "", 0);
    CHECK(complete(table, old) == completion::accepted);
    const auto next = table.begin(two.waiter, "", 0);
    CHECK(next != old);
    CHECK(static_cast<std::uint32_t>(next) == static_cast<std::uint32_t>(old));
    CHECK(complete(table, old) == completion::unknown);
    CHECK(table.ask_end(old, end_reason::cancelled) == wish::too_late);
    CHECK(table.take_turn(old) == turn::skip);
    CHECK(table.running(next));
    CHECK(complete(table, next) == completion::accepted);
    loop.run();
}

TEST_CASE("handles out of nowhere are refused") {
    operation_table table;
    for (const frl_op op : {frl_op{0}, frl_op{1}, ~frl_op{0}, frl_op{1} << 32U, frl_op{0xffffffff}}) {
        CHECK(complete(table, op) == completion::unknown);
        CHECK(emit(table, op, "x") == FRL_STALE);
        CHECK(table.unwanted(op));
        CHECK_FALSE(table.running(op));
    }
}

TEST_CASE("an abandoned operation keeps its place until the plugin completes it late") {
    boost::asio::io_context loop;
    operation_table table;
    waiting one(loop);
    waiting two(loop);
    const auto op = table.begin(one.waiter, "kept", 10, 7, true);
    CHECK(table.abandon(op, ferrule::error("gone", "gone")));
    CHECK_FALSE(table.abandon(op, ferrule::error("gone", "gone")));
    CHECK(table.unwanted(op));
    CHECK(emit(table, op, "x") == FRL_STALE);
    const auto other = table.begin(two.waiter, "", 0);
    CHECK(static_cast<std::uint32_t>(other) != static_cast<std::uint32_t>(op));
    const auto request = table.request(op);
    CHECK(std::string_view(request.ptr, request.len) == "kept");
    const auto late = table.complete(op, good());
    CHECK(late.what == completion::late);
    CHECK(late.orphan == 7);
    CHECK(late.waiter == nullptr);
    CHECK(complete(table, op) == completion::unknown);
    CHECK(complete(table, other) == completion::accepted);
    loop.run();
    CHECK(one.resumed == 1);
    REQUIRE(one.waiter.outcome().failure);
    CHECK(one.waiter.outcome().failure->code() == "gone");
}

TEST_CASE("output over the limit is cut at the byte") {
    boost::asio::io_context loop;
    operation_table table;
    waiting one(loop);
    const auto op = table.begin(one.waiter, "", 5);
    CHECK(emit(table, op, "abc") == FRL_OK);
    CHECK(emit(table, op, "defg") == FRL_LIMIT);
    CHECK(emit(table, op, "h") == FRL_LIMIT);
    CHECK(complete(table, op) == completion::accepted);
    loop.run();
    CHECK(one.output == "abcde");
    CHECK(one.waiter.outcome().truncated);
}

TEST_CASE("an operation that failed after it was told to end says why it was told") {
    boost::asio::io_context loop;
    operation_table table;
    waiting one(loop);
    const auto op = table.begin(one.waiter, "", 0);
    CHECK_FALSE(table.unwanted(op));
    CHECK(table.take_turn(op) == turn::begin);
    CHECK(table.ask_end(op, end_reason::deadline) == wish::told);
    CHECK(table.ask_end(op, end_reason::cancelled) == wish::too_late);
    CHECK(table.unwanted(op));
    op_outcome bad;
    bad.status = FRL_CANCELLED;
    auto ended = table.complete(op, std::move(bad));
    CHECK(ended.outcome.asked == end_reason::deadline);
}

TEST_CASE("an operation that is told to end before its turn never reaches the plugin") {
    boost::asio::io_context loop;
    operation_table table;
    waiting one(loop);
    const auto op = table.begin(one.waiter, "", 0);
    CHECK(table.ask_end(op, end_reason::cancelled) == wish::not_begun);
    CHECK(table.take_turn(op) == turn::skip);
    CHECK(complete(table, op) == completion::accepted);

    const auto other = table.begin(one.waiter, "", 0);
    CHECK(table.abandon(other, ferrule::error("gone", "gone")));
    CHECK(table.take_turn(other) == turn::let_go);
    CHECK(complete(table, other) == completion::late);
}

TEST_CASE("of many threads that complete the same operation one wins") {
    boost::asio::io_context loop;
    operation_table table;
    for (int round = 0; round < 200; ++round) {
        waiting one(loop);
        const auto op = table.begin(one.waiter, "", 100);
        std::atomic<int> accepted = 0;
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i)
            threads.emplace_back([&] {
                emit(table, op, "x");
                if (complete(table, op) == completion::accepted)
                    ++accepted;
            });
        for (auto& each : threads)
            each.join();
        CHECK(accepted == 1);
        loop.restart();
        loop.run();
        CHECK(one.resumed == 1);
    }
}
