#include "rig.hpp"

#include "plugins/check.hpp"

#include <algorithm>
#include <cstdlib>

using ferrule::plugins::check_outcome;
using ferrule::plugins::check_plugin;
using ferrule::plugins::check_settings;
using test::rig;
using namespace std::chrono_literals;

namespace {

std::vector<check_outcome> check(const std::string& fixture, const check_settings& how = {}) {
    return check_plugin(rig::fixture(fixture), how);
}

std::string told(const std::vector<check_outcome>& all) {
    std::string out;
    for (const auto& each : all)
        out += (each.ok ? "ok     " : "FAILED ") + each.check + ": " + each.message + "\n";
    return out;
}

bool good(const std::vector<check_outcome>& all) {
    return !all.empty() && std::ranges::all_of(all, &check_outcome::ok);
}

/// The one that failed; there must be exactly one.
check_outcome failure(const std::vector<check_outcome>& all) {
    INFO(told(all));
    REQUIRE(std::ranges::count(all, false, &check_outcome::ok) == 1);
    return *std::ranges::find(all, false, &check_outcome::ok);
}

} // namespace

TEST_CASE("a plugin that keeps the contract passes every check") {
    const std::string name = GENERATE("echo", "blocking", "noop", "first_fit", "memory_store");
    const auto all = check(name);
    INFO(told(all));
    CHECK(good(all));
    CHECK(all.front().check == "note");
    CHECK(all.back().check == "end");
}

TEST_CASE("a check says what is wrong with a plugin that cannot be loaded") {
    CHECK(failure(check("no_note")).check == "note");
    CHECK(failure(check("missing_symbol")).message ==
          "it does not export ferrule_plugin_entry; declare it with FRL_EXPORT");
    const auto magic = failure(check("wrong_magic"));
    CHECK(magic.check == "driver wrong_magic: open where nobody listens");
    CHECK(magic.message.ends_with("its entry does not start with the magic of a Ferrule plugin"));
    CHECK(failure(check("missing_library")).message.find("libferrule_absent.so.1") != std::string::npos);
    CHECK(failure(check("fails_init")).message.starts_with("plugin_init_failed: "));
    CHECK(failure(check("fails_create")).message.starts_with("plugin_init_failed: "));
}

TEST_CASE("a crash of the plugin is an outcome of the check") {
    const test::scratch_folder files;
    const auto source = files.write("crash.c", R"(#include <ferrule/abi/driver.h>
const frl_plugin* ferrule_plugin_entry(void);
FRL_EXPORT const frl_plugin* ferrule_plugin_entry(void) { __builtin_trap(); }
FRL_NOTE("{\"id\":\"crash\",\"version\":\"1\",\"abi\":\"1.0\",\"components\":"
         "[{\"kind\":\"ferrule.driver/1\",\"name\":\"crash\",\"execution\":\"async\"}]}");
)");
    const auto plugin = files.path() / "crash.so";
    const auto command = std::string(FERRULE_C_COMPILER) + " -shared -fPIC -fvisibility=hidden -I" +
                         FERRULE_ABI_HEADERS + " -o " + plugin.string() + " " + source.string();
    REQUIRE(std::system(command.c_str()) == 0);
    const auto all = check_plugin(plugin);
    const auto bad = failure(all);
    CHECK(bad.check == "driver crash: open where nobody listens");
    CHECK(bad.message.starts_with("the plugin crashed: "));
}

TEST_CASE("a plugin that does not come to an end fails the check") {
    check_settings how;
    how.configs["echo"] = "{}";
    how.limit = 1ms;
    const auto all = check("echo", how);
    REQUIRE_FALSE(all.empty());
    CHECK_FALSE(all.back().ok);
    CHECK(all.back().message == "it did not end within 1ms");
}

TEST_CASE("what the host holds against a plugin fails the check") {
    // The instance throws when it is destroyed.
    check_settings how;
    how.configs["throws"] = R"({"throw_in":"destroy"})";
    const auto bad = failure(check("throws", how));
    CHECK(bad.check == "end");
    CHECK(bad.message == "the host held this against it while it ended: exception (1)");
    how.configs["throws"] = R"({"throw_in":"keepalive"})";
    const auto all = check("throws", how);
    INFO(told(all));
    CHECK_FALSE(good(all));
}
