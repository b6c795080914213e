// How the check service takes up what a process before it knew.
#include "probes/check_service.hpp"

#include "base/json.hpp"
#include "base/log.hpp"

#include <utility>

namespace ferrule::probes {

using base::wall_time;
using std::chrono::hours;

namespace {

constexpr std::uint32_t records_at_once = 64;
constexpr std::size_t most_recalled = 200'000; // minutes and recent results are no reason to start slowly

} // namespace

asio::awaitable<result<void>> check_service::start(std::vector<model::node_info> nodes) {
    {
        const std::lock_guard lock(mutex_);
        const auto now = time_.wall_now();
        live_.set_nodes(std::move(nodes), now);
        for (const auto& each : book_.all())
            live_.put(each, now);
    }
    auto restored = co_await restore();
    if (!restored)
        co_return restored.error();
    const std::lock_guard lock(mutex_);
    stopped_ = false;
    transitions made = std::exchange(untold_, {});
    for (const auto& [name, each] : live_.all())
        live_.look_at(name, time_.wall_now(), made);
    for (const auto& [name, each] : live_.all())
        for (const auto& [target, of] : each.targets)
            metrics_.state(name, target, of.state.agreed().shown());
    changed(std::move(made));
    plan_look();
    plan_assignments();
    begin(beat());
    co_return ok();
}

asio::awaitable<result<void>> check_service::restore() {
    auto states = co_await restore_states();
    if (!states)
        co_return states.error();
    auto windows = co_await restore_windows();
    if (!windows)
        co_return windows.error();
    auto contained = co_await records_.mark();
    if (!contained)
        co_return contained.error();
    last_stamp_ = *contained;
    std::size_t recalled = 0;
    for (const auto& each : book_.all()) {
        auto done = co_await restore_series(each, *contained, recalled);
        if (!done)
            co_return done.error();
    }
    co_return ok();
}

asio::awaitable<result<void>> check_service::restore_states() {
    auto kept = co_await records_.states();
    if (!kept)
        co_return kept.error();
    std::vector<store::record> gone;
    for (const auto& each : *kept) {
        auto* target = live_.find(each.check, each.target);
        if (target == nullptr) {
            records_.drop_state(each.check, each.target, gone);
            continue;
        }
        if (const auto done = restore_state(*target, each.value); !done)
            base::log::warn("checks", "a stored state cannot be read, so the target begins anew",
                            {{"check", each.check}, {"target", each.target}, {"error", done.error().message()}});
    }
    co_return co_await records_.write(std::move(gone));
}

asio::awaitable<result<void>> check_service::restore_windows() {
    auto kept = co_await records_.windows();
    if (!kept)
        co_return kept.error();
    std::vector<store::record> gone;
    for (auto& [check, window] : *kept) {
        const auto name = window.name;
        if (!live_.announce(check, name, std::move(window)))
            records_.drop_window(check, name, gone);
    }
    co_return co_await records_.write(std::move(gone));
}

asio::awaitable<result<void>> check_service::restore_series(check_book::entry of, stamp contained,
                                                            std::size_t& recalled) {
    const auto& name = of.definition->name;
    const auto now = time_.wall_now();
    const auto oldest =
        std::max(std::chrono::floor<hours>(now - options_.memory.hours), std::chrono::floor<hours>(of.made_at));
    auto kept = co_await records_.hours(name, oldest, now + hours(1));
    if (!kept)
        co_return kept.error();
    for (auto& each : *kept)
        if (auto* target = live_.find(name, each.target);
            target != nullptr && target->state.locations().contains(each.location))
            target->at.try_emplace(each.location, options_.memory)
                .first->second.history.restore_hour(std::move(each.figures));
    auto recall_from = std::chrono::floor<std::chrono::milliseconds>(now - options_.memory.minutes);
    if (recalled >= most_recalled)
        recall_from = now;
    auto after = check_records::after_key(name, std::min(contained, recall_from.time_since_epoch().count()));
    while (!after.empty()) {
        auto page = co_await records_.samples(name, after, records_at_once);
        if (!page)
            co_return page.error();
        for (const auto& stretch : page->all) {
            last_stamp_ = std::max(last_stamp_, stretch.at);
            for (const auto& one : stretch.samples) {
                if (one.at < of.made_at)
                    continue;
                if (stretch.at > contained) {
                    replay(one);
                } else {
                    live_.recall(one, now);
                    ++recalled;
                }
            }
        }
        after = std::move(page->next);
    }
    for (auto& [target, each] : live_.all().at(name).targets)
        for (auto& [location, there] : each.at)
            there.history.forget_before(recall_from);
    co_return ok();
}

// As it was at its time: what changed then and was not told is told now.
void check_service::replay(const model::sample& one) {
    (void)live_.take(one, one.at, untold_);
}

} // namespace ferrule::probes
