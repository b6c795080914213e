// What the store costs: records a second of the sqlite plugin and of the batched writer over it, against a plain loop
// over sqlite3 that writes the same rows into the same table in transactions of the same size. Prints one JSON object a
// figure.
//
// store_bench [RECORDS] [FOLDER]

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/json.hpp"
#include "runtime/io.hpp"
#include "store/sqlite_backend.hpp"
#include "store/writer.hpp"

using namespace ferrule;
namespace asio = boost::asio;

namespace {

constexpr std::size_t batch_size = 500;
constexpr std::size_t value_bytes = 400;
constexpr int devices = 200;
constexpr int coroutines = 1000;

/// Wall-clock and processor time of a piece of work.
struct cost {
    double seconds = 0;
    double cpu_seconds = 0;
};

double now(clockid_t which) {
    timespec at{};
    ::clock_gettime(which, &at);
    return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
}

cost measure(const std::function<void()>& work) {
    const auto wall = now(CLOCK_MONOTONIC);
    const auto cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    work();
    return {now(CLOCK_MONOTONIC) - wall, now(CLOCK_PROCESS_CPUTIME_ID) - cpu};
}

store::record make_record(std::size_t number) {
    store::record made("jobs", base::make_id(), "\"" + std::string(value_bytes - 2, 'x') + "\"");
    made.attributes = {number % 3 == 0 ? "succeeded" : "queued", "device-" + std::to_string(number * 7 % devices)};
    return made;
}

std::vector<store::record> make_records(std::size_t count) {
    std::vector<store::record> all;
    all.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        all.push_back(make_record(i));
    return all;
}

void check(int code, sqlite3* on) {
    if (code != SQLITE_OK && code != SQLITE_DONE)
        throw std::runtime_error(sqlite3_errmsg(on));
}

void bind(sqlite3_stmt* to, int at, const std::string& text) {
    sqlite3_bind_text(to, at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
}

/// The baseline: one connection and prepared statements, as one would write it by hand.
cost raw_sqlite(const std::string& path, const std::vector<store::record>& records) {
    sqlite3* on = nullptr;
    check(sqlite3_open_v2(path.c_str(), &on, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr),
          on);
    check(sqlite3_exec(on,
                       "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384;"
                       "CREATE TABLE jobs(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL, "
                       "expires_at INTEGER NOT NULL, state TEXT NOT NULL, device TEXT NOT NULL);"
                       "CREATE INDEX by_expiry ON jobs(expires_at) WHERE expires_at > 0;"
                       "CREATE INDEX by_state ON jobs(state, key); CREATE INDEX by_device ON jobs(device, key);",
                       nullptr, nullptr, nullptr),
          on);
    sqlite3_stmt* insert = nullptr;
    check(sqlite3_prepare_v3(on,
                             "INSERT INTO jobs(key, value, expires_at, state, device) VALUES(?1, ?2, ?3, ?4, ?5) "
                             "ON CONFLICT(key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at, "
                             "state = excluded.state, device = excluded.device",
                             -1, SQLITE_PREPARE_PERSISTENT, &insert, nullptr),
          on);
    const auto spent = measure([&] {
        for (std::size_t at = 0; at < records.size(); at += batch_size) {
            check(sqlite3_exec(on, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), on);
            for (auto i = at; i < std::min(at + batch_size, records.size()); ++i) {
                bind(insert, 1, records[i].key);
                bind(insert, 2, records[i].value);
                sqlite3_bind_int64(insert, 3, records[i].expires_at_ms);
                bind(insert, 4, records[i].attributes[0]);
                bind(insert, 5, records[i].attributes[1]);
                check(sqlite3_step(insert), on);
                sqlite3_reset(insert);
            }
            check(sqlite3_exec(on, "COMMIT", nullptr, nullptr, nullptr), on);
        }
    });
    sqlite3_finalize(insert);
    sqlite3_close(on);
    return spent;
}

cost through_plugin(const std::string& path, const std::vector<store::record>& records) {
    const auto backend = tests::open_sqlite(path);
    const std::span<const store::record> all(records);
    std::vector<std::uint8_t> left_out(batch_size);
    return measure([&] {
        for (std::size_t at = 0; at < all.size(); at += batch_size) {
            const auto batch = all.subspan(at, std::min(batch_size, all.size() - at));
            backend->put_batch(batch, std::span(left_out).first(batch.size())).value();
        }
    });
}

/// Coroutines that each put the next record once their last one is durable.
cost through_writer(const std::string& path, std::vector<store::record> records, double& batches) {
    const auto backend = tests::open_sqlite(path);
    runtime::io loop;
    store::writer writer(*backend, loop.get_executor(), base::system_clock());
    std::size_t next = 0;
    int running = coroutines;
    const auto body = [&]() -> asio::awaitable<void> {
        while (next < records.size()) {
            auto mine = std::move(records[next++]);
            auto written = co_await writer.put(std::move(mine));
            written.value();
        }
        if (--running == 0)
            loop.stop();
    };
    for (int i = 0; i < coroutines; ++i)
        asio::co_spawn(loop.get_executor(), body(), asio::detached);
    const auto spent = measure([&] { loop.run(); });
    const auto counted = writer.counted();
    batches = static_cast<double>(counted.records) / static_cast<double>(std::max<std::uint64_t>(counted.batches, 1));
    return spent;
}

base::json describe(const cost& spent, std::size_t records) {
    return {{"records_per_second", static_cast<double>(records) / spent.seconds},
            {"cpu_us_per_record", spent.cpu_seconds / static_cast<double>(records) * 1e6}};
}

} // namespace

int main(int count, char** arguments) {
    try {
        const std::size_t records = count > 1 ? std::stoul(arguments[1]) : 300'000;
        const auto parent = count > 2 ? std::filesystem::path(arguments[2]) : std::filesystem::temp_directory_path();
        const tests::scratch_folder folder(parent);
        const auto all = make_records(records);
        const auto raw = raw_sqlite(folder.file("raw.db"), all);
        const auto plugin = through_plugin(folder.file("plugin.db"), all);
        double group = 0;
        const auto writer = through_writer(folder.file("writer.db"), all, group);
        base::json seen{{"raw", describe(raw, records)},
                        {"plugin", describe(plugin, records)},
                        {"writer", describe(writer, records)}};
        seen["writer"]["records_per_batch"] = group;
        std::cout << base::dump(seen) << "\n";
        return 0;
    } catch (const std::exception& what) {
        std::cerr << "store_bench: " << what.what() << "\n";
        return 1;
    }
}
