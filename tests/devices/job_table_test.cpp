#include "devices/job_table.hpp"

#include "base/json.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <barrier>
#include <thread>

using namespace ferrule;
using namespace ferrule::devices;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

struct fixture {
    entry_ptr add(const std::string& id, base::steady_time deadline = base::steady_time(1h), bool durable = true) {
        auto first = std::make_shared<model::job>();
        first->id = id;
        auto made = std::make_shared<job_entry>(std::move(first), nullptr, 1s);
        table.add(made, deadline);
        if (durable)
            table.made_durable(made);
        return made;
    }

    void end(const entry_ptr& entry, model::job_state state) {
        auto last = *table.view(entry);
        last.state = state;
        table.finished(entry, std::make_shared<const model::job>(std::move(last)));
    }

    state::event_bus bus;
    state::metrics figures;
    job_table table{bus, figures, 2};
};

} // namespace

TEST_CASE("a job is claimed once, and not before it is durable") {
    fixture f;
    const auto early = f.add("a", base::steady_time(1h), false);
    CHECK_FALSE(f.table.claim(early));
    CHECK_FALSE(f.table.is_claimed(early));
    CHECK(f.table.cancel(early) == job_table::cancel_outcome::not_durable);
    f.table.made_durable(early);
    CHECK(f.table.claim(early));
    CHECK_FALSE(f.table.claim(early));
    CHECK(f.table.is_claimed(early));
    CHECK(f.table.claim_expired(base::steady_time(2h)).empty());
}

TEST_CASE("what waits too long is claimed in the order of its deadlines, what runs is not") {
    fixture f;
    const auto late = f.add("late", base::steady_time(30s));
    const auto soon = f.add("soon", base::steady_time(10s));
    const auto runs = f.add("runs", base::steady_time(5s));
    REQUIRE(f.table.claim(runs));
    CHECK(f.table.next_deadline() == base::steady_time(10s));
    CHECK(f.table.claim_expired(base::steady_time(9s)).empty());
    CHECK(f.table.claim_expired(base::steady_time(31s)) == std::vector<entry_ptr>{soon, late});
    CHECK_FALSE(f.table.next_deadline());
}

TEST_CASE("a job whose time is over while its record is being written expires once it is written") {
    fixture f;
    const auto slow = f.add("slow", base::steady_time(1s), false);
    CHECK(f.table.claim_expired(base::steady_time(2s)).empty());
    CHECK_FALSE(f.table.next_deadline()); // nothing that the timer could do
    f.table.made_durable(slow);
    CHECK(f.table.next_deadline() == base::steady_time(1s));
    CHECK(f.table.claim_expired(base::steady_time(2s)) == std::vector<entry_ptr>{slow});
}

TEST_CASE("a job that begins early is told as queued before it is told as running") {
    for (int round = 0; round < 300; ++round) {
        fixture f;
        std::vector<std::string> told; // the bus calls its filters one at a time
        asio::io_context unused;
        const auto events = f.bus.subscribe(unused.get_executor(), [&told](const state::event& each) {
            told.push_back(base::parse_json(each.data).value()["state"]);
            return false;
        });
        const auto job = f.add("a", base::steady_time(1h), false);
        f.table.may_begin(job);
        std::barrier together(2);
        std::thread storing([&] {
            together.arrive_and_wait();
            f.table.made_durable(job);
        });
        together.arrive_and_wait();
        const bool at_once = f.table.claim(job);
        if (at_once)
            f.table.started(job, "here", {}, {});
        storing.join();
        if (!at_once) { // it was just being told, and then whoever runs it is woken again
            REQUIRE(f.table.claim(job));
            f.table.started(job, "here", {}, {});
        }
        REQUIRE(told == std::vector<std::string>{"queued", "running"});
    }
}

TEST_CASE("the end of a job waits for its record, and goes nowhere when that cannot be written") {
    fixture f;
    const auto last = std::make_shared<const model::job>();
    const auto begin = [&](const std::string& id) {
        auto job = f.add(id, base::steady_time(1h), false);
        f.table.may_begin(job);
        REQUIRE(f.table.claim(job));
        return job;
    };
    const auto kept = begin("kept");
    CHECK(f.table.offer_end(kept, last) == job_table::ending::held);
    CHECK(f.table.made_durable(kept) == last);
    CHECK(f.table.offer_end(kept, last) == job_table::ending::to_store);
    const auto ended_first = begin("ended first");
    CHECK(f.table.offer_end(ended_first, last) == job_table::ending::held);
    CHECK(f.table.withdraw(ended_first) == last);
    const auto refused_first = begin("refused first");
    CHECK_FALSE(f.table.withdraw(refused_first));
    CHECK(f.table.is_refused(refused_first));
    CHECK(f.table.offer_end(refused_first, last) == job_table::ending::refused);
}

TEST_CASE("cancelling tells queued, running and final jobs apart, and interrupts what runs") {
    fixture f;
    const auto queued = f.add("queued");
    CHECK(f.table.cancel(queued) == job_table::cancel_outcome::claimed);
    const auto running = f.add("running");
    REQUIRE(f.table.claim(running));
    // Claimed, but nothing to interrupt yet: whoever starts it has to ask.
    CHECK(f.table.cancel(running) == job_table::cancel_outcome::interrupted);
    CHECK(f.table.is_cancelling(running));
    int interrupted = 0;
    f.table.started(running, "here", {}, [&interrupted] { ++interrupted; });
    CHECK(f.table.cancel(running) == job_table::cancel_outcome::interrupted);
    CHECK(interrupted == 1);
    f.end(running, model::job_state::cancelled);
    CHECK(f.table.cancel(running) == job_table::cancel_outcome::final);
    f.table.interrupt(running);
    CHECK(interrupted == 1);
}

TEST_CASE("output grows in the view of a running job, and is gone from it once the last record stands") {
    fixture f;
    const auto job = f.add("a");
    REQUIRE(f.table.claim(job));
    f.table.started(job, "here", {}, {});
    f.table.begin_result(job, "show");
    f.table.append_output(job, "one ");
    f.table.append_output(job, "two");
    CHECK(f.table.view(job)->results.at(0).output == "one two");
    model::command_result settled;
    settled.command = "show";
    settled.truncated = true;
    f.table.end_result(job, settled);
    CHECK(f.table.view(job)->results.at(0).output == "one two");
    CHECK(f.table.view(job)->results.at(0).truncated);
    f.table.restart_results(job);
    CHECK(f.table.view(job)->results.empty());
    f.end(job, model::job_state::succeeded);
    CHECK(f.table.view("a")->state == model::job_state::succeeded);
    CHECK_FALSE(f.table.find("a"));
}

TEST_CASE("only the last finished jobs are remembered") {
    fixture f;
    for (const auto* id : {"a", "b", "c"}) {
        const auto job = f.add(id);
        REQUIRE(f.table.claim(job));
        f.end(job, model::job_state::expired);
    }
    CHECK_FALSE(f.table.view("a"));
    CHECK(f.table.view("b"));
    CHECK(f.table.view("c"));
    CHECK(f.table.queued() == 0);
    CHECK(f.figures.jobs_queued.Value() == 0);
}

TEST_CASE("finished jobs are remembered only as long as their output has room") {
    fixture f;
    job_table table(f.bus, f.figures, 100, 10'000);
    const auto end_with = [&](const std::string& id, std::size_t bytes) {
        auto last = std::make_shared<model::job>();
        last->id = id;
        const auto entry = std::make_shared<job_entry>(last, nullptr, 1s);
        table.add(entry, base::steady_time(1h));
        table.made_durable(entry);
        REQUIRE(table.claim(entry));
        auto ended = std::make_shared<model::job>(*last);
        ended->state = model::job_state::succeeded;
        ended->results.emplace_back().output = std::string(bytes, 'x');
        table.finished(entry, std::move(ended));
    };
    for (const auto* id : {"a", "b", "c"})
        end_with(id, 3000);
    CHECK_FALSE(table.view("a"));
    CHECK(table.view("b"));
    CHECK(table.view("c"));
    end_with("large", 100'000);
    for (const auto* id : {"b", "c", "large"})
        CHECK_FALSE(table.view(id));
    end_with("d", 3000);
    CHECK(table.view("d"));
}

TEST_CASE("a job whose record is not on disk yet is in no listing") {
    fixture f;
    const auto early = f.add("a", base::steady_time(1h), false);
    CHECK(f.table.unfinished().empty());
    f.table.made_durable(early);
    CHECK(f.table.unfinished() == std::vector<entry_ptr>{early});
}

TEST_CASE("who waits is told once, who has left is not, and who comes late learns it at once") {
    fixture f;
    const auto job = f.add("a");
    int told = 0;
    const auto listener = [&told] { return std::make_shared<const std::function<void()>>([&told] { ++told; }); };
    const auto stays = listener();
    CHECK_FALSE(f.table.when_final(job, stays));
    for (int i = 0; i < 1000; ++i)
        CHECK_FALSE(f.table.when_final(job, listener())); // gone at once
    REQUIRE(f.table.claim(job));
    f.end(job, model::job_state::succeeded);
    CHECK(told == 1);
    CHECK(f.table.when_final(job, stays));
    CHECK(told == 1);
}

TEST_CASE("of those who run, cancel and expire a job at the same time exactly one gets it") {
    fixture f;
    constexpr int jobs = 500;
    std::vector<entry_ptr> all;
    for (int i = 0; i < jobs; ++i)
        all.push_back(f.add(std::to_string(i), base::steady_time(1s)));
    std::vector<std::atomic<int>> winners(jobs);
    std::atomic<int> told{0};
    std::vector<job_table::listener> listeners;
    for (const auto& each : all) {
        listeners.push_back(std::make_shared<const std::function<void()>>([&told] { ++told; }));
        f.table.when_final(each, listeners.back());
    }
    std::barrier begin(4);
    const auto win = [&](const entry_ptr& each) {
        ++winners[static_cast<std::size_t>(std::stoi(each->id))];
        f.end(each, model::job_state::failed);
    };
    std::vector<std::jthread> threads;
    threads.emplace_back([&] {
        begin.arrive_and_wait();
        for (const auto& each : all)
            if (f.table.claim(each)) {
                f.table.started(each, "here", {}, [] {});
                f.table.begin_result(each, "x");
                f.table.append_output(each, "y");
                win(each);
            }
    });
    threads.emplace_back([&] {
        begin.arrive_and_wait();
        for (const auto& each : all)
            if (f.table.cancel(each) == job_table::cancel_outcome::claimed)
                win(each);
    });
    threads.emplace_back([&] {
        begin.arrive_and_wait();
        for (const auto& each : f.table.claim_expired(base::steady_time(2s)))
            win(each);
    });
    threads.emplace_back([&] {
        begin.arrive_and_wait();
        for (const auto& each : all)
            CHECK_NOTHROW(f.table.view(each));
    });
    threads.clear();
    for (const auto& each : winners)
        CHECK(each == 1);
    CHECK(told == jobs);
    CHECK(f.table.queued() == 0);
    CHECK(f.table.unfinished().empty());
    CHECK(f.figures.jobs_running.Value() == 0);
    CHECK(f.figures.jobs_queued.Value() == 0);
}
