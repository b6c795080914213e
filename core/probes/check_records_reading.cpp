// Reading what was written down about checks.
#include "probes/check_records.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "model/check_json.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace ferrule::probes {

using base::json;
using base::wall_time;

namespace {

std::string digits(wall_time at) {
    auto text = std::to_string(std::max<std::int64_t>(at.time_since_epoch().count(), 0));
    return std::string(text.size() < 13 ? 13 - text.size() : 0, '0') + text;
}

// Keys with this before the first slash lie in [check/, check0).
std::string end_of(const std::string& check) {
    return check + "0";
}

void leave_out(const std::string& key, const std::string& why) {
    base::log::warn("probes", "a stored record cannot be read and is left out", {{"record", key}, {"reason", why}});
}

std::optional<std::pair<std::string, std::string>> split(const std::string& key) {
    const auto slash = key.find('/');
    if (slash == std::string::npos)
        return std::nullopt;
    return std::pair(key.substr(0, slash), key.substr(slash + 1));
}

stamp stamp_of(const std::string& key) {
    stamp read = 0;
    const auto slash = key.find('/');
    if (slash != std::string::npos)
        std::from_chars(key.data() + slash + 1, key.data() + key.size(), read);
    return read;
}

std::optional<kept_hour> read_hour(const store::row& row) {
    const auto value = json::parse(row.value, nullptr, false);
    if (!value.is_object() || !value.contains("figures")) {
        leave_out(row.key, "it is no hour");
        return std::nullopt;
    }
    auto figures = rollup_from_json(value["figures"]);
    if (!figures) {
        leave_out(row.key, figures.error().message());
        return std::nullopt;
    }
    return kept_hour{value.value("target", ""), value.value("location", ""), std::move(*figures)};
}

bool fits(const json& one, const result_query& wanted) {
    if (!wanted.target.empty() && one.value("target", "") != wanted.target)
        return false;
    return wanted.location.empty() || one.value("node", "") == wanted.location;
}

} // namespace

asio::awaitable<result<stamp>> check_records::mark() {
    auto row = co_await records_.get("check_marks", "hours");
    if (!row)
        co_return row.error();
    stamp read = 0;
    if (*row) {
        const auto& text = (*row)->value;
        std::from_chars(text.data(), text.data() + text.size(), read);
    }
    co_return read;
}

asio::awaitable<result<std::optional<rollup>>> check_records::hour(std::string check, std::string target,
                                                                   std::string location, wall_time start) {
    auto key = check + "/" + digits(start) + "/" + location + "/" + target;
    auto row = co_await records_.get("check_hours", std::move(key));
    if (!row)
        co_return row.error();
    std::optional<rollup> read;
    if (*row)
        if (auto kept = read_hour(**row))
            read = std::move(kept->figures);
    co_return read;
}

asio::awaitable<result<std::vector<kept_hour>>> check_records::hours(std::string check, wall_time from,
                                                                     wall_time until) {
    store::query wanted;
    wanted.collection = "check_hours";
    wanted.from = check + "/" + digits(from);
    wanted.to = check + "/" + digits(until);
    auto rows = co_await records_.scan(std::move(wanted));
    if (!rows)
        co_return rows.error();
    std::vector<kept_hour> all;
    for (const auto& row : *rows)
        if (auto kept = read_hour(row))
            all.push_back(std::move(*kept));
    co_return all;
}

asio::awaitable<result<std::vector<check_records::kept_state>>> check_records::states() {
    store::query wanted;
    wanted.collection = "check_states";
    auto rows = co_await records_.scan(std::move(wanted));
    if (!rows)
        co_return rows.error();
    std::vector<kept_state> all;
    for (const auto& row : *rows)
        if (const auto names = split(row.key))
            all.push_back({names->first, names->second, json::parse(row.value, nullptr, false)});
    co_return all;
}

asio::awaitable<result<std::vector<std::pair<std::string, model::maintenance_window>>>> check_records::windows() {
    store::query wanted;
    wanted.collection = "check_windows";
    auto rows = co_await records_.scan(std::move(wanted));
    if (!rows)
        co_return rows.error();
    std::vector<std::pair<std::string, model::maintenance_window>> all;
    for (const auto& row : *rows) {
        const auto names = split(row.key);
        const auto value = json::parse(row.value, nullptr, false);
        auto read = model::window_from_json(value);
        if (names && read)
            all.emplace_back(names->first, std::move(*read));
        else
            leave_out(row.key, read ? "its key is none" : read.error().message());
    }
    co_return all;
}

asio::awaitable<result<check_records::stretches>> check_records::samples(std::string check, std::string after,
                                                                         std::uint32_t most) {
    store::query wanted;
    wanted.collection = "check_samples";
    wanted.from = std::move(after);
    wanted.to = end_of(check);
    wanted.limit = most;
    auto rows = co_await records_.scan(std::move(wanted));
    if (!rows)
        co_return rows.error();
    stretches read;
    for (const auto& row : *rows) {
        stretch one;
        one.at = stamp_of(row.key);
        const auto list = json::parse(row.value, nullptr, false);
        for (const auto& each : list) {
            auto sample = model::sample_from_json(each);
            if (sample)
                one.samples.push_back(std::move(*sample));
            else
                leave_out(row.key, sample.error().message());
        }
        read.all.push_back(std::move(one));
    }
    if (rows->size() == most)
        read.next = rows->back().key + "~";
    co_return read;
}

// A cursor is the key of a record and the place in it of the last result that was given.
asio::awaitable<result<model::page<json>>> check_records::results(result_query wanted) {
    constexpr std::uint32_t at_once = 16;
    model::page<json> found;
    store::query range;
    range.collection = "check_samples";
    range.from = wanted.check + "/" + digits(wanted.since);
    range.to = end_of(wanted.check);
    range.reverse = true;
    range.limit = at_once;
    std::string inside; // the record of the cursor, and how many of its results are still to come
    std::size_t left = 0;
    if (!wanted.cursor.empty()) {
        const auto colon = wanted.cursor.rfind(':');
        const auto digits_at = wanted.cursor.data() + (colon == std::string::npos ? 0 : colon + 1);
        const auto* const end = wanted.cursor.data() + wanted.cursor.size();
        const auto read = std::from_chars(digits_at, end, left);
        inside = wanted.check + "/" + wanted.cursor.substr(0, colon == std::string::npos ? 0 : colon);
        if (colon == std::string::npos || read.ec != std::errc() || read.ptr != end)
            co_return error("invalid_parameter", "the query parameter \"cursor\" is not the \"next\" of a page");
        range.to = inside + "~";
    }
    for (;;) {
        store::query asked = range;
        auto rows = co_await records_.scan(std::move(asked));
        if (!rows)
            co_return rows.error();
        for (const auto& row : *rows) {
            auto list = json::parse(row.value, nullptr, false);
            if (!list.is_array())
                continue;
            auto i = row.key == inside ? std::min(left, list.size()) : list.size();
            while (i-- > 0) {
                if (!fits(list[i], wanted))
                    continue;
                if (found.items.size() == wanted.limit) {
                    found.next = row.key.substr(wanted.check.size() + 1) + ":" + std::to_string(i + 1);
                    co_return found;
                }
                found.items.push_back(std::move(list[i]));
            }
        }
        if (rows->size() < at_once)
            co_return found;
        range.to = rows->back().key;
    }
}

} // namespace ferrule::probes
