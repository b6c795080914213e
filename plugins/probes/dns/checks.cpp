// SPDX-License-Identifier: Apache-2.0
#include "dns/checks.hpp"

#include <algorithm>

namespace ferrule::probes::dns {

namespace {

void read_patterns(settings_reader& from, std::string_view key, std::vector<regex>& into) {
    if (from.find(key) == nullptr) {
        return;
    }
    into.clear();
    for (const auto& pattern : from.texts(key)) {
        auto compiled = regex::compile(pattern, from.code());
        if (!compiled) {
            from.refuse(key, compiled.error().message());
        }
        into.push_back(*compiled);
    }
}

std::string shown(const record& which) {
    auto text = which.text();
    std::replace(text.begin(), text.end(), '\t', ' ');
    return "'" + text + "'";
}

std::string list_of(const std::vector<regex>& patterns) {
    std::string out;
    for (const auto& each : patterns) {
        out += (out.empty() ? "'" : ", '") + each.pattern() + "'";
    }
    return out;
}

/// The first pattern whose search does not end as it should, and how it ended.
struct other {
    const regex* which = nullptr;
    match_status how = match_status::no;
};

other first_other(const std::vector<regex>& patterns, const std::string& text, match_status usual) {
    for (const auto& each : patterns) {
        if (const auto how = each.search(text); how != usual) {
            return {&each, how};
        }
    }
    return {};
}

} // namespace

void section_check::read(settings_reader from) {
    read_patterns(from, "fail_if_matches_regexp", no_match_);
    read_patterns(from, "fail_if_all_match_regexp", not_all_);
    read_patterns(from, "fail_if_not_matches_regexp", every_);
    read_patterns(from, "fail_if_none_matches_regexp", one_of_);
    from.finish();
}

std::optional<std::string> section_check::complaint(const std::vector<record>& records,
                                                    std::string_view section) const {
    const auto where = "in the " + std::string(section) + " section ";
    if (records.empty() && (!every_.empty() || !one_of_.empty())) {
        return where + "there are no records, but one must match " + list_of(every_.empty() ? one_of_ : every_) + ".";
    }
    bool any = false;
    bool all = !records.empty();
    for (const auto& each : records) {
        const auto text = each.text();
        const auto unwanted = first_other(no_match_, text, match_status::no);
        const auto missed = first_other(every_, text, match_status::yes);
        const auto apart = first_other(not_all_, text, match_status::yes);
        const auto wanted = first_other(one_of_, text, match_status::no);
        for (const auto& one : {unwanted, missed, apart, wanted}) {
            if (one.which != nullptr && one.how == match_status::costly) {
                return where + one.which->too_costly(shown(each) + ".");
            }
        }
        if (unwanted.which != nullptr) {
            return where + shown(each) + " matches '" + unwanted.which->pattern() + "'.";
        }
        if (missed.which != nullptr) {
            return where + shown(each) + " does not match all of " + list_of(every_) + ".";
        }
        all = all && apart.which == nullptr;
        any = any || wanted.which != nullptr;
    }
    if (!not_all_.empty() && all) {
        return where + "every record matches " + list_of(not_all_) + ".";
    }
    if (!one_of_.empty() && !any) {
        return where + "no record matches any of " + list_of(one_of_) + ".";
    }
    return std::nullopt;
}

} // namespace ferrule::probes::dns
