// SPDX-License-Identifier: Apache-2.0
#include "readers.hpp"

#include "schema.hpp"

#include <algorithm>

namespace ferrule::sqlite {

namespace {

constexpr unsigned most_readers = 4;
constexpr std::size_t most_statements = 64; // shapes of scans kept prepared
constexpr std::size_t most_branches = 32;   // values of one filter that are merged rather than tested row by row
constexpr std::int64_t probe_limit = 1000;
constexpr std::string_view doing = "read";

// Columns of row_columns().
constexpr int value_at = 1;
constexpr int expires_at = 2;
constexpr int first_attribute = 3;

} // namespace

reader::reader(const std::string& path, const std::vector<collection_settings>& collections)
    : on_(path, database::access::read) {
    for (const auto& each : collections)
        gets_.emplace(each.name, statement(on_, "SELECT " + row_columns(each) + " FROM " + table_name(each.name) +
                                                    " WHERE key = ?1"));
}

bool reader::pass_on(statement& from, const collection_settings& of, std::vector<frl_str>& attributes,
                     const sdk::row_sink& row) {
    for (std::size_t i = 0; i < attributes.size(); ++i)
        attributes[i] = sdk::str(from.text(first_attribute + static_cast<int>(i)));
    frl_record record{};
    record.struct_size = sizeof(record);
    record.collection = sdk::str(of.name);
    record.key = sdk::str(from.text(0));
    record.value = sdk::str(from.text(value_at));
    record.expires_at_ms = from.integer(expires_at);
    record.attributes = attributes.data();
    record.attribute_count = static_cast<std::uint32_t>(attributes.size());
    return row(record);
}

void reader::get(const collection_settings& from, std::string_view key, const sdk::row_sink& row) {
    auto& ask = gets_.find(from.name)->second;
    const reset_guard guard(ask);
    ask.bind(1, key);
    std::vector<frl_str> attributes(from.attributes.size());
    if (ask.step(doing))
        pass_on(ask, from, attributes, row);
}

void reader::scan(const collection_settings& from, const sdk::scan_view& what, const sdk::row_sink& row) {
    const auto filters = group_filters(from, what);
    const auto sql = make_scan(from, what, filters, choose_driver(from, filters));
    auto& ask = prepared(sql.text);
    const reset_guard guard(ask);
    ask.bind(1, what.limit() == 0 ? std::int64_t{-1} : std::int64_t{what.limit()});
    for (std::size_t i = 0; i < sql.values.size(); ++i)
        ask.bind(static_cast<int>(i) + 2, sql.values[i]);
    std::vector<frl_str> attributes(from.attributes.size());
    while (ask.step(doing) && pass_on(ask, from, attributes, row)) {
    }
}

statement& reader::prepared(const std::string& sql) {
    if (const auto at = statements_.find(sql); at != statements_.end())
        return at->second;
    if (statements_.size() >= most_statements)
        statements_.clear();
    return statements_.emplace(sql, statement(on_, sql)).first->second;
}

std::size_t reader::choose_driver(const collection_settings& from, const std::vector<filter>& filters) {
    std::size_t best = filters.size();
    std::int64_t fewest = 0;
    for (std::size_t i = 0; i < filters.size(); ++i) {
        if (filters[i].values.size() > most_branches)
            continue;
        const auto rows = filters.size() == 1 ? 0 : count(from, filters[i], probe_limit);
        if (best == filters.size() || rows < fewest) {
            best = i;
            fewest = rows;
        }
    }
    return best;
}

std::int64_t reader::count(const collection_settings& from, const filter& wanted, std::int64_t most) {
    auto& ask = prepared(make_probe(from, wanted.attribute));
    std::int64_t rows = 0;
    for (const auto value : wanted.values) {
        const reset_guard guard(ask);
        ask.bind(1, value);
        ask.bind(2, most - rows);
        ask.step(doing);
        rows += ask.integer(0);
    }
    return rows;
}

readers::readers(const settings& wanted)
    : path_(wanted.path)
    , collections_(wanted.collections) {}

readers::lease::lease(readers& from)
    : from_(from) {
    std::unique_lock lock(from_.mutex_);
    from_.returned_.wait(lock, [this] { return !from_.idle_.empty() || from_.made_ < most_readers; });
    if (!from_.idle_.empty()) {
        held_ = std::move(from_.idle_.back());
        from_.idle_.pop_back();
        return;
    }
    ++from_.made_;
    lock.unlock();
    try {
        held_ = std::make_unique<reader>(from_.path_, from_.collections_);
    } catch (...) {
        lock.lock();
        --from_.made_;
        from_.returned_.notify_one();
        throw;
    }
}

readers::lease::~lease() {
    {
        const std::lock_guard lock(from_.mutex_);
        from_.idle_.push_back(std::move(held_));
    }
    from_.returned_.notify_one();
}

const collection_settings& readers::find(std::string_view collection) const {
    const auto at =
        std::find_if(collections_.begin(), collections_.end(), [&](const auto& c) { return c.name == collection; });
    if (at == collections_.end())
        throw sdk::failure(sdk::error("unknown_collection", "the store has no collection '" + std::string(collection) +
                                                                "'; declare it when the store is opened"));
    return *at;
}

void readers::get(std::string_view collection, std::string_view key, const sdk::row_sink& row) {
    const auto& from = find(collection);
    const lease held(*this);
    held->get(from, key, row);
}

void readers::scan(const sdk::scan_view& what, const sdk::row_sink& row) {
    const auto& from = find(what.collection());
    const lease held(*this);
    held->scan(from, what, row);
}

} // namespace ferrule::sqlite
