#include "sqlite_fixture.hpp"

#include <sys/stat.h>
#include <unistd.h>

using namespace ferrule;
using namespace ferrule::tests;

namespace {

mode_t mode_of(const std::string& path) {
    struct stat seen {};

    REQUIRE(::stat(path.c_str(), &seen) == 0);
    return seen.st_mode & 07777;
}

void fill(const std::string& path, int records) {
    opened_store store(config_for(path));
    std::vector<testhost::record> all;
    for (int i = 0; i < records; ++i)
        all.push_back(job("job-" + std::to_string(100000 + i)));
    store->put(all);
}

} // namespace

TEST_CASE("missing folders are made, and nobody else may look into them or the files") {
    const scratch_folder folder;
    const auto path = folder.file("one/two/store.db");
    opened_store store(config_for(path));
    store->put({job("a")});
    CHECK(mode_of(folder.file("one")) == 0700);
    CHECK(mode_of(folder.file("one/two")) == 0700);
    CHECK(mode_of(path) == 0600);
    CHECK(mode_of(path + "-wal") == 0600);
    CHECK(mode_of(path + ".lock") == 0600);
}

TEST_CASE("what was put is there after closing and opening, and the log is folded in") {
    const scratch_folder folder;
    const auto path = folder.file("a.db");
    fill(path, 10);
    CHECK_FALSE(std::filesystem::exists(path + "-wal"));
    opened_store store(config_for(path));
    CHECK(store->scan({"jobs", "", "", false, 0, {}}).size() == 10);
}

TEST_CASE("a collection or attribute that is new is added, and one that is gone is kept") {
    const scratch_folder folder;
    const auto path = folder.file("a.db");
    {
        opened_store store(config_for(path, R"([{"name":"jobs","attributes":["state"]}])"));
        store->put({testhost::record{"jobs", "a", "{}", {"queued"}, 0, 0}});
    }
    {
        opened_store store(config_for(
            path, R"([{"name":"jobs","attributes":["device","state"]},{"name":"devices","attributes":[]}])"));
        CHECK(store->get("jobs", "a")->attributes == std::vector<std::string>{"", "queued"});
        store->put({testhost::record{"jobs", "b", "{}", {"r1", "queued"}, 0, 0},
                    testhost::record{"devices", "r1", "{}", {}, 0, 0}});
        CHECK(store->scan({"jobs", "", "", false, 0, {{"state", "queued"}}}).size() == 2);
        CHECK(store->scan({"jobs", "", "", false, 0, {{"device", "r1"}}}).size() == 1);
    }
    {
        opened_store store(config_for(path, R"([{"name":"jobs","attributes":["state"]}])"));
        store->put({testhost::record{"jobs", "c", "{}", {"running"}, 0, 0}});
    }
    opened_store store(config_for(path));
    CHECK(store->get("jobs", "b")->attributes == std::vector<std::string>{"queued", "r1"});
    CHECK(store->get("jobs", "c")->attributes == std::vector<std::string>{"running", ""});
}

TEST_CASE("a second store on the same file is refused and told who has it") {
    const scratch_folder folder;
    const auto path = folder.file("a.db");
    {
        opened_store first(config_for(path));
        CHECK(failure_of([&] { opened_store second(config_for(path)); }) ==
              "store_in_use: the database " + path + " is in use by process " + std::to_string(::getpid()) +
                  "; stop that process, or give this one a path of its own");
    }
    CHECK(failure_of([&] { opened_store second(config_for(path)); }) == "no failure");
}

TEST_CASE("a database of a newer layout is refused and left as it is") {
    const scratch_folder folder;
    const auto path = folder.file("a.db");
    fill(path, 1);
    run_sql(path, "PRAGMA user_version = 99");
    CHECK(
        failure_of([&] { opened_store store(config_for(path)); }) ==
        "store_newer: the database " + path +
            " has layout version 99, and this Ferrule knows up to 1; run the newer Ferrule that wrote it, or restore a "
            "backup made before the upgrade");
    run_sql(path, "PRAGMA user_version = 1");
    opened_store store(config_for(path));
    CHECK(store->scan({"jobs", "", "", false, 0, {}}).size() == 1);
}

TEST_CASE("a database of another program is refused") {
    const scratch_folder folder;
    const auto path = folder.file("a.db");
    run_sql(path, "CREATE TABLE bookmarks(url TEXT)");
    CHECK(failure_of([&] { opened_store store(config_for(path)); }) ==
          "store_foreign: the file " + path + " is a database of another program; give the store a path of its own");
}

TEST_CASE("a file that is no database is refused with the remedy") {
    const scratch_folder folder;
    const auto path = folder.file("a.db");
    std::ofstream(path) << std::string(8192, 'x');
    CHECK(
        failure_of([&] { opened_store store(config_for(path)); }) ==
        "store_corrupt: cannot read the database " + path +
            ": file is not a database. Stop Ferrule and restore the file from a backup, or save what can be read with "
            "'sqlite3 FILE .recover', or move it away to start with an empty one");
}

TEST_CASE("a database that was cut off is noticed when it is opened") {
    const scratch_folder folder;
    const auto path = folder.file("a.db");
    fill(path, 500);
    std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
    CHECK_THAT(failure_of([&] { opened_store store(config_for(path)); }),
               Catch::StartsWith("store_corrupt: cannot read the database " + path +
                                 ": database disk image is malformed. Stop Ferrule and restore the file"));
}

TEST_CASE("damage inside the file is reported by the read that meets it") {
    const scratch_folder folder;
    const auto path = folder.file("a.db");
    fill(path, 500);
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        const auto size = std::filesystem::file_size(path);
        constexpr std::uintmax_t page = 4096;
        for (auto at = 16 * page; at + page <= size; at += page) {
            file.seekp(static_cast<std::streamoff>(at));
            file << std::string(page, '\xee');
        }
    }
    opened_store store(config_for(path));
    CHECK_THAT(failure_of([&] {
                   store->scan({"jobs", "", "", false, 0, {}});
               }),
               Catch::StartsWith("store_corrupt: cannot read the database " + path + ": "));
}

TEST_CASE("a path that cannot be used is named with the reason") {
    const scratch_folder folder;
    std::ofstream(folder.file("plain")) << "x";
    CHECK(failure_of([&] { opened_store store(config_for(folder.file("plain/a.db"))); }) ==
          "store_unavailable: cannot use the folder " + folder.file("plain") +
              ": Not a directory. Check the store's path and the rights of this user");
}

TEST_CASE("bad configurations are refused with the member at fault") {
    struct bad {
        std::string config;
        std::string message;
    };

    const auto one = [](const std::string& collections) {
        return R"({"path":"/nowhere/a.db","collections":)" + collections + "}";
    };
    const std::vector<bad> table = {
        {"[]", "the configuration must be a JSON object"},
        {"{", "the configuration must be a JSON object"},
        {"{}", "path must name the database file"},
        {R"({"path":""})", "path must name the database file"},
        {R"({"path":"/x","pth":1})",
         "unknown setting 'pth'; known are path, durability, collections, cache_mb, wal_limit_mb"},
        {R"({"path":"/x","durability":"high"})", "durability must be normal or full"},
        {R"({"path":"/x","wal_limit_mb":1})", "wal_limit_mb must be a whole number from 4 to 65536"},
        {R"({"path":"/x","cache_mb":"9"})", "cache_mb must be a whole number from 1 to 65536"},
        {one("{}"), "collections must be a list"},
        {one("[1]"), "collections[0] must be an object"},
        {one(R"([{"name":"a b"}])"),
         "collections[0].name is 'a b'; a name has 1 to 48 characters out of a-z, 0-9 and _"},
        {one(R"([{"name":"a"},{"name":"a"}])"), "collections has 'a' twice"},
        {one(R"([{"name":"a","attributes":["x","x"]}])"), "collections[0].attributes has 'x' twice"},
        {one(R"([{"name":"a","attrs":[]}])"), "unknown setting 'collections[0].attrs'; known are name, attributes"},
    };
    for (const auto& each : table)
        CHECK(failure_of([&] { opened_store store(each.config); }) == "invalid_config: store sqlite: " + each.message);
}
