#include "probes/check_service.hpp"

#include "base/json.hpp"
#include "model/check_json.hpp"
#include "probes/maintenance.hpp"
#include "runtime/spawn.hpp"
#include "state/event_bus.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace ferrule::probes {

using base::wall_time;

namespace {

// Windows follow the wall clock, which may be set while a timer waits.
constexpr auto longest_wait = std::chrono::minutes(1);

constexpr std::size_t most_windows = 100; // announced for one check; each result looks through them

error no_target(const std::string& check, const std::string& target) {
    return error("target_not_found", "the check \"" + check + "\" has no target " + base::dump(base::json(target)));
}

asio::awaitable<void> write_quietly(check_records& to, std::vector<store::record> all) {
    (void)co_await to.write(std::move(all)); // what stays is dropped at the next start
}

/// Results that wait at agents until the disk takes them.
constexpr std::size_t most_unkept = 100'000;

} // namespace

check_service::check_service(asio::any_io_executor strand, store::store& records, check_book& book,
                             state::event_bus& events, prometheus::Registry& figures, check_options wanted,
                             const base::clock& time)
    : strand_(std::move(strand))
    , book_(book)
    , events_(events)
    , options_(std::move(wanted))
    , time_(time)
    , records_(records, options_.keep)
    , live_(options_.memory)
    , anchors_(options_.anchors)
    , metrics_(figures, options_.most_series)
    , unwritten_(options_.most_unwritten)
    , unkept_(most_unkept)
    , beat_timer_(strand_)
    , look_timer_(strand_)
    , retry_timer_(strand_) {
    book_.follow([this](const std::string& name, const check_book::entry& now) { follow(name, now); });
}

check_service::~check_service() = default;

void check_service::set_nodes(std::vector<model::node_info> nodes) {
    const std::lock_guard lock(mutex_);
    live_.set_nodes(std::move(nodes), time_.wall_now());
    plan_look();
    plan_assignments();
}

std::vector<assignment> check_service::assignments_for(const std::string& node) const {
    const std::lock_guard lock(mutex_);
    auto all = live_.assignments_for(node);
    for (const auto& each : live_.nodes())
        if (each.name == node)
            for (auto& work : anchors_.assignments_for(each))
                all.push_back(std::move(work));
    return all;
}

// A definition that came, changed or went; the book holds the next change back meanwhile.
void check_service::follow(const std::string& name, const check_book::entry& now) {
    const std::lock_guard lock(mutex_);
    const auto known = live_.all().find(name);
    std::vector<store::record> gone;
    if (known != live_.all().end()) {
        bool fewer = now.definition == nullptr;
        for (const auto& [target, each] : known->second.targets) {
            const auto& left = now.definition ? now.definition->targets : std::vector<model::check_target>();
            if (std::any_of(left.begin(), left.end(),
                            [&target](const auto& one) { return model::target_name(one) == target; }))
                continue;
            records_.drop_state(name, target, gone);
            fewer = true;
        }
        if (fewer)
            metrics_.forget(name);
        if (!now.definition)
            for (const auto& window : known->second.announced)
                records_.drop_window(name, window.name, gone);
    }
    if (now.definition) {
        live_.put(now, time_.wall_now());
        for (const auto& [target, each] : live_.all().at(name).targets)
            metrics_.state(name, target,
                           now.definition->enabled ? each.state.agreed().shown() : model::health::pending);
    } else {
        live_.remove(name);
    }
    if (!gone.empty())
        begin(write_quietly(records_, std::move(gone)));
    plan_look();
    plan_assignments();
}

void check_service::take(const std::string& node, std::vector<model::sample> samples, std::function<void()> durable) {
    const std::lock_guard lock(mutex_);
    if (stopped_)
        return;
    // The disk takes nothing, and what has no room any more is dropped. What an agent has on a disk of its own stays
    // there: it is judged, but not acknowledged, and comes again.
    const bool keep = !durable || !unwritten_.crowded();
    if (!keep && unkept_.full())
        return;
    const auto now = time_.wall_now();
    transitions made;
    for (auto& each : samples) {
        each.node = node;
        take_one(each, now, made, keep);
    }
    if (durable && keep)
        unwritten_.wait(std::move(durable));
    changed(std::move(made));
    plan_look();
}

void check_service::take_one(model::sample& found, wall_time now, transitions& made, bool keep) {
    if (anchor_set::owns(found.check)) {
        if (anchors_.take(found, live_.cut_off()))
            live_.look_from(found.node, now, made);
        return;
    }
    const auto taken = live_.take(found, now, made);
    if (keep && taken.what == live_checks::fate::repeated && unkept_.take(found)) {
        unwritten_.add(found.check, base::dump(model::to_json(found)));
        return;
    }
    if (taken.what != live_checks::fate::taken) {
        metrics_.stray.Increment();
        return;
    }
    metrics_.measured(found.check, found.target, found.node, taken.measured);
    auto text = base::dump(model::to_json(found));
    if (events_.wanted())
        events_.publish("check.sample", found.check, text);
    if (keep)
        unwritten_.add(found.check, std::move(text));
    else
        unkept_.note(found);
}

// A spawn would begin at once where this is the strand already, and the lock is held here.
void check_service::begin(asio::awaitable<void> body) {
    auto pass = work_.enter();
    if (!pass)
        return;
    asio::post(strand_, [this, body = std::move(body), held = std::move(*pass)]() mutable {
        asio::co_spawn(strand_, std::move(body), [held = std::move(held)](const std::exception_ptr& thrown) {
            if (thrown)
                runtime::log_escaped("checks", thrown);
        });
    });
}

// Called with the lock held.
void check_service::changed(transitions made) {
    if (made.empty())
        return;
    std::move(made.begin(), made.end(), std::back_inserter(untold_));
    if (stopped_ || std::exchange(telling_, true))
        return;
    begin(tell());
}

// Called with the lock held.
void check_service::plan_look() {
    const auto next = live_.next_look();
    if (stopped_ || !next || (look_at_ && *look_at_ <= *next))
        return;
    look_at_ = next;
    asio::post(strand_, [this] { arm_look(); });
}

void check_service::arm_look() {
    const std::lock_guard lock(mutex_);
    if (stopped_ || !look_at_)
        return;
    const auto wait = std::clamp<base::duration>(*look_at_ - time_.wall_now(), base::duration::zero(), longest_wait);
    look_timer_.expires_after(wait);
    look_timer_.async_wait([this](const boost::system::error_code& failed) {
        if (failed)
            return;
        const std::lock_guard held(mutex_);
        look_at_.reset();
        transitions made;
        live_.look(time_.wall_now(), made);
        changed(std::move(made));
        plan_look();
    });
}

// Called with the lock held; many changes at once are told once.
void check_service::plan_assignments() {
    if (stopped_ || !assigned_ || std::exchange(assigning_, true))
        return;
    asio::post(strand_, [this] {
        {
            const std::lock_guard lock(mutex_);
            assigning_ = false;
            if (stopped_)
                return;
        }
        assigned_();
    });
}

// Called with the lock held.
result<std::vector<std::string>> check_service::targets_of(const std::string& check, const std::string& target) const {
    const auto at = live_.all().find(check);
    if (at == live_.all().end())
        return error("check_not_found", "there is no check \"" + check + "\"");
    std::vector<std::string> names;
    for (const auto& [name, each] : at->second.targets)
        if (target.empty() || target == name)
            names.push_back(name);
    if (names.empty())
        return no_target(check, target);
    return names;
}

result<std::vector<std::pair<std::string, std::string>>> check_service::run_now(const std::string& check,
                                                                                const std::string& target) {
    std::vector<std::pair<std::string, std::string>> places;
    {
        const std::lock_guard lock(mutex_);
        const auto names = targets_of(check, target);
        if (!names)
            return names.error();
        if (!live_.all().at(check).what.definition->enabled)
            return error("check_disabled", "the check \"" + check + "\" is not enabled");
        for (const auto& name : *names)
            for (const auto& [location, state] : live_.find(check, name)->state.locations())
                places.emplace_back(name, location);
    }
    if (ask_)
        for (const auto& [name, location] : places)
            ask_(location, check, name);
    return places;
}

asio::awaitable<result<void>> check_service::announce(std::string check, model::maintenance_window when) {
    if (!book_.find(check).definition)
        co_return book_.unknown(check);
    std::vector<std::string> over;
    {
        const std::lock_guard lock(mutex_);
        const auto at = live_.all().find(check);
        if (at == live_.all().end()) // it went meanwhile
            co_return book_.unknown(check);
        const auto now = time_.wall_now();
        std::size_t others = 0;
        for (const auto& each : at->second.announced)
            if (is_over(each, now) && each.name != when.name)
                over.push_back(each.name);
            else if (each.name != when.name)
                ++others;
        if (others >= most_windows)
            co_return error("invalid_request", "for the check \"" + check + "\" " + std::to_string(most_windows) +
                                                   " windows are announced, more are not taken; remove some, or give "
                                                   "one that comes every week");
    }
    std::vector<store::record> kept;
    for (const auto& each : over)
        records_.drop_window(check, each, kept);
    records_.put_window(check, when, kept);
    auto written = co_await records_.write(std::move(kept));
    if (!written)
        co_return written.error();
    const std::lock_guard lock(mutex_);
    for (const auto& each : over)
        live_.announce(check, each, std::nullopt);
    const auto name = when.name;
    live_.announce(check, name, std::move(when));
    transitions made;
    live_.look_at(check, time_.wall_now(), made);
    changed(std::move(made));
    plan_look();
    co_return ok();
}

asio::awaitable<result<void>> check_service::withdraw(std::string check, std::string window) {
    if (!book_.find(check).definition)
        co_return book_.unknown(check);
    {
        const std::lock_guard lock(mutex_);
        const auto at = live_.all().find(check);
        if (at == live_.all().end()) // it went meanwhile
            co_return book_.unknown(check);
        const auto& announced = at->second.announced;
        if (std::none_of(announced.begin(), announced.end(),
                         [&window](const auto& each) { return each.name == window; }))
            co_return error("window_not_found", "no window \"" + window + "\" was announced for the check \"" + check +
                                                    "\"; those of its definition are changed there");
    }
    std::vector<store::record> gone;
    records_.drop_window(check, window, gone);
    auto written = co_await records_.write(std::move(gone));
    if (!written)
        co_return written.error();
    const std::lock_guard lock(mutex_);
    live_.announce(check, window, std::nullopt);
    transitions made;
    live_.look_at(check, time_.wall_now(), made);
    changed(std::move(made));
    plan_look();
    co_return ok();
}

asio::awaitable<result<void>> check_service::acknowledge(std::string check, std::string target, acknowledgement said) {
    std::vector<std::string> met;
    {
        const std::lock_guard lock(mutex_);
        const auto names = targets_of(check, target);
        if (!names)
            co_return names.error();
        for (const auto& name : *names) {
            auto& of = *live_.find(check, name);
            if (model::is_fine(of.state.agreed().shown()))
                continue;
            of.acknowledged = said;
            of.changed = true;
            met.push_back(name);
        }
        if (met.empty())
            co_return error("no_problem", "there is no problem to acknowledge");
        transitions made;
        live_.look_at(check, time_.wall_now(), made);
        changed(std::move(made));
        plan_look();
    }
    auto writing = asio::co_spawn(strand_, write_states(std::move(check), std::move(met)), asio::use_awaitable);
    co_return co_await std::move(writing);
}

asio::awaitable<result<void>> check_service::take_back(std::string check, std::string target) {
    std::vector<std::string> met;
    {
        const std::lock_guard lock(mutex_);
        const auto names = targets_of(check, target);
        if (!names)
            co_return names.error();
        for (const auto& name : *names) {
            auto& of = *live_.find(check, name);
            of.acknowledged.reset();
            of.changed = true;
        }
        met = *names;
    }
    auto writing = asio::co_spawn(strand_, write_states(std::move(check), std::move(met)), asio::use_awaitable);
    co_return co_await std::move(writing);
}

} // namespace ferrule::probes
