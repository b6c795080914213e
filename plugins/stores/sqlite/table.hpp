// SPDX-License-Identifier: Apache-2.0
// How records reach the table of one collection.
#pragma once

#include "database.hpp"
#include "settings.hpp"

#include <ferrule/sdk/store.hpp>

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ferrule::sqlite {

/// The statements that change one table. A record that is there already is changed only in the columns that differ:
/// SQLite would otherwise take each index entry out and put it in again, which costs a page of the log for each. Used
/// within the writer's transaction, on its connection.
class table {
  public:
    table(database& on, const collection_settings& described);

    [[nodiscard]] const std::string& name() const noexcept { return described_.name; }

    /// False when an insert found its key taken.
    bool apply(const sdk::record_view& record);
    /// Removes at most `limit` records that expired before `now_ms`; returns how many.
    std::uint32_t expire(std::int64_t now_ms, std::uint32_t limit);

  private:
    // The time of expiry, then the attributes in their order; those beyond its size always count as changed.
    using changes = std::bitset<32>;

    bool insert(const sdk::record_view& record);
    void change(std::int64_t row, const changes& which, const sdk::record_view& record);
    [[nodiscard]] changes differences(const sdk::record_view& record) const;
    [[nodiscard]] bool is_changed(const changes& which, std::size_t column) const noexcept;
    [[nodiscard]] std::string change_sql(const changes& which) const;

    database* on_;
    collection_settings described_;
    statement find_;
    statement insert_;
    statement remove_;
    statement expire_;
    std::unordered_map<changes, statement> changes_; // made when they are first needed
};

} // namespace ferrule::sqlite
