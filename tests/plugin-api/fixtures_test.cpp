// What each fixture does wrong, seen by the test host; the core's own tests see the messages of the real one.
#include "scripted.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace scripted;
using namespace std::chrono_literals;

namespace {

th::driver make(th::host& on, std::string_view name, std::string_view config = "{}") {
    return {on, th::plugin::load(fixture(name)).component(FRL_KIND_DRIVER), config};
}

bool leaves_things_behind = false;

} // namespace

#ifdef __SANITIZE_ADDRESS__
/// Asked by LeakSanitizer at the end. It cannot look at a thread that has objects of a library and never ends.
extern "C" int __lsan_is_turned_off();

extern "C" int __lsan_is_turned_off() { // NOLINT(bugprone-reserved-identifier)
    return leaves_things_behind ? 1 : 0;
}
#endif

TEST_CASE("plugins that cannot be loaded say what is missing") {
    CHECK_THROWS_WITH(th::plugin::load(fixture("does_not_exist")), Catch::Contains("cannot open shared object file"));
    CHECK_THROWS_WITH(th::plugin::load(fixture("missing_symbol")),
                      Catch::Contains("does not export ferrule_plugin_entry"));
    CHECK_THROWS_WITH(th::plugin::load(fixture("missing_library")), Catch::Contains("libferrule_absent.so.1"));
    CHECK_THROWS_WITH(th::plugin::load(fixture("unresolved_symbol")), Catch::Contains("ferrule_defined_nowhere"));
}

TEST_CASE("plugins that are not for this host are refused") {
    CHECK_THROWS_WITH(th::plugin::load(fixture("wrong_magic")), Catch::Contains("wrong magic"));
    CHECK_THROWS_WITH(th::plugin::load(fixture("other_major")), Catch::Contains("ABI major 2"));
    CHECK_THROWS_WITH(th::plugin::load(fixture("other_major_note")), Catch::Contains("ABI major 2"));
    CHECK_THROWS_WITH(th::plugin::load(fixture("short_plugin")).component(FRL_KIND_DRIVER),
                      Catch::Contains("has no ferrule.driver/1"));
    CHECK_THROWS_WITH(th::plugin::load(fixture("mismatched_kind")).component(FRL_KIND_DRIVER),
                      Catch::Contains("has no ferrule.driver/1"));
}

TEST_CASE("a table that is too short reads as missing functions") {
    th::host host;
    CHECK(make(host, "short_api").api().close == nullptr);
}

TEST_CASE("notes that are absent, cut or garbled") {
    CHECK_THROWS_WITH(th::read_note(fixture("no_note")), Catch::Contains("has no note"));
    CHECK_THROWS_WITH(th::read_note(fixture("truncated_note")), Catch::Contains("ends early"));
    CHECK_FALSE(sdk::json::parse(th::read_note(fixture("garbled_note"))));
    CHECK(sdk::json::parse(th::read_note(fixture("mismatched_id"))).value().text("id") == "mismatched_id");
    CHECK(th::plugin::load(fixture("mismatched_id")).id() == "someone_else");
}

TEST_CASE("init and create fail with the plugin's own reason") {
    th::host host;
    CHECK_THROWS_WITH(th::plugin::load(fixture("fails_init")).init(host),
                      Catch::Contains("no_license: The fixture refuses"));
    CHECK_THROWS_WITH(make(host, "fails_create"), "bad_config: The fixture accepts no configuration.");
}

TEST_CASE("double and invented completions are counted") {
    th::host host;
    auto d = make(host, "completes_twice");
    const auto outcome = host.wait(d.exec(1, "{}"));
    CHECK(outcome.ok());
    CHECK(outcome.completions == 2);
    CHECK(outcome.output.empty());
    CHECK(host.stale_completions() == 2);
}

TEST_CASE("one completes late after its cancellation, one never") {
    th::host host;
    auto late = make(host, "completes_late", R"({"after_ms":500})");
    const auto op = late.exec(1, "{}");
    late.cancel(op);
    host.loop().advance(499ms);
    CHECK_FALSE(host.result(op).completed);
    host.loop().advance(1ms);
    CHECK(host.result(op).ok());

    auto never = make(host, "never_completes");
    const auto lost = never.exec(1, "{}");
    never.cancel(lost);
    CHECK_FALSE(host.wait(lost).completed);
}

TEST_CASE("calls from a wrong thread are refused, each by its own answer") {
    th::host host;
    auto d = make(host, "wrong_thread");
    CHECK(host.wait(d.exec(1, "{}")).json ==
          R"({"fd_watch":0,"timer_start":0,"resolve":-5,"run_blocking":-5,"secret_get":-5})");
    CHECK(host.wrong_thread_calls() ==
          std::vector<std::string>{"fd_watch", "timer_start", "resolve", "run_blocking", "secret_get"});
}

TEST_CASE("the throwing fixture throws where it is told to") {
    th::host host;
    CHECK_THROWS_WITH(make(host, "throws", R"({"throw_in":"create"})"), "thrown in create");
    for (const std::string where : {"open", "exec", "keepalive", "close"}) {
        INFO(where);
        auto d = make(host, "throws", R"({"throw_in":")" + where + "\"}");
        const auto call = [&] {
            where == "open"        ? d.open(1, "{}")
            : where == "exec"      ? d.exec(1, "{}")
            : where == "keepalive" ? d.keepalive(1)
                                   : d.close(1);
        };
        CHECK_THROWS_WITH(call(), "thrown in " + where);
    }
    for (const std::string where : {"timer", "post", "resolve", "secret", "done"}) {
        INFO(where);
        auto d = make(host, "throws", R"({"throw_in":")" + where + "\"}");
        const auto op = d.exec(1, "{}");
        CHECK(host.result(op).ok());
        CHECK_THROWS_WITH(host.loop().run_until([] { return false; }), "thrown in a callback");
    }
}

TEST_CASE("a plugin with static objects and a thread of its own works and leaves in peace") {
    leaves_things_behind = true;
    th::host host;
    auto d = make(host, "static_objects");
    CHECK(host.wait(d.open(1, "{}")).ok());
    CHECK(host.wait(d.exec(1, "{}")).output == "130");
}

TEST_CASE("the no-op driver answers at once") {
    th::host host;
    auto d = make(host, "noop");
    const auto op = d.exec(1, "{}");
    CHECK(host.result(op).output == "ok\n");
    CHECK(host.result(op).json == "{}");
}

TEST_CASE("the echo driver follows its script") {
    th::host host;
    host.services().set_secret("cred", R"({"password":"x"})");
    auto d = make(host, "echo");
    REQUIRE(host.wait(d.open(1, "{}")).ok());
    auto run = [&](const std::string& command) {
        return host.wait(d.exec(1, sdk::json_object().add("command", command).text()));
    };
    CHECK(run("show version").output == "show version\n");
    CHECK(run("print a b; sleep 100ms; print c").output == "a b\nc\n");
    CHECK(run("emit 2500").output.size() == 2500);
    CHECK(run("secret cred").output == "16\n");
    CHECK(run("resolve 127.0.0.1").output == "127.0.0.1\n");
    CHECK(run("block 1us").ok());
    CHECK(run("exit 3").json == R"({"exit_status":3})");
    CHECK_THAT(run("refuse command_rejected").json, Catch::StartsWith(R"({"failed":{"code":"command_rejected")"));
    CHECK_THAT(run("print x; fail prompt_timeout").json, Catch::Contains("prompt_timeout"));
    CHECK_THAT(run("lose").json, Catch::Contains("session_lost"));
    CHECK_THAT(run("throw").json, Catch::Contains("the script says: throw"));
    CHECK(run("count").output == "12\n");

    const auto hanging = d.exec(1, R"({"command":"hang"})");
    CHECK_FALSE(host.wait(hanging).completed);
    d.cancel(hanging);
    CHECK(host.wait(hanging).status == FRL_CANCELLED);

    const auto configured = host.wait(d.exec(1, R"({"config":["good","bad","more"]})"));
    CHECK_THAT(configured.json,
               Catch::Contains(R"("failed")") && Catch::Contains(R"({"command":"more","output":"","skipped":true})"));

    CHECK(run("drop 5ms").ok());
    host.loop().advance(5ms);
    CHECK(host.services().lost_sessions().size() == 1);
    CHECK(host.wait(d.close(1)).ok());
}

TEST_CASE("the echo driver takes scripts for open, keepalive and close from its target") {
    th::host host;
    auto d = make(host, "echo");
    CHECK_THAT(host.wait(d.open(1, R"({"options":{"open":"fail connection_refused"}})")).json,
               Catch::Contains("connection_refused"));
    REQUIRE(host.wait(d.open(2, R"({"options":{"keepalive":"fail prompt_timeout","close":"sleep 10ms"}})")).ok());
    CHECK_THAT(host.wait(d.keepalive(2)).json, Catch::Contains("prompt_timeout"));
    const auto closed = d.close(2);
    CHECK_FALSE(host.result(closed).completed);
    CHECK(host.wait(closed).ok());
}

TEST_CASE("the echo probe is up, down or fails as its target says") {
    th::host host;
    const auto plugin = th::plugin::load(fixture("echo"));
    th::probe p(host, plugin.component(FRL_KIND_PROBE, "echo"));
    CHECK_THAT(host.wait(p.start(R"({"host":"a","delay":10})")).json,
               Catch::StartsWith(R"({"success":true,"duration_ms":10)"));
    CHECK_THAT(host.wait(p.start(R"({"host":"a","down":"no route"})")).json, Catch::Contains("no route"));
    CHECK_THAT(host.wait(p.start(R"({"host":"a","fail":"no_permission"})")).json, Catch::Contains("no_permission"));
    CHECK_THAT(host.wait(p.start(R"({"host":"a","delay":9000})", 1s)).json, Catch::Contains("no answer in time"));
}
