#include "probes/check_records.hpp"

#include "base/json.hpp"
#include "model/check_json.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace ferrule::probes {

using base::json;
using base::wall_time;

namespace {

constexpr const char* sample_records = "check_samples";
constexpr const char* hour_records = "check_hours";
constexpr const char* state_records = "check_states";
constexpr const char* window_records = "check_windows";
constexpr const char* mark_records = "check_marks";
constexpr const char* contained_mark = "hours";
constexpr std::size_t most_bytes = std::size_t{512} * 1024; // of one record of samples

std::string digits(std::int64_t value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%013lld", static_cast<long long>(std::max<std::int64_t>(value, 0)));
    return text.data();
}

std::string hour_key(const std::string& check, wall_time start, const std::string& location,
                     const std::string& target) {
    return check + "/" + digits(start.time_since_epoch().count()) + "/" + location + "/" + target;
}

std::int64_t expiry(std::int64_t from_ms, base::duration keep) {
    if (keep == base::duration::zero())
        return 0;
    return from_ms + std::chrono::duration_cast<std::chrono::milliseconds>(keep).count();
}

std::optional<wall_time> time_of(const json& in, const char* key) {
    const auto at = in.find(key);
    if (at == in.end() || !at->is_string())
        return std::nullopt;
    const auto read = base::parse_rfc3339(at->get_ref<const std::string&>());
    return read ? std::optional(*read) : std::nullopt;
}

} // namespace

std::vector<store::collection> check_records::collections() {
    std::vector<store::collection> all;
    for (const auto* name : {sample_records, hour_records, state_records, window_records, mark_records})
        all.emplace_back(name, std::vector<std::string>{});
    return all;
}

std::string check_records::after_key(const std::string& check, stamp at) {
    return check + "/" + digits(at) + "~"; // after every part of that stamp
}

void check_records::put_samples(const std::string& check, stamp at, const std::vector<std::string>& samples,
                                std::vector<store::record>& into) const {
    std::size_t part = 0;
    for (std::size_t i = 0; i < samples.size(); ++part) {
        std::string value = "[";
        for (; i < samples.size() && (value.size() == 1 || value.size() + samples[i].size() < most_bytes); ++i) {
            value += value.size() == 1 ? "" : ",";
            value += samples[i];
        }
        std::array<char, 16> suffix{};
        std::snprintf(suffix.data(), suffix.size(), "-%06zu", part);
        into.emplace_back(sample_records, check + "/" + digits(at) + suffix.data(), value + "]");
        into.back().expires_at_ms = expiry(at, keep_.samples);
    }
}

void check_records::put_hour(const std::string& check, const kept_hour& hour, std::vector<store::record>& into) const {
    const auto start = hour.figures.start;
    into.emplace_back(
        hour_records, hour_key(check, start, hour.location, hour.target),
        base::dump(json{{"target", hour.target}, {"location", hour.location}, {"figures", to_json(hour.figures)}}));
    into.back().expires_at_ms = expiry(start.time_since_epoch().count(), keep_.rollups);
}

void check_records::put_state(const std::string& check, const std::string& target, const live_target& now,
                              std::vector<store::record>& into) const {
    json value{{"state", now.state.to_json()}};
    if (now.acknowledged) {
        const auto& said = *now.acknowledged;
        value["acknowledged"] = {{"by", said.by}, {"comment", said.comment}, {"at", base::to_rfc3339(said.at)}};
        if (said.until)
            value["acknowledged"]["until"] = base::to_rfc3339(*said.until);
    }
    into.emplace_back(state_records, check + "/" + target, base::dump(value));
}

void check_records::drop_state(const std::string& check, const std::string& target,
                               std::vector<store::record>& into) const {
    into.emplace_back(state_records, check + "/" + target, "");
    into.back().remove = true;
}

void check_records::put_window(const std::string& check, const model::maintenance_window& when,
                               std::vector<store::record>& into) const {
    into.emplace_back(window_records, check + "/" + when.name, base::dump(model::to_json(when)));
    if (const auto* fixed = std::get_if<model::fixed_window>(&when.when))
        into.back().expires_at_ms = fixed->until.time_since_epoch().count();
}

void check_records::drop_window(const std::string& check, const std::string& name,
                                std::vector<store::record>& into) const {
    into.emplace_back(window_records, check + "/" + name, "");
    into.back().remove = true;
}

void check_records::put_mark(stamp contained, std::vector<store::record>& into) const {
    into.emplace_back(mark_records, contained_mark, std::to_string(contained));
}

asio::awaitable<result<void>> check_records::write(std::vector<store::record> all) {
    if (all.empty())
        co_return ok();
    result<void> outcome = ok();
    auto start = [&](auto handler) {
        const auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
        const auto on = asio::get_associated_executor(*waiting);
        records_.write(std::move(all), [waiting, on, &outcome](result<void> done) {
            outcome = std::move(done);
            asio::post(on, [waiting] { (*waiting)(); });
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
    co_return outcome;
}

result<void> restore_state(live_target& into, const json& kept) {
    const auto state = kept.is_object() ? kept.find("state") : kept.end();
    if (state == kept.end())
        return error("corrupt_record", "there is no state in it");
    if (auto done = into.state.restore(*state); !done)
        return done.error();
    into.acknowledged.reset();
    const auto said = kept.find("acknowledged");
    if (said == kept.end() || !said->is_object())
        return ok();
    acknowledgement read;
    read.by = said->value("by", "");
    read.comment = said->value("comment", "");
    read.at = time_of(*said, "at").value_or(wall_time{});
    read.until = time_of(*said, "until");
    into.acknowledged = std::move(read);
    return ok();
}

} // namespace ferrule::probes
