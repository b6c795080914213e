// SPDX-License-Identifier: Apache-2.0
// A scan as SQL that reads rows in key order and never sorts.
#pragma once

#include "settings.hpp"

#include <ferrule/sdk/store.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::sqlite {

/// An attribute and the values that are accepted, each once.
struct filter {
    std::string_view attribute;
    std::vector<std::string_view> values;
};

/// The filters of a scan by attribute. Throws `failure` with invalid_query for one that the collection does not have.
std::vector<filter> group_filters(const collection_settings& of, const sdk::scan_view& what);

/// A statement's text and the texts to bind to ?2, ?3, …; ?1 is the limit. Equal shapes give equal texts, so prepared
/// statements can be kept.
struct scan_sql {
    std::string text;
    std::vector<std::string_view> values;
};

/// `driver` is the filter whose index is walked, or filters.size() to walk the keys. Several values of the driver
/// become a UNION ALL, which SQLite merges in key order without a sort.
scan_sql make_scan(const collection_settings& of, const sdk::scan_view& what, const std::vector<filter>& filters,
                   std::size_t driver);

/// Counts index entries of one value of an attribute, at most ?2 of them: tells which of several filters is narrow.
std::string make_probe(const collection_settings& of, std::string_view attribute);

} // namespace ferrule::sqlite
