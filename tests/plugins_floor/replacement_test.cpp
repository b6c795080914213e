// Files that come, change and go while their plugins are in use.
#include "rig.hpp"

#include <fstream>

using ferrule::plugins::plugin_state;
using test::rig;
using test::script;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

/// Another build of a fixture: the same code, another version in note and entry.
std::string build_of(const std::string& name, const std::string& version) {
    std::ifstream in(rig::fixture(name), std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(in), {});
    std::size_t count = 0;
    for (auto at = bytes.find("1.0.0"); at != std::string::npos; at = bytes.find("1.0.0", at + 1), ++count)
        bytes.replace(at, 5, version);
    REQUIRE(count >= 1);
    return bytes;
}

void write_in_place(const std::filesystem::path& to, const std::string& bytes) {
    std::ofstream out(to, std::ios::binary | std::ios::trunc);
    out << bytes;
}

void replace_by_rename(const std::filesystem::path& to, const std::string& bytes) {
    auto fresh = to;
    fresh += ".new";
    write_in_place(fresh, bytes);
    std::filesystem::rename(fresh, to);
}

std::size_t mapped(const std::filesystem::path& path) {
    std::ifstream maps("/proc/self/maps");
    std::string line;
    std::size_t count = 0;
    while (std::getline(maps, line))
        if (line.find(path.string()) != std::string::npos)
            ++count;
    return count;
}

} // namespace

TEST_CASE("a plugin is mapped by its first use, from a private copy") {
    rig in;
    const auto file = in.add("echo", "drivers/echo.so");
    CHECK(in.plugins().driver("echo"));
    CHECK(mapped(in.scratch() / "run") == 0);
    const auto session = in.open("echo");
    CHECK(mapped(in.scratch() / "run") != 0);
    CHECK(mapped(file) == 0);
    std::filesystem::remove(file);
    CHECK(in.wait(session->exec(script("print x"), rig::in(30s))));
}

TEST_CASE("a replaced plugin serves new sessions while old ones finish on the old code") {
    const bool in_place = GENERATE(true, false);
    rig in(4);
    const auto file = in.add("echo");
    const auto old = in.open("echo");
    CHECK(old->plugin_version() == "1.0.0");
    const auto next_build = build_of("echo", "1.0.1");
    if (in_place)
        write_in_place(file, next_build);
    else
        replace_by_rename(file, next_build);
    const auto fresh = in.open("echo");
    CHECK(fresh->plugin_version() == "1.0.1");
    CHECK(old->plugin_version() == "1.0.0");
    CHECK(in.wait(old->exec(script("print x"), rig::in(30s))));
    CHECK(in.wait(fresh->exec(script("print x"), rig::in(30s))));

    auto listed = in.plugins().list();
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].state == plugin_state::loaded);
    CHECK(listed[0].note.version == "1.0.1");
    CHECK(listed[1].state == plugin_state::retired);
    CHECK(listed[1].in_use == 1);
    CHECK(in.wait(old->close(rig::in(30s))));
    listed = in.plugins().list();
    CHECK(listed[1].in_use == 0);
    CHECK(in.open("echo")->plugin_version() == "1.0.1");
}

TEST_CASE("many replacements in a row are all seen at once") {
    rig in;
    const auto file = in.add("echo");
    for (int i = 1; i < 10; ++i) {
        const auto version = "1.1." + std::to_string(i);
        const auto bytes = build_of("echo", version);
        if (i % 2 == 0)
            write_in_place(file, bytes);
        else
            replace_by_rename(file, bytes);
        CHECK(in.open("echo")->plugin_version() == version);
    }
}

TEST_CASE("going back to an earlier build uses that one again") {
    rig in;
    const auto file = in.add("echo");
    CHECK(in.open("echo")->plugin_version() == "1.0.0");
    replace_by_rename(file, build_of("echo", "1.0.1"));
    CHECK(in.open("echo")->plugin_version() == "1.0.1");
    replace_by_rename(file, build_of("echo", "1.0.0"));
    CHECK(in.open("echo")->plugin_version() == "1.0.0");
}

TEST_CASE("a half written replacement leaves the old build in use and says why") {
    rig in;
    const auto file = in.add("echo");
    CHECK(in.open("echo")->plugin_version() == "1.0.0");
    const auto bytes = build_of("echo", "1.0.1");
    write_in_place(file, bytes.substr(0, bytes.size() / 2));
    CHECK(in.open("echo")->plugin_version() == "1.0.0");
    const auto listed = in.plugins().list();
    REQUIRE(listed.size() == 1);
    CHECK(listed.front().state == plugin_state::loaded);
    CHECK(listed.front().problem.starts_with("the file is cut short"));

    write_in_place(file, bytes);
    CHECK(in.open("echo")->plugin_version() == "1.0.1");
    CHECK(in.plugins().list().front().problem.empty());
}

TEST_CASE("a replacement that cannot be loaded leaves the old build in use and says why") {
    rig in;
    const auto file = in.add("echo");
    CHECK(in.open("echo")->plugin_version() == "1.0.0");
    auto bytes = build_of("echo", "1.0.1");
    // The note still names the driver; the entry's symbol is another one.
    for (auto at = bytes.find("ferrule_plugin_entry"); at != std::string::npos;
         at = bytes.find("ferrule_plugin_entry", at + 1))
        bytes.replace(at, 20, "ferrule_plugin_exitt");
    replace_by_rename(file, bytes);
    CHECK(in.open("echo")->plugin_version() == "1.0.0");
    CHECK(in.plugins().list().front().problem.ends_with("it does not export ferrule_plugin_entry"));
    replace_by_rename(file, build_of("echo", "1.0.2"));
    CHECK(in.open("echo")->plugin_version() == "1.0.2");
}

TEST_CASE("a file that is still open for writing is not used") {
    rig in;
    const auto file = in.add("echo");
    std::ofstream writer(file, std::ios::binary | std::ios::app);
    const auto found = in.plugins().driver("echo");
    REQUIRE_FALSE(found);
    CHECK(found.error().code() == "plugin_broken");
    CHECK(found.error().message() == file.string() + ": it is still being written");
    writer.close();
    CHECK(in.open("echo")->plugin_version() == "1.0.0");
}

TEST_CASE("a plugin that is dropped into the folder is found, and gone when it is removed") {
    rig in;
    const auto before = in.plugins().driver("echo");
    REQUIRE_FALSE(before);
    CHECK(before.error().code() == "plugin_not_found");
    const auto file = in.add("echo");
    const auto session = in.open("echo");
    std::filesystem::remove(file);
    const auto after = in.plugins().driver("echo");
    REQUIRE_FALSE(after);
    CHECK(after.error().code() == "plugin_not_found");
    CHECK(in.wait(session->exec(script("print x"), rig::in(30s))));
    const auto listed = in.plugins().list();
    REQUIRE(listed.size() == 1);
    CHECK(listed.front().state == plugin_state::retired);
}

TEST_CASE("a kind's folder that is made later is looked into") {
    rig in;
    CHECK_FALSE(in.plugins().driver("echo"));
    in.add("echo", "drivers/echo.so");
    CHECK(in.plugins().driver("echo"));
}

TEST_CASE("a name that nobody offers is refused with the nearest name and the folders") {
    rig in;
    in.add("echo");
    const auto near = in.plugins().driver("ecko");
    REQUIRE_FALSE(near);
    CHECK(near.error().message() ==
          "there is no driver plugin 'ecko'; did you mean 'echo'? searched " + in.folder().string());
    const auto far = in.plugins().probe("zzz");
    REQUIRE_FALSE(far);
    CHECK(far.error().message() == "there is no probe plugin 'zzz'; searched " + in.folder().string());
}

TEST_CASE("of two files with the same component the first folder's is used") {
    const test::scratch_folder other;
    std::filesystem::copy_file(rig::fixture("echo"), other.path() / "another.so");
    rig in(1, [&other](ferrule::plugins::settings& wanted) { wanted.folders.push_back(other.path()); });
    const auto file = in.add("echo");
    const auto listed = in.plugins().list();
    REQUIRE(listed.size() == 2);
    for (const auto& each : listed) {
        if (each.file == file)
            CHECK(each.problem.empty());
        else
            CHECK(each.problem == "'echo' is taken from " + file.string() +
                                      ", which comes first; 'echo' is taken from " + file.string() +
                                      ", which comes first");
        CHECK(each.state == plugin_state::available);
    }
}

TEST_CASE("opens at the same time share one load") {
    rig in(4);
    in.add("echo");
    auto found = in.plugins().driver("echo");
    REQUIRE(found);
    auto one = [](std::shared_ptr<ferrule::plugins::driver> on) -> asio::awaitable<bool> {
        auto opening = on->open("{}", rig::in(60s));
        const auto opened = co_await std::move(opening);
        co_return opened.has_value();
    };
    std::vector<std::future<bool>> all;
    for (int i = 0; i < 50; ++i)
        all.push_back(asio::co_spawn(in.loop().make_strand(), one(*found), asio::use_future));
    for (auto& each : all)
        CHECK(each.get());
    CHECK(in.plugins().list().size() == 1);
}

TEST_CASE("replacing a plugin again and again under load loses no operation") {
    rig in(4);
    const auto file = in.add("echo");
    auto found = in.plugins().driver("echo");
    REQUIRE(found);
    std::atomic<bool> enough = false;
    auto one = [&enough](std::shared_ptr<ferrule::plugins::driver> on) -> asio::awaitable<int> {
        int done = 0;
        while (!enough.load()) {
            auto opening = on->open("{}", rig::in(60s));
            const auto opened = co_await std::move(opening);
            if (!opened)
                co_return -1;
            const auto request = script("print x; sleep 1ms");
            auto running = (*opened)->exec(request, rig::in(60s));
            const auto ran = co_await std::move(running);
            auto closing = (*opened)->close(rig::in(60s));
            const auto closed = co_await std::move(closing);
            if (!ran || !closed)
                co_return -1;
            ++done;
        }
        co_return done;
    };
    std::vector<std::future<int>> all;
    for (int i = 0; i < 8; ++i)
        all.push_back(asio::co_spawn(in.loop().make_strand(), one(*found), asio::use_future));
    for (int i = 1; i < 6; ++i) {
        replace_by_rename(file, build_of("echo", "1.2." + std::to_string(i)));
        CHECK(in.open("echo")->plugin_version() == "1.2." + std::to_string(i));
    }
    enough = true;
    for (auto& each : all)
        CHECK(each.get() > 0);
}
