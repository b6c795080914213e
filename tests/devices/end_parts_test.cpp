// Ends of jobs in many messages: acknowledged one by one, whole after a restart, and no marker overtakes them.
#include "base/json.hpp"
#include "devices/end_parts.hpp"
#include "devices/engine_rig.hpp"
#include "devices/memory_backend.hpp"
#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>

using namespace ferrule;
using namespace ferrule::devices;
using namespace std::chrono_literals;
using test::engine_rig;

namespace st = ferrule::store; // a store's own name hides it

namespace {

/// What happened, from any thread.
class diary {
  public:
    void note(const std::string& what) {
        const std::lock_guard lock(mutex_);
        lines_.push_back(what);
        changed_.notify_all();
    }

    std::function<void()> noting(const std::string& what) {
        return [this, what] { note(what); };
    }

    /// Until it has so many lines.
    std::vector<std::string> wait(std::size_t count) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, 90s, [&] { return lines_.size() >= count; }))
            throw std::runtime_error("it hangs");
        return lines_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> lines_;
};

std::vector<std::string> long_end(const std::string& id) {
    ended_job sent;
    sent.which = {id, 1};
    sent.state = model::job_state::succeeded;
    for (int i = 0; i < 3; ++i) {
        auto& each = sent.results.emplace_back();
        each.command = "show " + std::to_string(i);
        each.output = std::string(1'000'000, static_cast<char>('a' + i));
    }
    return to_parts(sent, std::size_t{16} << 20U);
}

/// As with several loop threads: once asked, what became of one write is told after that of the next.
class crossing_store final : public st::store {
  public:
    explicit crossing_store(st::store& below)
        : below_(below) {}

    void write(st::record one, completion done) override { below_.write(std::move(one), crossed(std::move(done))); }

    void write(std::vector<st::record> all, completion done) override {
        below_.write(std::move(all), crossed(std::move(done)));
    }

    test::asio::awaitable<result<void>> put(st::record one) override { return below_.put(std::move(one)); }

    test::asio::awaitable<result<std::optional<st::row>>> get(std::string collection, std::string key) override {
        return below_.get(std::move(collection), std::move(key));
    }

    test::asio::awaitable<result<std::vector<st::row>>> scan(st::query wanted) override {
        return below_.scan(std::move(wanted));
    }

    std::atomic<int> to_cross = 0; ///< So many writes from now on wait for the one behind them.

  private:
    completion crossed(completion done) {
        const bool first = to_cross > 0 && to_cross-- > 0;
        return [held = held_, first, done = std::move(done)](const result<void>& what) {
            std::vector<std::function<void()>> before;
            {
                const std::lock_guard lock(held->mutex);
                if (first) {
                    held->calls.push_back([done, what] { done(what); });
                    return;
                }
                before.swap(held->calls);
            }
            done(what);
            for (const auto& each : before)
                each();
        };
    }

    st::store& below_;

    struct held_back {
        std::mutex mutex;
        std::vector<std::function<void()>> calls;
    };

    const std::shared_ptr<held_back> held_ = std::make_shared<held_back>(); // completions may outlive the store
};

struct fixture {
    fixture()
        : rig(wishes()) {
        begin();
    }

    ~fixture() { end(); }

    engine_rig::wishes wishes() {
        engine_rig::wishes wanted;
        wanted.data = scratch.path();
        wanted.backend = std::make_unique<test::memory_backend>(store);
        return wanted;
    }

    void begin() {
        parts = std::make_unique<end_parts>(
            rig.loop(), crossing,
            [this](const std::string& agent, const ended_job& end, const std::function<void()>& taken) {
                std::size_t bytes = 0;
                for (const auto& each : end.results)
                    bytes += each.truncated ? 0 : each.output.size();
                seen.note("end of " + end.which.id + " at " + agent + " with " + std::to_string(bytes));
                taken();
            },
            limits);
    }

    void end() {
        if (parts)
            rig.wait(parts->stop(10s));
        parts.reset();
    }

    /// Delivers it as the link does.
    void take(const std::string& text, const std::string& acknowledged) {
        const auto body = base::json::parse(text, nullptr, false);
        parts->take("a1", end_part_from(body).value(), body, seen.noting(acknowledged));
    }

    /// Until everything that was written before is on disk.
    void settle() {
        store::record last("credentials", "mark", "{}");
        rig.wait(rig.store().put(std::move(last))).value();
    }

    std::size_t on_disk() {
        settle();
        const std::lock_guard lock(store->mutex);
        return store->rows["job_end_parts"].size();
    }

    const test::scratch_folder scratch;
    std::shared_ptr<test::memory_store> store = std::make_shared<test::memory_store>();
    engine_rig rig;
    crossing_store crossing{rig.store()};
    diary seen;
    end_parts_limits limits;
    std::unique_ptr<end_parts> parts;
};

} // namespace

TEST_CASE("parts are acknowledged one by one, the last one with the whole, and then they are gone") {
    fixture f;
    const auto all = long_end("j");
    REQUIRE(all.size() == 4);
    for (std::size_t i = 0; i + 1 < all.size(); ++i) {
        f.take(all[i], "part " + std::to_string(i));
        CHECK(f.seen.wait(i + 1).back() == "part " + std::to_string(i));
    }
    CHECK(f.on_disk() == 3);
    f.take(all[3], "part 3");
    const auto lines = f.seen.wait(5);
    CHECK(lines[3] == "end of j at a1 with 3000000");
    CHECK(lines[4] == "part 3");
    CHECK(f.on_disk() == 0);
}

TEST_CASE("an end whose parts came to two processes is whole") {
    fixture f;
    const auto all = long_end("j");
    f.take(all[0], "part 0");
    f.take(all[1], "part 1");
    f.seen.wait(2);
    f.end();
    f.begin();
    // What was not acknowledged in time comes again.
    f.take(all[1], "part 1 again");
    f.take(all[2], "part 2");
    f.take(all[3], "part 3");
    const auto lines = f.seen.wait(6);
    CHECK(std::find(lines.begin(), lines.end(), "end of j at a1 with 3000000") != lines.end());
}

TEST_CASE("a marker does not overtake the ends before it") {
    fixture f;
    f.parts->greeted("a1", {});
    for (const auto* id : {"x", "y"})
        for (const auto& part : long_end(id))
            f.take(part, "part");
    f.parts->caught_up("a1", f.seen.noting("marker"));
    const auto lines = f.seen.wait(11);
    const auto at = [&](const std::string& what) {
        return std::find(lines.begin(), lines.end(), what) - lines.begin();
    };
    CHECK(at("marker") < 11);
    CHECK(at("end of x at a1 with 3000000") < at("marker"));
    CHECK(at("end of y at a1 with 3000000") < at("marker"));
    f.parts->caught_up("a1", f.seen.noting("another"));
    CHECK(f.seen.wait(12).back() == "another");
}

TEST_CASE(
    "a part that cannot be written is not acknowledged, nor is the marker behind it, and the next time it is whole") {
    fixture f;
    const auto all = long_end("j");
    f.parts->greeted("a1", {});
    f.store->fail(1, false);
    f.take(all[0], "lost");
    f.store->wait_refused(1);
    for (std::size_t i = 1; i < all.size(); ++i)
        f.take(all[i], "part " + std::to_string(i));
    f.settle();
    f.parts->caught_up("a1", f.seen.noting("marker too early"));
    // What was not acknowledged comes again: after a while on the same connection, or on a new one.
    if (GENERATE(false, true))
        f.parts->greeted("a1", {});
    for (const auto& part : all)
        f.take(part, "again");
    f.parts->caught_up("a1", f.seen.noting("marker"));
    std::vector<std::string> lines;
    do
        lines = f.seen.wait(lines.size() + 1);
    while (std::count(lines.begin(), lines.end(), "marker") == 0);
    CHECK(std::count(lines.begin(), lines.end(), "lost") == 0);
    CHECK(std::count(lines.begin(), lines.end(), "marker too early") == 0);
    CHECK(std::count(lines.begin(), lines.end(), "end of j at a1 with 3000000") >= 1);
}

TEST_CASE("an end is whole only once every part of it is known to be on disk, in whatever order that is told") {
    fixture f;
    const auto all = long_end("j");
    f.parts->greeted("a1", {});
    f.store->fail(1, false);
    f.crossing.to_cross = 1;
    f.take(all[0], "lost");
    f.store->wait_refused(1);
    for (std::size_t i = 1; i < all.size(); ++i)
        f.take(all[i], "part " + std::to_string(i));
    f.settle();
    for (const auto& part : all)
        f.take(part, "again");
    f.parts->caught_up("a1", f.seen.noting("marker"));
    std::vector<std::string> lines;
    do
        lines = f.seen.wait(lines.size() + 1);
    while (std::count(lines.begin(), lines.end(), "marker") == 0);
    CHECK(std::count(lines.begin(), lines.end(), "end of j at a1 with 3000000") == 1);
    CHECK(std::count_if(lines.begin(), lines.end(), [](const auto& each) { return each.starts_with("end of"); }) == 1);
}

TEST_CASE("parts of which no more will come are removed behind the marker, those of running jobs stay") {
    fixture f;
    f.parts->greeted("a1", {});
    f.take(long_end("dead")[0], "1");
    f.take(long_end("held")[0], "2");
    f.seen.wait(2);
    f.end();
    f.begin();
    f.parts->greeted("a1", {{{"held", 1}, false}});
    f.take(long_end("new")[0], "3");
    f.seen.wait(3);
    f.parts->caught_up("a1", f.seen.noting("marker"));
    f.seen.wait(4);
    f.end(); // waits for the tidying
    CHECK(f.on_disk() == 2);
}

TEST_CASE("an agent that greets again and again has no more room on the disk than before") {
    fixture f;
    f.end();
    f.limits.all = 2'500'000;
    f.begin();
    std::size_t acknowledged = 0;
    for (int i = 0; i < 4; ++i) {
        f.parts->greeted("a1", {});
        f.take(long_end("first")[0], "part"); // the same comes again, which needs no more
        f.take(long_end("job-" + std::to_string(i))[0], "part");
        f.seen.wait(acknowledged += 2); // also of what is left out
    }
    CHECK(f.on_disk() == 2);
    // Behind a marker there is room again: of these no more will come.
    f.parts->greeted("a1", {});
    f.parts->caught_up("a1", f.seen.noting("marker"));
    f.seen.wait(++acknowledged);
    f.end();
    CHECK(f.on_disk() == 0);
}
