// SPDX-License-Identifier: Apache-2.0
#include "writer.hpp"

#include "schema.hpp"

#include <algorithm>

namespace ferrule::sqlite {

namespace {

constexpr std::string_view doing = "write to";

// A commit that waits for nothing takes some ten microseconds. One that took longer than `held_up` has found something
// to wait for, most likely a disk that is busy, which then is given some time.
constexpr auto held_up = std::chrono::milliseconds(2);
constexpr auto calm_down = std::chrono::seconds(10);

// Brings the file up to date before anything else uses it, and gives its path.
const std::string& prepare(database& on, const settings& wanted) {
    prepare_schema(on, wanted.collections);
    on.run("PRAGMA synchronous = " + std::string(wanted.sync_each_commit ? "FULL" : "NORMAL") +
               "; PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = FAST; PRAGMA cache_size = -" +
               std::to_string(wanted.cache_mb * 1024) +
               "; PRAGMA journal_size_limit = " + std::to_string(std::int64_t{wanted.wal_limit_mb} * 1024 * 1024),
           "open");
    return wanted.path;
}

} // namespace

writer::writer(const settings& wanted, const sdk::host& host)
    : on_(wanted.path, database::access::write)
    , log_(prepare(on_, wanted), wanted.wal_limit_mb, host)
    , syncs_(wanted.sync_each_commit) {
    tables_.reserve(wanted.collections.size());
    for (const auto& each : wanted.collections)
        tables_.emplace_back(on_, each);
    begin_ = statement(on_, "BEGIN IMMEDIATE");
    commit_ = statement(on_, "COMMIT");
    sqlite3_wal_hook(on_.handle(), &writer::note_frames, &log_);
}

int writer::note_frames(void* log, sqlite3*, const char*, int frames) noexcept {
    static_cast<checkpointer*>(log)->committed(frames);
    return SQLITE_OK;
}

table& writer::find(std::string_view collection) {
    if (last_ != nullptr && last_->name() == collection)
        return *last_;
    const auto at = std::find_if(tables_.begin(), tables_.end(), [&](const auto& t) { return t.name() == collection; });
    if (at == tables_.end())
        throw sdk::failure(sdk::error("unknown_collection", "the store has no collection '" + std::string(collection) +
                                                                "'; declare it when the store is opened"));
    return *(last_ = &*at);
}

void writer::put(std::span<const sdk::record_view> records, sdk::left_out& taken) {
    log_.catch_up();
    begin_.run(doing);
    commit_all(records, taken);
}

bool writer::try_put(std::span<const sdk::record_view> records, sdk::left_out& taken) {
    const auto begun = std::chrono::steady_clock::now();
    if (syncs_ || begun < try_after_ || !log_.quiet())
        return false;
    try {
        if (!begin_at_once())
            return false;
        commit_all(records, taken);
        note_time(begun);
        return true;
    } catch (...) {
        note_time(begun); // a disk that fails takes its time too
        throw;
    }
}

void writer::note_time(std::chrono::steady_clock::time_point begun) noexcept {
    const auto ended = std::chrono::steady_clock::now();
    if (ended - begun > held_up)
        try_after_ = ended + calm_down;
}

// False when another connection, perhaps of another program, holds the lock.
bool writer::begin_at_once() {
    on_.wait_for_locks(false);
    const int code = begin_.try_run();
    on_.wait_for_locks(true);
    if (code != SQLITE_DONE && (code & 0xff) != SQLITE_BUSY)
        on_.fail(code, doing);
    return code == SQLITE_DONE;
}

void writer::commit_all(std::span<const sdk::record_view> records, sdk::left_out& taken) {
    try {
        apply_all(records, taken);
        commit_.run(doing);
    } catch (...) {
        // A failed commit may have left the transaction open, or SQLite may have ended it already.
        if (sqlite3_get_autocommit(on_.handle()) == 0)
            sqlite3_exec(on_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
        throw;
    }
}

void writer::apply_all(std::span<const sdk::record_view> records, sdk::left_out& taken) {
    for (std::size_t i = 0; i < records.size(); ++i)
        if (!find(records[i].collection()).apply(records[i]))
            taken.add(i);
}

std::uint32_t writer::maintain(std::int64_t now_ms, std::uint32_t limit) {
    log_.catch_up();
    transaction changes(on_);
    std::uint32_t removed = 0;
    for (auto& each : tables_) {
        if (removed == limit)
            break;
        removed += each.expire(now_ms, limit - removed);
    }
    changes.commit();
    return removed;
}

void writer::flush() {
    sqlite3_file* log = nullptr;
    sqlite3_file_control(on_.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log == nullptr || log->pMethods == nullptr)
        return; // nothing was written since the log was last folded in
    const int code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
    if (code != SQLITE_OK)
        on_.fail(code, "flush");
}

} // namespace ferrule::sqlite
