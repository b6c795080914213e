// SPDX-License-Identifier: Apache-2.0
#include "writer.hpp"

#include "schema.hpp"

#include <algorithm>

namespace ferrule::sqlite {

namespace {

constexpr std::string_view doing = "write to";

// Places of the parameters that all writing statements share; attributes follow from `first_attribute` on.
constexpr int key_at = 1;
constexpr int value_at = 2;
constexpr int expires_at = 3;
constexpr int first_attribute = 4;

std::string insert_sql(const collection_settings& of, std::string_view on_conflict) {
    std::string values = "?1, ?2, ?3";
    for (std::size_t i = 0; i < of.attributes.size(); ++i)
        values += ", ?" + std::to_string(first_attribute + static_cast<int>(i));
    return "INSERT INTO " + table_name(of.name) + "(" + row_columns(of) + ") VALUES(" + values +
           ") ON CONFLICT(key) DO " + std::string(on_conflict);
}

std::string put_sql(const collection_settings& of) {
    std::string change = "UPDATE SET value = excluded.value, expires_at = excluded.expires_at";
    for (const auto& attribute : of.attributes) {
        const auto column = attribute_column(attribute);
        change += ", " + column + " = excluded." + column;
    }
    return insert_sql(of, change);
}

std::string expire_sql(const collection_settings& of) {
    const auto table = table_name(of.name);
    return "DELETE FROM " + table + " WHERE id IN (SELECT id FROM " + table +
           " WHERE expires_at > 0 AND expires_at < ?1 ORDER BY expires_at LIMIT ?2)";
}

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

writer::table::table(database& on, const collection_settings& described)
    : name(described.name)
    , attributes(described.attributes.size())
    , put(on, put_sql(described))
    , insert(on, insert_sql(described, "NOTHING"))
    , remove(on, "DELETE FROM " + table_name(described.name) + " WHERE key = ?1")
    , expire(on, expire_sql(described)) {}

writer::writer(const settings& wanted, const sdk::host& host)
    : on_(wanted.path, database::access::write)
    , log_(prepare(on_, wanted), wanted.wal_limit_mb, host) {
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

writer::table& writer::find(std::string_view collection) {
    if (last_ != nullptr && last_->name == collection)
        return *last_;
    const auto at = std::find_if(tables_.begin(), tables_.end(), [&](const auto& t) { return t.name == collection; });
    if (at == tables_.end())
        throw sdk::failure(sdk::error("unknown_collection", "the store has no collection '" + std::string(collection) +
                                                                "'; declare it when the store is opened"));
    return *(last_ = &*at);
}

std::uint32_t writer::put(std::span<const sdk::record_view> records) {
    log_.catch_up();
    begin_.run(doing);
    try {
        const auto left_out = apply_all(records);
        commit_.run(doing);
        return left_out;
    } catch (...) {
        // A failed commit may have left the transaction open, or SQLite may have ended it already.
        if (sqlite3_get_autocommit(on_.handle()) == 0)
            sqlite3_exec(on_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
        throw;
    }
}

std::uint32_t writer::apply_all(std::span<const sdk::record_view> records) {
    std::uint32_t left_out = 0;
    for (const auto& record : records)
        left_out += apply(find(record.collection()), record) ? 0U : 1U;
    return left_out;
}

bool writer::apply(table& to, const sdk::record_view& record) {
    if (record.is_delete()) {
        to.remove.bind(key_at, record.key());
        to.remove.run(doing);
        return true;
    }
    const auto given = record.attributes();
    if (given.size() > to.attributes)
        throw sdk::failure(sdk::error(
            "invalid_record", "a record for the collection '" + to.name + "' has " + std::to_string(given.size()) +
                                  " attributes, the collection declares " + std::to_string(to.attributes)));
    auto& write = record.is_insert() ? to.insert : to.put;
    write.bind(key_at, record.key());
    write.bind(value_at, record.value());
    write.bind(expires_at, record.expires_at_ms());
    for (std::size_t i = 0; i < to.attributes; ++i)
        write.bind(first_attribute + static_cast<int>(i), i < given.size() ? sdk::view(given[i]) : std::string_view());
    write.run(doing);
    return !record.is_insert() || sqlite3_changes64(on_.handle()) != 0;
}

std::uint32_t writer::maintain(std::int64_t now_ms, std::uint32_t limit) {
    log_.catch_up();
    transaction changes(on_);
    std::uint32_t removed = 0;
    for (auto& each : tables_) {
        if (removed == limit)
            break;
        each.expire.bind(1, now_ms);
        each.expire.bind(2, std::int64_t{limit - removed});
        each.expire.run("remove expired records from");
        removed += static_cast<std::uint32_t>(sqlite3_changes64(on_.handle()));
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
