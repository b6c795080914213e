// What each misbehaving plugin gives its user, and that everything else goes on.
#include "rig.hpp"

#include "base/clock.hpp"

#include <fstream>

using ferrule::error;
using ferrule::plugins::plugin_state;
using test::rig;
using test::script;
using namespace std::chrono_literals;

namespace {

/// The error of opening a session with a plugin that cannot be used.
error refusal(rig& in, const std::string& name) {
    auto found = in.plugins().driver(name);
    if (!found)
        return found.error();
    const auto opened = in.wait((*found)->open("{}", rig::in(30s)));
    REQUIRE_FALSE(opened);
    return opened.error();
}

/// That other plugins are not touched by it.
void goes_on(rig& in) {
    in.add("echo");
    const auto session = in.open("echo");
    CHECK(in.wait(session->exec(script("print alive"), rig::in(30s))));
}

ferrule::result<ferrule::plugins::op_reply> exec(rig& in, const std::shared_ptr<ferrule::plugins::driver_session>& on,
                                                 ferrule::base::duration limit = 30s) {
    return in.wait(on->exec(script("anything"), rig::in(limit)));
}

void quick_grace(ferrule::plugins::settings& wanted) {
    wanted.cancel_grace = 50ms;
}

} // namespace

TEST_CASE("a plugin that cannot be loaded is refused with file, step and reason") {
    const auto [name, code, message] = GENERATE(table<const char*, const char*, const char*>({
        {"wrong_magic", "plugin_broken",
         "checking its entry: its entry does not start with the magic of a Ferrule plugin"},
        {"short_plugin", "plugin_broken",
         "checking its entry: its entry is too short: its struct_size is 56, version 1.0 has 72"},
        {"other_major", "plugin_incompatible",
         "checking its entry: it was built for plugin ABI 2, this Ferrule has 1; rebuild it against this version"},
        {"mismatched_id", "plugin_broken", "checking its entry: its entry says that it is"},
        {"missing_symbol", "plugin_broken", "looking for its entry: it does not export ferrule_plugin_entry"},
        {"missing_library", "plugin_broken",
         "loading: libferrule_absent.so.1: cannot open shared object file: No such file or directory"},
        {"unresolved_symbol", "plugin_broken", "loading: undefined symbol: "},
        {"fails_init", "plugin_init_failed", "initialising: "},
    }));
    rig in;
    const auto file = in.add(name);
    const auto why = refusal(in, name);
    INFO(why.message());
    CHECK(why.code() == code);
    CHECK(why.message().starts_with(file.string() + ": " + message));
    const auto listed = in.plugins().list();
    REQUIRE(listed.size() == 1);
    CHECK(listed.front().state == plugin_state::failed);
    CHECK(listed.front().problem == why.message());
    goes_on(in);
}

TEST_CASE("a plugin whose note cannot be used is refused without loading it") {
    const auto [name, message] = GENERATE(table<const char*, const char*>({
        {"no_note", "it has no Ferrule note, so it is not a Ferrule plugin (FRL_NOTE makes one)"},
        {"garbled_note", "its note is not valid JSON: "},
        {"truncated_note", ""},
    }));
    rig in;
    const auto file = in.add(name);
    const auto why = refusal(in, name);
    INFO(why.message());
    CHECK(why.code() == "plugin_broken");
    CHECK(why.message().starts_with(file.string() + ": " + message));
    CHECK(in.plugins().list().front().state == plugin_state::failed);
    goes_on(in);
}

TEST_CASE("a create that fails gives the plugin's own reason") {
    rig in;
    const auto file = in.add("fails_create");
    const auto why = refusal(in, "fails_create");
    INFO(why.message());
    CHECK(why.code() == "plugin_init_failed");
    CHECK(why.message().starts_with("driver 'fails_create' (" + file.string() + ") could not be created: "));
    goes_on(in);
}

TEST_CASE("a second completion is dropped and held against the plugin") {
    rig in;
    in.add("completes_twice");
    const auto session = in.open("completes_twice");
    CHECK(exec(in, session));
    CHECK(exec(in, session));
    CHECK(in.faults("completes_twice", "unknown_completion") == 4);
    goes_on(in);
}

TEST_CASE("an operation that never ends is abandoned after the grace period") {
    rig in(1, quick_grace);
    in.add("never_completes");
    const auto session = in.open("never_completes");
    const auto done = exec(in, session, 10ms);
    REQUIRE_FALSE(done);
    CHECK(done.error() == error("plugin_unresponsive",
                                "the plugin 'never_completes' did not end an operation within 50ms of being told to; "
                                "the operation was abandoned"));
    CHECK(in.faults("never_completes", "abandoned") == 1);
    CHECK_FALSE(in.plugins().list().front().healthy);

    // New sessions get an instance of their own.
    const auto next = in.open("never_completes");
    CHECK(in.wait(next->keepalive(rig::in(30s))));
    goes_on(in);
}

TEST_CASE("a completion after the operation was abandoned is dropped and held against the plugin") {
    rig in(1, quick_grace);
    in.configs["completes_late"] = {{"after_ms", 100}};
    in.add("completes_late");
    const auto session = in.open("completes_late");
    const auto done = exec(in, session, 10ms);
    REQUIRE_FALSE(done);
    CHECK(done.error().code() == "plugin_unresponsive");
    CHECK(in.wait(session->close(rig::in(30s))));
    // The instance ends only once the plugin has let go of the operation.
    in.stop();
    CHECK(in.faults("completes_late", "late_completion") == 1);
}

TEST_CASE("a session that opens after its open was abandoned is closed, not inside the plugin's own call") {
    rig in(1, quick_grace);
    in.add("opens_late");
    auto found = in.plugins().driver("opens_late");
    REQUIRE(found);
    const auto opened = in.wait((*found)->open("{}", rig::in(1s))); // time enough to reach the plugin
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code() == "plugin_unresponsive");
    in.stop(); // waits for the plugin to let go of the operation, and for the close
    CHECK(in.faults("opens_late", "late_completion") == 1);
    CHECK(in.metrics.value("ferrule_plugin_closed", {{"plugin", "opens_late"}}).value_or(0) == 1);
    CHECK(in.metrics.value("ferrule_plugin_nested", {{"plugin", "opens_late"}}).value_or(0) == 0);
}

TEST_CASE("a plugin that holds its strand is named") {
    rig in(1, [](ferrule::plugins::settings& wanted) { wanted.callback_limit = 20ms; });
    in.configs["holds_strand"] = {{"ms", 60}};
    in.add("holds_strand");
    const auto session = in.open("holds_strand");
    CHECK(exec(in, session));
    CHECK(in.faults("holds_strand", "held_strand") == 1);
    goes_on(in);
}

TEST_CASE("a plugin that never gives its strand back loses its operations while it holds it") {
    rig in(2, [](ferrule::plugins::settings& wanted) {
        wanted.callback_limit = 20ms;
        wanted.cancel_grace = 50ms;
    });
    in.configs["holds_strand"] = {{"ms", 1000}};
    in.add("holds_strand");
    const auto session = in.open("holds_strand");
    const auto done = exec(in, session);
    REQUIRE_FALSE(done);
    CHECK(done.error().code() == "plugin_unresponsive");
}

TEST_CASE("calls from a wrong thread are refused and counted") {
    rig in;
    in.add("wrong_thread");
    const auto session = in.open("wrong_thread");
    const auto done = exec(in, session);
    REQUIRE(done);
    CHECK(done->json == R"({"fd_watch":0,"timer_start":0,"resolve":-5,"run_blocking":-5,"secret_get":-5})");
    CHECK(in.faults("wrong_thread", "wrong_thread") == 5);
    goes_on(in);
}

TEST_CASE("an exception from a function of a plugin ends its operation only") {
    rig in(1, quick_grace);
    in.configs["throws"] = {{"throw_in", "exec"}};
    in.add("throws");
    const auto session = in.open("throws");
    const auto done = exec(in, session);
    REQUIRE_FALSE(done);
    CHECK(done.error() == error("plugin_failed", "the plugin 'throws' threw an exception in exec"));
    CHECK(in.faults("throws", "exception") == 1);
    CHECK(in.wait(session->close(rig::in(30s))));
    goes_on(in);
}

TEST_CASE("an exception from a callback of a plugin is caught") {
    const std::string place = GENERATE("timer", "post", "work", "done", "resolve", "secret", "destroy");
    rig in;
    in.configs["throws"] = {{"throw_in", place}};
    in.add("throws");
    const auto session = in.open("throws");
    CHECK(exec(in, session));
    CHECK(in.wait(session->close(rig::in(30s))));
    in.stop();
    CHECK(in.faults("throws", "exception") == 1);
}

TEST_CASE("an exception from create is a failed load") {
    rig in;
    in.configs["throws"] = {{"throw_in", "create"}};
    in.add("throws");
    const auto why = refusal(in, "throws");
    CHECK(why.code() == "plugin_init_failed");
    CHECK(why.message().ends_with("could not be created: it threw an exception"));
    goes_on(in);
}
