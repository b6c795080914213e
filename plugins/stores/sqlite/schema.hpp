// SPDX-License-Identifier: Apache-2.0
// How collections lie in the database, and how an older database is brought up to date.
#pragma once

#include "database.hpp"
#include "settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ferrule::sqlite {

/// Version of the layout, kept in `user_version`. A collection or attribute that comes or goes needs no new one.
inline constexpr std::int64_t layout_version = 1;

/// A collection's table is `c_<name>(id, key, value, expires_at, a_<attribute>…)`: a rowid table, because rows of a
/// kilobyte in a WITHOUT ROWID tree spill into overflow pages and cost twice as much to write. Each attribute has an
/// index on (attribute, key), so that a filtered scan finds its rows in key order; rows that expire have a partial one.
std::string table_name(std::string_view collection);
std::string attribute_column(std::string_view attribute);
std::string attribute_index(std::string_view collection, std::string_view attribute);
/// `key, value, expires_at, a_…`: the columns of a row as it is read.
std::string row_columns(const collection_settings& of);

/// Makes sure that the file is one of ours and not newer than this build, then creates or migrates what is missing, in
/// one transaction. Throws `failure`: store_foreign, store_newer, store_corrupt and what the disk says.
void prepare_schema(database& on, const std::vector<collection_settings>& collections);

} // namespace ferrule::sqlite
