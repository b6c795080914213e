// SPDX-License-Identifier: Apache-2.0
#include "table.hpp"

#include "schema.hpp"

#include <algorithm>

namespace ferrule::sqlite {

namespace {

constexpr std::string_view doing = "write to";

// Places of the parameters that the writing statements share; attributes follow from `first_attribute` on.
constexpr int key_at = 1; // or the row that is changed
constexpr int value_at = 2;
constexpr int expires_at = 3;
constexpr int first_attribute = 4;

std::string parameter(std::size_t attribute) {
    return "?" + std::to_string(first_attribute + static_cast<int>(attribute));
}

std::string find_sql(const collection_settings& of) {
    std::string columns = "id, expires_at";
    for (const auto& attribute : of.attributes)
        columns += ", " + attribute_column(attribute);
    return "SELECT " + columns + " FROM " + table_name(of.name) + " WHERE key = ?1";
}

std::string insert_sql(const collection_settings& of) {
    std::string values = "?1, ?2, ?3";
    for (std::size_t i = 0; i < of.attributes.size(); ++i)
        values += ", " + parameter(i);
    return "INSERT INTO " + table_name(of.name) + "(" + row_columns(of) + ") VALUES(" + values +
           ") ON CONFLICT(key) DO NOTHING";
}

std::string expire_sql(const collection_settings& of) {
    const auto table = table_name(of.name);
    return "DELETE FROM " + table + " WHERE id IN (SELECT id FROM " + table +
           " WHERE expires_at > 0 AND expires_at < ?1 ORDER BY expires_at LIMIT ?2)";
}

std::string_view attribute_of(const sdk::record_view& record, std::size_t index) {
    const auto given = record.attributes();
    return index < given.size() ? sdk::view(given[index]) : std::string_view();
}

} // namespace

table::table(database& on, const collection_settings& described)
    : on_(&on)
    , described_(described)
    , find_(on, find_sql(described))
    , insert_(on, insert_sql(described))
    , remove_(on, "DELETE FROM " + table_name(described.name) + " WHERE key = ?1")
    , expire_(on, expire_sql(described)) {}

bool table::apply(const sdk::record_view& record) {
    if (record.is_delete()) {
        remove_.bind(key_at, record.key());
        remove_.run(doing);
        return true;
    }
    const auto count = described_.attributes.size();
    if (record.attributes().size() > count)
        throw sdk::failure(sdk::error("invalid_record", "a record for the collection '" + name() + "' has " +
                                                            std::to_string(record.attributes().size()) +
                                                            " attributes, the collection declares " +
                                                            std::to_string(count)));
    if (record.is_insert())
        return insert(record);
    find_.bind(key_at, record.key());
    const reset_guard until_then(find_);
    if (!find_.step(doing))
        return insert(record);
    change(find_.integer(0), differences(record), record);
    return true;
}

bool table::insert(const sdk::record_view& record) {
    insert_.bind(key_at, record.key());
    insert_.bind(value_at, record.value());
    insert_.bind(expires_at, record.expires_at_ms());
    for (std::size_t i = 0; i < described_.attributes.size(); ++i)
        insert_.bind(first_attribute + static_cast<int>(i), attribute_of(record, i));
    insert_.run(doing);
    return sqlite3_changes64(on_->handle()) != 0;
}

// Against the row that find_ stands on.
table::changes table::differences(const sdk::record_view& record) const {
    changes which;
    which[0] = find_.integer(1) != record.expires_at_ms();
    for (std::size_t i = 0; i < described_.attributes.size() && i + 1 < which.size(); ++i)
        which[i + 1] = find_.text(static_cast<int>(i) + 2) != attribute_of(record, i);
    return which;
}

bool table::is_changed(const changes& which, std::size_t column) const noexcept {
    return column >= which.size() || which[column];
}

std::string table::change_sql(const changes& which) const {
    auto set = std::string("value = ?2");
    if (which[0])
        set += ", expires_at = ?3";
    for (std::size_t i = 0; i < described_.attributes.size(); ++i)
        if (is_changed(which, i + 1))
            set += ", " + attribute_column(described_.attributes[i]) + " = " + parameter(i);
    return "UPDATE " + table_name(name()) + " SET " + set + " WHERE id = ?1";
}

void table::change(std::int64_t row, const changes& which, const sdk::record_view& record) {
    auto known = changes_.find(which);
    if (known == changes_.end())
        known = changes_.try_emplace(which, *on_, change_sql(which)).first;
    auto& write = known->second;
    write.bind(key_at, row);
    write.bind(value_at, record.value());
    if (which[0])
        write.bind(expires_at, record.expires_at_ms());
    for (std::size_t i = 0; i < described_.attributes.size(); ++i)
        if (is_changed(which, i + 1))
            write.bind(first_attribute + static_cast<int>(i), attribute_of(record, i));
    find_.reset(); // its cursor would keep the update from being done in place
    write.run(doing);
}

std::uint32_t table::expire(std::int64_t now_ms, std::uint32_t limit) {
    expire_.bind(1, now_ms);
    expire_.bind(2, std::int64_t{limit});
    expire_.run("remove expired records from");
    return static_cast<std::uint32_t>(sqlite3_changes64(on_->handle()));
}

} // namespace ferrule::sqlite
