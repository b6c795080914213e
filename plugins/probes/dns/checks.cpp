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

bool all_match(const std::vector<regex>& patterns, const std::string& text) {
    return std::all_of(patterns.begin(), patterns.end(), [&](const regex& each) { return each.matches(text); });
}

const regex* first_match(const std::vector<regex>& patterns, const std::string& text) {
    const auto found =
        std::find_if(patterns.begin(), patterns.end(), [&](const regex& each) { return each.matches(text); });
    return found == patterns.end() ? nullptr : &*found;
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
        if (const auto* unwanted = first_match(no_match_, text)) {
            return where + shown(each) + " matches '" + unwanted->pattern() + "'.";
        }
        if (!all_match(every_, text)) {
            return where + shown(each) + " does not match all of " + list_of(every_) + ".";
        }
        all = all && all_match(not_all_, text);
        any = any || first_match(one_of_, text) != nullptr;
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
