// SPDX-License-Identifier: Apache-2.0
#include "schema.hpp"

#include <algorithm>
#include <array>

namespace ferrule::sqlite {

namespace {

constexpr std::int64_t application_id = 0x46524c31; // "FRL1"

// Step n brings a database of version n to n + 1. A released step never changes.
constexpr std::array<std::string_view, layout_version> migrations = {
    "PRAGMA application_id = 1179798577;",
};

void check_origin(database& on) {
    const auto id = on.number("PRAGMA application_id", "read");
    const auto version = on.number("PRAGMA user_version", "read");
    const auto objects = on.number("SELECT count(*) FROM sqlite_schema", "read");
    if (id != application_id && (id != 0 || version != 0 || objects != 0))
        throw sdk::failure(sdk::error("store_foreign", "the file " + on.path() +
                                                           " is a database of another program; give the store a path "
                                                           "of its own"));
    if (version > layout_version)
        throw sdk::failure(sdk::error(
            "store_newer", "the database " + on.path() + " has layout version " + std::to_string(version) +
                               ", and this Ferrule knows up to " + std::to_string(layout_version) +
                               "; run the newer Ferrule that wrote it, or restore a backup made before the upgrade"));
}

std::vector<std::string> columns_of(database& on, const std::string& table) {
    statement ask(on, "SELECT name FROM pragma_table_info(?1)");
    ask.bind(1, table);
    std::vector<std::string> names;
    while (ask.step("read"))
        names.emplace_back(ask.text(0));
    return names;
}

void prepare_collection(database& on, const collection_settings& wanted) {
    const auto table = table_name(wanted.name);
    on.run("CREATE TABLE IF NOT EXISTS " + table +
               "(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL, "
               "expires_at INTEGER NOT NULL DEFAULT 0);"
               "CREATE INDEX IF NOT EXISTS \"x." +
               wanted.name + "\" ON " + table + "(expires_at) WHERE expires_at > 0;",
           "prepare");
    const auto present = columns_of(on, table);
    for (const auto& attribute : wanted.attributes) {
        const auto column = attribute_column(attribute);
        if (std::find(present.begin(), present.end(), column) == present.end())
            on.run("ALTER TABLE " + table + " ADD COLUMN " + column + " TEXT NOT NULL DEFAULT ''", "prepare");
        on.run("CREATE INDEX IF NOT EXISTS " + attribute_index(wanted.name, attribute) + " ON " + table + "(" + column +
                   ", key)",
               "prepare");
    }
}

} // namespace

std::string table_name(std::string_view collection) {
    return "c_" + std::string(collection);
}

std::string attribute_column(std::string_view attribute) {
    return "a_" + std::string(attribute);
}

std::string attribute_index(std::string_view collection, std::string_view attribute) {
    return "\"i." + std::string(collection) + "." + std::string(attribute) + "\"";
}

std::string row_columns(const collection_settings& of) {
    std::string list = "key, value, expires_at";
    for (const auto& attribute : of.attributes)
        list += ", " + attribute_column(attribute);
    return list;
}

void prepare_schema(database& on, const std::vector<collection_settings>& collections) {
    check_origin(on);
    on.run("PRAGMA journal_mode = WAL", "open");
    transaction changes(on);
    const auto from = on.number("PRAGMA user_version", "read");
    for (auto step = from; step < layout_version; ++step)
        on.run(std::string(migrations[static_cast<std::size_t>(step)]), "migrate");
    if (from != layout_version)
        on.run("PRAGMA user_version = " + std::to_string(layout_version), "migrate");
    for (const auto& each : collections)
        prepare_collection(on, each);
    changes.commit();
}

} // namespace ferrule::sqlite
