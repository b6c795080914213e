#include "sqlite_fixture.hpp"

#include "support/file_size_limit.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "support/not_run.hpp"

using namespace ferrule;
using namespace ferrule::tests;

namespace {

std::vector<testhost::record> batch_of(int number, std::size_t records, std::size_t bytes) {
    std::vector<testhost::record> all;
    for (std::size_t i = 0; i < records; ++i) {
        auto made = job("job-" + std::to_string(100000 + number) + "-" + std::to_string(i));
        made.value = "\"" + std::string(bytes, 'x') + "\"";
        all.push_back(std::move(made));
    }
    return all;
}

/// Puts batches until one fails; says how, and how many went in.
std::pair<std::string, int> fill_up(opened_store& store) {
    for (int batches = 0; batches < 1000; ++batches)
        if (const auto failed = failure_of([&] { store->put(batch_of(batches, 10, 4000)); }); failed != "no failure")
            return {failed, batches};
    return {"no failure", 1000};
}

std::string full_message(const std::string& path) {
    return "disk_full: cannot write to the database " + path +
           ": the disk or the quota is full; nothing of this batch was written. Free some space and try again";
}

/// Mounts a disk of 2 MB that only this process sees; works for root and where users may have namespaces.
bool mount_small_disk(const std::string& at) {
    const auto user = std::to_string(::getuid());
    if (::unshare(CLONE_NEWNS) != 0) {
        if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
            return false;
        std::ofstream("/proc/self/uid_map") << user << " " << user << " 1";
    }
    return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("none", at.c_str(), "tmpfs", 0, "size=2m") == 0;
}

std::string fill_a_small_disk(const std::string& mount) {
    if (!mount_small_disk(mount))
        return "cannot mount";
    const auto path = mount + "/a.db";
    const auto ballast = mount + "/ballast";
    std::ofstream(ballast) << std::string(512 * 1024, 'b');
    opened_store store(config_for(path));
    const auto [failed, batches] = fill_up(store);
    if (failed != full_message(path))
        return failed;
    if (store->scan({"jobs", "", "", false, 0, {}}).size() != static_cast<std::size_t>(batches) * 10)
        return "something half-written is visible, or something written is lost";
    std::filesystem::remove(ballast);
    store->put(batch_of(batches, 10, 4000));
    return store->scan({"jobs", "", "", false, 0, {}}).size() == static_cast<std::size_t>(batches + 1) * 10
               ? "as it should be"
               : "the batch after the disk had room is not there";
}

} // namespace

TEST_CASE("a file that may not grow gives disk_full, nothing is half-written, and writing goes on with room") {
    const scratch_folder folder;
    const auto path = folder.file("a.db");
    opened_store store(config_for(path));
    int batches = 0;
    {
        const test::file_size_limit limit(rlim_t{1} << 20);
        const auto [failed, written] = fill_up(store);
        CHECK(failed == full_message(path));
        batches = written;
        CHECK(batches > 0);
        CHECK(store->scan({"jobs", "", "", false, 0, {}}).size() == static_cast<std::size_t>(batches) * 10);
    }
    store->put(batch_of(batches, 10, 4000));
    CHECK(store->scan({"jobs", "", "", false, 0, {}}).size() == static_cast<std::size_t>(batches + 1) * 10);
}

TEST_CASE("a full disk gives disk_full, nothing is half-written, and writing goes on once there is room") {
    const scratch_folder folder;
    const auto mount = folder.file("disk");
    std::filesystem::create_directory(mount);
    std::array<int, 2> pipe{};
    REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
    sqlite_plugin();
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::string said;
        try {
            said = fill_a_small_disk(mount);
        } catch (const std::exception& what) {
            said = what.what();
        }
        const auto sent = ::write(pipe[1], said.data(), said.size());
        ::_exit(sent == static_cast<ssize_t>(said.size()) ? 0 : 1);
    }
    ::close(pipe[1]);
    std::string said;
    std::array<char, 512> buffer{};
    for (ssize_t got = 0; (got = ::read(pipe[0], buffer.data(), buffer.size())) > 0;)
        said.append(buffer.data(), static_cast<std::size_t>(got));
    ::close(pipe[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (said == "cannot mount") {
        test::not_run("this user may not mount a small disk in a namespace of its own");
        return;
    }
    CHECK(said == "as it should be");
    CHECK(status == 0);
}

TEST_CASE("a record that is too large for SQLite is refused for good, and the store goes on") {
    const scratch_folder folder;
    const auto path = folder.file("a.db");
    opened_store store(config_for(path));
    // Pages that are never touched, so that they take no memory.
    constexpr std::size_t size = 1'100'000'000;
    auto* const pages = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(pages != MAP_FAILED);
    frl_record large{};
    large.struct_size = sizeof(large);
    large.collection = testhost::str("jobs");
    large.key = testhost::str("large");
    large.value = {static_cast<const char*>(pages), size};
    const frl_record* const records[] = {&large};
    std::uint8_t left_out = 0;
    testhost::reported_error error;
    CHECK(store->api().put_batch(store->raw(), records, 1, &left_out, testhost::raw(error)) != FRL_OK);
    CHECK(error.code == "record_too_large");
    CHECK(error.message ==
          "cannot write to the database " + path + ": a record is larger than SQLite takes, which is 1 GB");
    CHECK_FALSE(error.retryable);
    ::munmap(pages, size);
    store->put({job("small")});
    CHECK(keys_of(store->scan({"jobs", "", "", false, 0, {}})) == std::vector<std::string>{"small"});
}

TEST_CASE("writing a record again touches only the indexes of what has changed") {
    const scratch_folder folder;
    const auto path = folder.file("a.db");
    opened_store store(config_for(path));
    std::vector<testhost::record> all;
    for (int i = 100; i < 400; ++i)
        all.push_back(job(std::to_string(i), i % 2 == 0 ? "queued" : "running"));
    store->put(all);
    const auto pages_of = [&](const testhost::record& changed) {
        constexpr std::uintmax_t frame = 4096 + 24;
        const auto before = std::filesystem::file_size(path + "-wal");
        store->put({changed});
        return (std::filesystem::file_size(path + "-wal") - before) / frame;
    };
    auto changed = all[150];
    changed.value = R"({"id":"251"})";
    CHECK(pages_of(changed) == 1);
    changed.attributes[0] = "failed";
    CHECK(pages_of(changed) >= 2);
    changed.expires_at_ms = 1000;
    changed.attributes = {"queued", "r2"};
    CHECK(pages_of(changed) >= 4);
}

TEST_CASE("the write-ahead log keeps to its limit however much is written") {
    const scratch_folder folder;
    const auto path = folder.file("a.db");
    opened_store store(config_for(path, jobs_by_state_and_device, R"(,"wal_limit_mb":4)"));
    std::uintmax_t largest = 0;
    for (int i = 0; i < 150; ++i) {
        store->put(batch_of(i, 100, 2000));
        largest = std::max(largest, std::filesystem::file_size(path + "-wal"));
    }
    CHECK(largest > 1024 * 1024);
    CHECK(largest < 5 * 1024 * 1024);
    CHECK(store->scan({"jobs", "", "", false, 0, {}}).size() == 15000);
}

TEST_CASE("a scan that stands still does not stop the writer, and the log shrinks to its limit afterwards") {
    const scratch_folder folder;
    const auto path = folder.file("a.db");
    opened_store store(config_for(path, jobs_by_state_and_device, R"(,"wal_limit_mb":4)"));
    store->put(batch_of(0, 100, 2000));

    struct standing {
        opened_store& store;
        std::uintmax_t largest = 0;
        int rows = 0;
    } seen{store, 0, 0};

    // The first row's callback writes 8 MB while its snapshot is held.
    const auto on_row = [](void* arg, const frl_record*) -> std::int32_t {
        auto& state = *static_cast<standing*>(arg);
        if (state.rows++ == 0)
            for (int i = 1; i <= 40; ++i)
                state.store->put(batch_of(i, 100, 2000));
        return 0;
    };
    frl_scan all{};
    all.struct_size = sizeof(all);
    all.collection = testhost::str("jobs");
    testhost::reported_error error;
    REQUIRE(store->api().scan(store->raw(), &all, on_row, &seen, testhost::raw(error)) == FRL_OK);
    CHECK(seen.rows == 100);
    CHECK(std::filesystem::file_size(path + "-wal") > 5 * 1024 * 1024);
    for (int i = 41; i < 100; ++i)
        store->put(batch_of(i, 100, 2000));
    CHECK(std::filesystem::file_size(path + "-wal") < 5 * 1024 * 1024);
    CHECK(store->scan({"jobs", "", "", false, 0, {}}).size() == 10000);
}
