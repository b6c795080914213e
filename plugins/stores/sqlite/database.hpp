// SPDX-License-Identifier: Apache-2.0
// SQLite's handles as C++ objects, and its failures as errors that a user can act on.
#pragma once

#include <ferrule/sdk/error.hpp>

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ferrule::sqlite {

/// The error for SQLite's result code: disk_full, store_busy, store_corrupt, store_unavailable, record_too_large or
/// store_failed. Each names the file and the remedy.
sdk::error describe(int code, std::string_view message, const std::string& path, std::string_view doing);

class database;

/// A prepared statement. Borrows its connection. Texts that are bound must live until `reset`.
class statement {
  public:
    statement() = default;
    statement(database& on, std::string_view sql);

    void bind(int at, std::string_view text);
    void bind(int at, std::int64_t value);
    /// True when there is a row. Throws `failure`; the statement is then reset.
    bool step(std::string_view doing);
    /// Runs a statement that gives no rows, resets it, and gives SQLite's result code.
    int try_run() noexcept;

    void reset() noexcept { sqlite3_reset(handle_.get()); }

    /// Runs a statement that gives no rows and resets it.
    void run(std::string_view doing);

    /// Borrowed until the next step or reset.
    [[nodiscard]] std::string_view text(int column) const noexcept;

    [[nodiscard]] std::int64_t integer(int column) const noexcept {
        return sqlite3_column_int64(handle_.get(), column);
    }

  private:
    struct finalizer {
        void operator()(sqlite3_stmt* handle) const noexcept { sqlite3_finalize(handle); }
    };

    database* on_ = nullptr;
    std::unique_ptr<sqlite3_stmt, finalizer> handle_;
};

/// Resets a statement at the end of a scope, whatever ends it, so that no read snapshot is left open.
class reset_guard {
  public:
    explicit reset_guard(statement& held) noexcept
        : held_(held) {}

    reset_guard(const reset_guard&) = delete;
    reset_guard& operator=(const reset_guard&) = delete;

    ~reset_guard() { held_.reset(); }

  private:
    statement& held_;
};

/// One connection. Used by one thread at a time.
class database {
  public:
    enum class access { read, write };

    database(const std::string& path, access wanted);
    database(const database&) = delete;
    database& operator=(const database&) = delete;

    /// Whether a lock that another connection holds is waited for, as at first, or answered with SQLITE_BUSY at once.
    void wait_for_locks(bool wanted) noexcept;
    /// Runs statements without results, such as PRAGMAs and schema changes.
    void run(const std::string& sql, std::string_view doing);
    /// The single number that a statement gives, such as `PRAGMA user_version`.
    std::int64_t number(const std::string& sql, std::string_view doing);

    [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// Throws the failure that `code` stands for.
    [[noreturn]] void fail(int code, std::string_view doing) const;

  private:
    struct closer {
        void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
    };

    [[nodiscard]] int last_write_error() const;

    std::string path_;
    std::unique_ptr<sqlite3, closer> handle_;
};

/// A write transaction that rolls back unless it is committed.
class transaction {
  public:
    explicit transaction(database& on);
    transaction(const transaction&) = delete;
    transaction& operator=(const transaction&) = delete;
    ~transaction();
    void commit();

  private:
    database& on_;
};

} // namespace ferrule::sqlite
