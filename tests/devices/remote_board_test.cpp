// Which job goes to an agent when, and what becomes of it; no clock and no link.
#include "devices/remote_board.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace ferrule::devices;
using namespace std::chrono_literals;

namespace {

using stage = remote_board::stage;

struct fixture {
    entry_ptr add(const std::string& id, const std::string& host, bool change = false,
                  model::strategy how = model::strategy::pinned) {
        auto device = std::make_shared<model::device>();
        device->name = host;
        device->at.host = host;
        auto at = std::make_shared<resolved_target>();
        at->order_key = model::device_key(device->at);
        at->device = std::move(device);
        auto first = std::make_shared<model::job>();
        first->id = id;
        first->request.change = change;
        first->request.how = how;
        const auto made = std::make_shared<job_entry>(std::move(first), std::move(at), 1s);
        table.add(made, base::steady_time(1h));
        table.made_durable(made);
        board.push(made);
        return made;
    }

    job_hello hello(const std::string& instance, std::vector<held_job> jobs = {}) {
        job_hello made;
        made.instance = instance;
        made.seq = ++seq;
        made.fifo = 2;
        made.jobs = std::move(jobs);
        return made;
    }

    /// As the node does it: begun, noted, sent.
    void send(const std::vector<remote_board::given>& begun) {
        for (const auto& each : begun) {
            table.started(each.entry, "a", {}, {});
            board.find(each.which)->at = stage::sent;
        }
    }

    static std::vector<std::string> ids(const std::vector<remote_board::given>& some) {
        std::vector<std::string> all;
        for (const auto& each : some)
            all.push_back(each.which.id);
        return all;
    }

    using names = std::vector<std::string>;

    state::event_bus bus;
    state::metrics figures;
    job_table table{bus, figures, 2};
    remote_board board{table};
    std::int64_t seq = 0;
};

using names = fixture::names;

} // namespace

TEST_CASE("jobs of one device go one after the other, those of others beside them, and none before the greeting") {
    fixture f;
    const auto a1 = f.add("1", "a");
    const auto a2 = f.add("2", "a");
    const auto b1 = f.add("3", "b");
    CHECK(f.board.next().empty());
    CHECK(f.board.greet(f.hello("x")).cancel.empty());
    const auto begun = f.board.next();
    auto first = fixture::ids(begun);
    std::sort(first.begin(), first.end());
    CHECK(first == names{"1", "3"});
    f.send(begun);
    CHECK(f.board.next(a1).empty());
    f.board.remove({"1", 0});
    CHECK(fixture::ids(f.board.next(a1)) == names{"2"});
    CHECK(f.board.has(a1->at->key()));
    f.board.remove({"2", 0});
    CHECK(f.board.next(a2).empty());
    CHECK_FALSE(f.board.has(a1->at->key()));
    CHECK(f.board.has(b1->at->key()));
}

TEST_CASE("a job that is not durable yet holds back what came after it") {
    fixture f;
    static_cast<void>(f.board.greet(f.hello("x")));
    auto first = std::make_shared<model::job>();
    first->id = "0";
    const auto behind = f.add("1", "a");
    const auto early = std::make_shared<job_entry>(std::move(first), behind->at, 1s);
    f.table.add(early, base::steady_time(1h));
    f.table.may_begin(early); // enough for this process, not for another one
    f.board.push_front(early);
    CHECK(f.board.next(behind).empty());
    f.table.made_durable(early);
    CHECK(fixture::ids(f.board.next(behind)) == names{"0"});
}

TEST_CASE("fifo jobs go side by side as far as the agent allows") {
    fixture f;
    static_cast<void>(f.board.greet(f.hello("x")));
    entry_ptr last;
    for (const auto* id : {"1", "2", "3"})
        last = f.add(id, "a", false, model::strategy::fifo);
    CHECK(fixture::ids(f.board.next(last)) == names{"1", "2"});
    CHECK(f.board.next(last).empty());
    f.board.remove({"2", 0});
    CHECK(fixture::ids(f.board.next(last)) == names{"3"});
}

TEST_CASE("a greeting that is heard after a later one of the same process is told from one of another process") {
    fixture f;
    const auto earlier = f.hello("x");
    static_cast<void>(f.board.greet(f.hello("x")));
    CHECK(f.board.is_outdated(earlier));
    CHECK_FALSE(f.board.is_outdated(f.hello("x")));
    auto another = earlier;
    another.instance = "y";
    CHECK_FALSE(f.board.is_outdated(another));
}

TEST_CASE("after a break: what the agent names runs on, what the same process never had is sent again") {
    fixture f;
    static_cast<void>(f.board.greet(f.hello("x")));
    f.add("1", "a", true);
    f.add("2", "b", true);
    f.send(f.board.next());
    f.board.detach();
    CHECK(f.board.find({"1", 0})->at == stage::doubtful);
    CHECK(f.board.next().empty());
    const auto wanted = f.board.greet(f.hello("x", {{{"1", 0}, true}}));
    CHECK(wanted.tell_again.empty());
    CHECK(f.board.find({"1", 0})->at == stage::sent);
    // Its end may still be on the way.
    CHECK(f.board.find({"2", 0})->at == stage::doubtful);
    CHECK(f.board.caught_up("x", f.seq - 1).empty());
    CHECK(f.board.find({"2", 0})->at == stage::doubtful);
    CHECK(f.board.caught_up("x", f.seq).empty());
    CHECK(f.board.find({"2", 0})->at == stage::ready);
    CHECK(fixture::ids(f.board.ready()) == names{"2"});
}

TEST_CASE("after a restart of the agent: what it does not name and whose end was not kept is lost") {
    fixture f;
    static_cast<void>(f.board.greet(f.hello("x")));
    const auto lost = f.add("1", "a", true);
    const auto behind = f.add("2", "a");
    f.send(f.board.next());
    f.board.detach();
    CHECK(f.board.greet(f.hello("y")).tell_again.empty());
    CHECK(f.board.next(behind).empty()); // not before its end can have come
    CHECK(fixture::ids(f.board.caught_up("y", f.seq)) == names{"1"});
    CHECK(f.board.find({"1", 0}) == nullptr);
    CHECK(fixture::ids(f.board.next(behind)) == names{"2"});
}

TEST_CASE("what an agent runs and nobody wants is cancelled, but a change is let go on") {
    fixture f;
    const auto wanted = f.board.greet(f.hello("x", {{{"1", 0}, false}, {{"2", 0}, true}}));
    CHECK(wanted.cancel == std::vector<attempt>{{"1", 0}});
}

TEST_CASE("another attempt at a job is another job") {
    fixture f;
    static_cast<void>(f.board.greet(f.hello("x")));
    f.add("1", "a");
    f.send(f.board.next());
    CHECK(f.board.find({"1", 1}) == nullptr);
    f.board.remove({"1", 1});
    CHECK(f.board.find({"1", 0}) != nullptr);
    f.board.detach();
    CHECK(f.board.greet(f.hello("x", {{{"1", 1}, false}})).cancel == std::vector<attempt>{{"1", 1}});
}

TEST_CASE("a cancellation that could not be told is told with the greeting") {
    fixture f;
    static_cast<void>(f.board.greet(f.hello("x")));
    f.add("1", "a");
    f.send(f.board.next());
    f.board.detach();
    f.board.find({"1", 0})->cancel = true;
    CHECK(f.board.greet(f.hello("x", {{{"1", 0}, false}})).cancel == std::vector<attempt>{{"1", 0}});
    CHECK_FALSE(f.board.find({"1", 0})->cancel);
}

TEST_CASE("what is left of an agent: what never reached it, what may have run, and what waits, in order") {
    fixture f;
    static_cast<void>(f.board.greet(f.hello("x")));
    f.add("1", "a");
    f.add("2", "b", true);
    const auto begun = f.board.next();
    f.add("3", "a");
    f.add("4", "a");
    f.add("5", "b");
    for (const auto& each : begun) {
        f.table.started(each.entry, "a", {}, {});
        if (each.which.id == "2")
            f.board.find(each.which)->at = stage::sent;
    }
    const auto cancelled = f.add("6", "a");
    REQUIRE(f.table.cancel(cancelled) == job_table::cancel_outcome::claimed);
    f.board.detach();
    const auto left = f.board.give_up();
    CHECK(fixture::ids(left.never_began) == names{"1"});
    CHECK(fixture::ids(left.may_have_run) == names{"2"});
    names waiting;
    for (const auto& each : left.waiting)
        waiting.push_back(each->id);
    CHECK(waiting.size() == 3);
    CHECK(std::find(waiting.begin(), waiting.end(), "3") < std::find(waiting.begin(), waiting.end(), "4"));
    CHECK(f.board.count() == 0);
}

TEST_CASE("a session ties its device to the agent until it is closed") {
    fixture f;
    job_hello hello = f.hello("x");
    auto& session = hello.sessions.emplace_back();
    session.id = "s";
    session.driver = "ssh";
    session.host = "a";
    session.port = 22;
    static_cast<void>(f.board.greet(hello));
    CHECK(f.board.has("ssh://a:22"));
    CHECK(f.board.count() == 1);
    f.board.detach();
    CHECK(f.board.has("ssh://a:22"));
    f.board.session_closed("s");
    CHECK_FALSE(f.board.has("ssh://a:22"));
    f.board.session_closed("s");
    CHECK(f.board.count() == 0);
}

TEST_CASE("a job that is queued again is another attempt with the deadline that it had") {
    fixture f;
    static_cast<void>(f.board.greet(f.hello("x")));
    const auto one = f.add("1", "a");
    f.send(f.board.next());
    f.table.begin_result(one, "show");
    f.table.append_output(one, "half");
    f.board.remove({"1", 0});
    REQUIRE(f.table.requeue(one));
    const auto shown = f.table.view(one);
    CHECK(shown->state == model::job_state::queued);
    CHECK(shown->restarts == 1);
    CHECK(shown->node.empty());
    CHECK(shown->results.empty());
    CHECK(f.table.queued() == 1);
    CHECK(f.table.next_deadline() == base::steady_time(1h));
    f.board.push_front(one);
    const auto again = f.board.next();
    REQUIRE(again.size() == 1);
    CHECK(again[0].which == attempt{"1", 1});
}

TEST_CASE("a job that was cancelled meanwhile is not queued again") {
    fixture f;
    static_cast<void>(f.board.greet(f.hello("x")));
    const auto one = f.add("1", "a");
    f.send(f.board.next());
    REQUIRE(f.table.cancel(one) == job_table::cancel_outcome::interrupted);
    CHECK_FALSE(f.table.requeue(one));
    CHECK(f.table.view(one)->state == model::job_state::running);
    CHECK(f.table.queued() == 0);
}
