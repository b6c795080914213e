// SPDX-License-Identifier: Apache-2.0
// All that changes the database.
#pragma once

#include "checkpointer.hpp"
#include "database.hpp"
#include "settings.hpp"
#include "table.hpp"

#include <ferrule/sdk/store.hpp>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::sqlite {

/// The one writing connection with its prepared statements. Calls come from one thread at a time. A call either does
/// all that it says or, by exception, nothing.
class writer {
  public:
    writer(const settings& wanted, const sdk::host& host);

    /// Writes the records in one transaction, but for inserts whose key exists.
    void put(std::span<const sdk::record_view> records, sdk::left_out& taken);
    /// The same when no disk and no lock has to be waited for; false otherwise, and nothing is written.
    bool try_put(std::span<const sdk::record_view> records, sdk::left_out& taken);
    /// Removes at most `limit` expired records.
    std::uint32_t maintain(std::int64_t now_ms, std::uint32_t limit);
    /// Brings the write-ahead log to stable storage.
    void flush();

  private:
    table& find(std::string_view collection);
    bool begin_at_once();
    void note_time(std::chrono::steady_clock::time_point begun) noexcept;
    void commit_all(std::span<const sdk::record_view> records, sdk::left_out& taken);
    void apply_all(std::span<const sdk::record_view> records, sdk::left_out& taken);
    static int note_frames(void* self, sqlite3* on, const char* schema, int frames) noexcept;

    database on_;
    std::vector<table> tables_;
    table* last_ = nullptr;
    statement begin_;
    statement commit_;
    checkpointer log_;
    const bool syncs_;                                  ///< Each commit waits for the disk.
    std::chrono::steady_clock::time_point try_after_{}; ///< Until then nothing is written at once.
};

} // namespace ferrule::sqlite
