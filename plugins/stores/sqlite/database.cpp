// SPDX-License-Identifier: Apache-2.0
#include "database.hpp"

#include <cerrno>
#include <cstring>

namespace ferrule::sqlite {

namespace {

// Long enough for a checkpoint or a backup tool to let go of its lock, short enough to be told about one that hangs.
constexpr int busy_timeout_ms = 5000;

bool no_space(int code, int system_error) {
    return (code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_NOLFS ||
           ((code & 0xff) == SQLITE_IOERR &&
            (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG));
}

sdk::error describe_with(int code, int system_error, std::string_view message, const std::string& path,
                         std::string_view doing) {
    const auto what = "cannot " + std::string(doing) + " the database " + path + ": ";
    if (no_space(code, system_error))
        return {"disk_full",
                what +
                    "the disk or the quota is full; nothing of this batch was written. Free some space and try again",
                true};
    std::string reason(message);
    if (system_error != 0)
        reason.append(" (").append(std::strerror(system_error)).append(")");
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return {"store_busy", what + "another program keeps it locked; end that program and try again", true};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return {"store_corrupt", what + reason +
                                     ". Stop Ferrule and restore the file from a backup, or save what can be read with "
                                     "'sqlite3 FILE .recover', or move it away to start with an empty one"};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
        return {"store_unavailable",
                what + reason + ". Check that this user may read and write the file and its folder"};
    case SQLITE_TOOBIG:
        return {"record_too_large", what + "a record is larger than SQLite takes, which is 1 GB"};
    default:
        return {"store_failed", what + reason, (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_NOMEM};
    }
}

} // namespace

sdk::error describe(int code, std::string_view message, const std::string& path, std::string_view doing) {
    return describe_with(code, 0, message, path, doing);
}

statement::statement(database& on, std::string_view sql)
    : on_(&on) {
    sqlite3_stmt* made = nullptr;
    const int code = sqlite3_prepare_v3(on.handle(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    handle_.reset(made);
    if (code != SQLITE_OK)
        on.fail(code, "use");
}

void statement::bind(int at, std::string_view text) {
    const char* bytes = text.data() == nullptr ? "" : text.data(); // NULL would be bound as SQL's NULL
    const int code = sqlite3_bind_text64(handle_.get(), at, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8);
    if (code != SQLITE_OK)
        on_->fail(code, "write to");
}

void statement::bind(int at, std::int64_t value) {
    const int code = sqlite3_bind_int64(handle_.get(), at, value);
    if (code != SQLITE_OK)
        on_->fail(code, "write to");
}

bool statement::step(std::string_view doing) {
    const int code = sqlite3_step(handle_.get());
    if (code == SQLITE_ROW)
        return true;
    if (code == SQLITE_DONE)
        return false;
    try {
        on_->fail(code, doing);
    } catch (...) {
        reset();
        throw;
    }
}

int statement::try_run() noexcept {
    const int code = sqlite3_step(handle_.get());
    reset();
    return code;
}

void statement::run(std::string_view doing) {
    step(doing);
    reset();
}

std::string_view statement::text(int column) const noexcept {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
    if (bytes == nullptr)
        return {};
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

database::database(const std::string& path, access wanted)
    : path_(path) {
    const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                      (wanted == access::write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
    sqlite3* made = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &made, flags, nullptr);
    handle_.reset(made);
    if (code != SQLITE_OK) {
        if (made == nullptr)
            throw sdk::failure(describe(code, sqlite3_errstr(code), path, "open"));
        fail(code, "open");
    }
    wait_for_locks(true);
    run("PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;", "open");
}

void database::wait_for_locks(bool wanted) noexcept {
    sqlite3_busy_timeout(handle_.get(), wanted ? busy_timeout_ms : 0);
}

void database::run(const std::string& sql, std::string_view doing) {
    const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK)
        fail(code, doing);
}

std::int64_t database::number(const std::string& sql, std::string_view doing) {
    statement ask(*this, sql);
    return ask.step(doing) ? ask.integer(0) : 0;
}

void database::fail(int code, std::string_view doing) const {
    const int reason = (code & 0xff) == SQLITE_IOERR ? last_write_error() : sqlite3_system_errno(handle_.get());
    throw sdk::failure(describe_with(code, reason, sqlite3_errmsg(handle_.get()), path_, doing));
}

// Writing goes to the log's file, whose reason sqlite3_system_errno() does not know.
int database::last_write_error() const {
    sqlite3_file* log = nullptr;
    int reason = 0;
    sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log != nullptr && log->pMethods != nullptr)
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &reason);
    return reason != 0 ? reason : sqlite3_system_errno(handle_.get());
}

transaction::transaction(database& on)
    : on_(on) {
    on_.run("BEGIN IMMEDIATE", "write to");
}

transaction::~transaction() {
    if (sqlite3_get_autocommit(on_.handle()) == 0)
        sqlite3_exec(on_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void transaction::commit() {
    on_.run("COMMIT", "write to");
}

} // namespace ferrule::sqlite
