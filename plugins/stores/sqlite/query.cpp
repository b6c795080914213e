// SPDX-License-Identifier: Apache-2.0
#include "query.hpp"

#include "schema.hpp"

#include <ferrule/sdk/error.hpp>

#include <algorithm>

namespace ferrule::sqlite {

namespace {

class builder {
  public:
    builder(const collection_settings& of, const sdk::scan_view& what, const std::vector<filter>& filters,
            std::size_t driver)
        : of_(of)
        , what_(what)
        , filters_(filters)
        , driver_(driver) {}

    scan_sql make() {
        if (driver_ == filters_.size()) {
            select({});
        } else {
            for (const auto value : filters_[driver_].values) {
                made_.text += made_.text.empty() ? "" : " UNION ALL ";
                select(value);
            }
        }
        made_.text += what_.reverse() ? " ORDER BY key DESC LIMIT ?1" : " ORDER BY key LIMIT ?1";
        return std::move(made_);
    }

  private:
    std::string place(std::string_view value) {
        made_.values.push_back(value);
        return "?" + std::to_string(made_.values.size() + 1);
    }

    void where(const std::string& condition) {
        made_.text += (first_ ? " WHERE " : " AND ") + condition;
        first_ = false;
    }

    void select(std::string_view driven_by) {
        first_ = true;
        made_.text += "SELECT " + row_columns(of_) + " FROM " + table_name(of_.name);
        if (driver_ < filters_.size()) {
            const auto& lead = filters_[driver_].attribute;
            made_.text += " INDEXED BY " + attribute_index(of_.name, lead);
            where(attribute_column(lead) + " = " + place(driven_by));
        }
        for (std::size_t i = 0; i < filters_.size(); ++i)
            if (i != driver_)
                accept(filters_[i]);
        if (!what_.from().empty())
            where("key >= " + place(what_.from()));
        if (!what_.to().empty())
            where("key < " + place(what_.to()));
    }

    // The unary plus keeps SQLite from walking another index than the one that was chosen.
    void accept(const filter& wanted) {
        std::string list;
        for (const auto value : wanted.values)
            list += (list.empty() ? "" : ", ") + place(value);
        where("+" + attribute_column(wanted.attribute) + " IN (" + list + ")");
    }

    const collection_settings& of_;
    const sdk::scan_view& what_;
    const std::vector<filter>& filters_;
    std::size_t driver_;
    scan_sql made_;
    bool first_ = true;
};

} // namespace

std::vector<filter> group_filters(const collection_settings& of, const sdk::scan_view& what) {
    std::vector<filter> grouped;
    for (const auto& each : what.filters()) {
        const auto attribute = sdk::view(each.key);
        if (std::find(of.attributes.begin(), of.attributes.end(), attribute) == of.attributes.end())
            throw sdk::failure(sdk::error("invalid_query", "the collection '" + of.name + "' has no attribute '" +
                                                               std::string(attribute) + "' to filter by"));
        auto at = std::find_if(grouped.begin(), grouped.end(), [&](const auto& f) { return f.attribute == attribute; });
        if (at == grouped.end())
            at = grouped.insert(grouped.end(), filter{attribute, {}});
        const auto value = sdk::view(each.value);
        if (std::find(at->values.begin(), at->values.end(), value) == at->values.end())
            at->values.push_back(value);
    }
    return grouped;
}

scan_sql make_scan(const collection_settings& of, const sdk::scan_view& what, const std::vector<filter>& filters,
                   std::size_t driver) {
    return builder(of, what, filters, driver).make();
}

std::string make_probe(const collection_settings& of, std::string_view attribute) {
    return "SELECT count(*) FROM (SELECT 1 FROM " + table_name(of.name) + " INDEXED BY " +
           attribute_index(of.name, attribute) + " WHERE " + attribute_column(attribute) + " = ?1 LIMIT ?2)";
}

} // namespace ferrule::sqlite
