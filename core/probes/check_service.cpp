#include "probes/check_service.hpp"

#include "base/json.hpp"
#include "model/check_json.hpp"
#include "runtime/spawn.hpp"
#include "state/event_bus.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace ferrule::probes {

using base::wall_time;

namespace {

// Windows follow the wall clock, which may be set while a timer waits.
constexpr auto longest_wait = std::chrono::minutes(1);

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
    std::set<std::string> names;
    for (const auto& each : nodes)
        names.insert(each.name);
    const std::lock_guard lock(mutex_);
    metrics_.keep_locations(names);
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
    metrics_.measured(found, taken.measured);
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

} // namespace ferrule::probes
