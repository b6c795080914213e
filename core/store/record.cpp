#include "store/record.hpp"

namespace ferrule::store {

collection::collection(std::string named, std::vector<std::string> searchable)
    : name(std::move(named))
    , attributes(std::move(searchable)) {}

record::record(std::string into, std::string under, std::string text)
    : collection(std::move(into))
    , key(std::move(under))
    , value(std::move(text)) {}

record::record(const record&) = default;
record::record(record&&) noexcept = default;
record& record::operator=(const record&) = default;
record& record::operator=(record&&) noexcept = default;
record::~record() = default;

query::query() = default;
query::query(const query&) = default;
query::query(query&&) noexcept = default;
query& query::operator=(const query&) = default;
query& query::operator=(query&&) noexcept = default;
query::~query() = default;

} // namespace ferrule::store
