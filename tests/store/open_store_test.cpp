#include "store/open_store.hpp"

#include <catch2/catch.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "sqlite_backend.hpp"
#include "support/print_result.hpp"

using namespace ferrule;
using namespace ferrule::tests;
namespace asio = boost::asio;

namespace {

class standing_clock final : public base::clock {
  public:
    [[nodiscard]] base::steady_time steady_now() const override { return base::steady_time(); }

    [[nodiscard]] base::wall_time wall_now() const override { return base::wall_time(std::chrono::milliseconds(5000)); }
};

struct running {
    explicit running(const std::string& path, store::open_store::options wanted = {})
        : opened(std::make_unique<store::open_store>(open_sqlite(path), loop, pool, clock, wanted)) {
        loop.start();
    }

    running(const running&) = delete;
    running& operator=(const running&) = delete;

    ~running() {
        stop();
        loop.stop();
        loop.join();
    }

    void stop() { run(opened->stop()); }

    template <class T>
    T run(asio::awaitable<T> body) {
        return asio::co_spawn(loop.get_executor(), std::move(body), asio::use_future).get();
    }

    standing_clock clock;
    runtime::io loop;
    runtime::blocking_pool pool;
    std::unique_ptr<store::open_store> opened;
};

} // namespace

TEST_CASE("what was put can be read and scanned") {
    const scratch_folder folder;
    running on(folder.file("a.db"));
    REQUIRE(on.run(on.opened->put(job("a"))));
    REQUIRE(on.run(on.opened->put(job("b", "running"))));
    const auto one = on.run(on.opened->get("jobs", "a"));
    REQUIRE(one.has_value());
    REQUIRE(one->has_value());
    CHECK((*one)->value == R"({"id":"a","state":"queued"})");
    const auto none = on.run(on.opened->get("jobs", "zz"));
    REQUIRE(none.has_value());
    CHECK_FALSE(none->has_value());
    store::query running_ones;
    running_ones.collection = "jobs";
    running_ones.filters.emplace_back("state", "running");
    const auto found = on.run(on.opened->scan(running_ones));
    REQUIRE(found.has_value());
    REQUIRE(found->size() == 1);
    CHECK(found->front().key == "b");
}

TEST_CASE("an insert of a key that exists gives conflict through the real store") {
    const scratch_folder folder;
    running on(folder.file("a.db"));
    REQUIRE(on.run(on.opened->put(job("a"))));
    auto again = job("a", "running");
    again.insert_only = true;
    const auto refused = on.run(on.opened->put(std::move(again)));
    REQUIRE(!refused);
    CHECK(refused.error().code() == "conflict");
    CHECK(refused.error().message() == "the collection jobs already has the key a");
}

TEST_CASE("an insert of what is there already, with the same value, gives conflict too") {
    const scratch_folder folder;
    running on(folder.file("a.db"));
    auto one = job("a");
    one.insert_only = true;
    REQUIRE(on.run(on.opened->put(one)));
    const auto refused = on.run(on.opened->put(one));
    REQUIRE(!refused);
    CHECK(refused.error().code() == "conflict");
}

TEST_CASE("errors of the plugin come through with code and sentence") {
    const scratch_folder folder;
    running on(folder.file("a.db"));
    const auto missing = on.run(on.opened->get("nothing", "a"));
    REQUIRE(missing.has_error());
    CHECK(missing.error().code() == "unknown_collection");
    const auto refused = on.run(on.opened->put(store::record("nothing", "a", "{}")));
    REQUIRE(!refused);
    CHECK(refused.error().message() == "the store has no collection 'nothing'; declare it when the store is opened");
}

TEST_CASE("the timer of retention removes what has expired by the store's clock") {
    const scratch_folder folder;
    store::open_store::options often;
    often.maintain_every = std::chrono::milliseconds(1);
    often.limits.expire_at_once = 2;
    running on(folder.file("a.db"), often);
    std::vector<store::record> all;
    for (int i = 0; i < 7; ++i) {
        auto expiring = job("old-" + std::to_string(i));
        expiring.expires_at_ms = 4999;
        all.push_back(std::move(expiring));
    }
    auto later = job("young");
    later.expires_at_ms = 5001;
    all.push_back(std::move(later));
    REQUIRE(on.run(on.opened->put(std::move(all))));
    store::query everything;
    everything.collection = "jobs";
    std::vector<store::row> left;
    do {
        auto rows = on.run(on.opened->scan(everything));
        REQUIRE(rows.has_value());
        left = std::move(*rows);
    } while (left.size() > 1);
    REQUIRE(left.size() == 1);
    CHECK(left.front().key == "young");
}

TEST_CASE("stop closes the store: the next one finds everything, and the old one refuses") {
    const scratch_folder folder;
    const auto path = folder.file("a.db");
    running first(path);
    for (int i = 0; i < 100; ++i)
        first.opened->put_later(job("k" + std::to_string(100 + i)));
    first.stop();
    const auto read = first.run(first.opened->get("jobs", "k100"));
    REQUIRE(read.has_error());
    CHECK(read.error().code() == "stopping");
    const auto written = first.run(first.opened->put(job("late")));
    REQUIRE(!written);
    CHECK(written.error().code() == "stopping");
    running second(path);
    store::query everything;
    everything.collection = "jobs";
    const auto rows = second.run(second.opened->scan(everything));
    REQUIRE(rows.has_value());
    CHECK(rows->size() == 100);
    CHECK(first.opened->counted().records == 100);
}
