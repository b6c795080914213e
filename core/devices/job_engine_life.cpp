// How jobs reach their end, how they expire, and what happens to them across a restart.
#include "devices/job_engine.hpp"

#include "base/id.hpp"
#include "base/log.hpp"
#include "devices/job_end.hpp"
#include "runtime/gate.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace ferrule::devices {

namespace {

constexpr auto first_pause = std::chrono::milliseconds(100);
constexpr base::duration longest_pause = std::chrono::seconds(5);
constexpr base::duration longest_look_out = std::chrono::seconds(15); // for agents, after a start
constexpr base::duration writing_limit = std::chrono::minutes(5);

bool has_output(const model::job& ended) {
    return std::any_of(ended.results.begin(), ended.results.end(),
                       [](const auto& each) { return !each.output.empty(); });
}

error interrupted_again() {
    return error("interrupted", "the daemon ended " + std::to_string(most_restarts + 1) +
                                    " times while this job ran, so it is not begun again: if it crashed, its log and "
                                    "the plugin of the device's driver are the places to look");
}

error interrupted_change() {
    return error(
        "interrupted",
        "the daemon ended while this change ran, so whether the device carried it out is not known: look at the "
        "device before you repeat it");
}

} // namespace

void job_engine::finish(entry_ptr entry, model::job last) {
    if (abandoned_)
        return; // the record keeps saying that it is unfinished, and the next start takes it up
    const auto ended = std::make_shared<const model::job>(std::move(last));
    switch (parts_.table.offer_end(entry, ended)) {
    case job_table::ending::to_store:
        store_last(std::move(entry), ended, first_pause);
        break;
    case job_table::ending::refused:
        drop(entry, *ended);
        break;
    case job_table::ending::held: // until recorded()
        break;
    }
}

// The record of a new job is on disk, or will never be. If the job has ended already, its end was held until now.
void job_engine::recorded(const entry_ptr& entry, bool written) {
    const auto ended = written ? parts_.table.made_durable(entry) : parts_.table.withdraw(entry);
    if (ended && !written)
        drop(entry, *ended);
    else if (ended && !abandoned_)
        store_last(entry, ended, first_pause);
}

// Its client has been told why it was not accepted; this is for those who saw it run.
void job_engine::drop(const entry_ptr& entry, model::job last) {
    last.state = model::job_state::failed;
    last.error.emplace("store_failed", "it was ended, because its record could not be written");
    parts_.table.dropped(entry, std::make_shared<const model::job>(std::move(last)));
}

// A result that the store will never take must not keep its job from ending.
void job_engine::store_without_output(entry_ptr entry, job_ptr last) {
    auto cut = std::make_shared<model::job>(*last);
    for (auto& each : cut->results) {
        each.truncated = each.truncated || !each.output.empty();
        each.output.clear();
    }
    store_last(std::move(entry), std::move(cut), first_pause);
}

void job_engine::store_last(entry_ptr entry, job_ptr last, base::duration pause) {
    records_.put(*last, [this, entry, last, pause](result<void> written) {
        if (written) {
            parts_.table.finished(entry, last);
            place_soon(); // there may be room now
            return;
        }
        base::log::error("devices", "the end of a job cannot be stored; it is tried again",
                         {{"job", last->id}, {"why", written.error().message()}});
        if (abandoned_)
            return;
        if (written.error().code() == "record_too_large" && has_output(*last)) {
            store_without_output(entry, last);
            return;
        }
        auto timer = std::make_shared<asio::steady_timer>(parts_.loop.get_executor(), pause);
        timer->async_wait([this, timer, entry, last, pause](const boost::system::error_code& failed) {
            if (!failed)
                store_last(entry, last, std::min(pause * 2, longest_pause));
        });
    });
}

void job_engine::arm_expiry() {
    const auto next = parts_.table.next_deadline();
    const std::lock_guard lock(expiry_mutex_);
    if (!next || *next >= expiry_at_)
        return;
    expiry_at_ = *next;
    expiry_.expires_at(std::chrono::time_point_cast<std::chrono::steady_clock::duration>(*next));
    expiry_.async_wait([this](const boost::system::error_code& failed) {
        if (!failed)
            expire();
    });
}

void job_engine::expire() {
    {
        const std::lock_guard lock(expiry_mutex_);
        expiry_at_ = base::steady_time::max();
    }
    for (const auto& each : parts_.table.claim_expired(parts_.clock.steady_now())) {
        end_unstarted(parts_, each, model::job_state::expired,
                      error("expired", "it waited in the queue longer than its ttl", true));
        each->place.load()->wake(each);
    }
    arm_expiry();
}

asio::awaitable<result<void>> job_engine::start() {
    auto left = co_await records_.unfinished();
    if (!left)
        co_return left.error();
    if (!left->empty())
        base::log::info("devices", "taking up unfinished jobs", {{"count", std::to_string(left->size())}});
    for (const auto& each : *left)
        base::make_ids_after(each.id); // order is taken from ids, and the clock may have been set back
    // All ends are queued at once and share a few commits.
    runtime::gate writes;
    auto failed = std::make_shared<std::atomic<bool>>(false);
    for (auto& each : *left) {
        const auto at = resolve(known_, each.request);
        if (runs_elsewhere(each, at)) {
            adopt(std::move(each), *at);
        } else if (const auto over = settle(each, at)) {
            auto pass = std::make_shared<std::optional<runtime::gate::pass>>(writes.enter());
            records_.put(*over, [pass, failed](const result<void>& written) {
                if (!written)
                    *failed = true;
                pass->reset();
            });
        } else {
            take_up(std::move(each), *at);
        }
    }
    co_await writes.drain(writing_limit);
    if (*failed)
        co_return error("store_failed", "jobs that the process before left cannot be recorded as ended");
    arm_expiry();
    look_for_places_at_last();
    co_return ok();
}

// Agents come back within moments of a restart, and then the scheduler chooses among them all. If none does, what this
// process can run is not held up for longer.
void job_engine::look_for_places_at_last() {
    if (nodes_.waiting().empty())
        return;
    const auto limit = std::min(parts_.limits.node_timeout, longest_look_out);
    auto timer = std::make_shared<asio::steady_timer>(parts_.loop.get_executor(), limit);
    timer->async_wait([this, timer](const boost::system::error_code& failed) {
        if (!failed)
            place_waiting();
    });
}

std::optional<model::job> job_engine::settle(const model::job& left, const result<resolved_ptr>& at) const {
    const auto ttl = left.request.ttl.value_or(parts_.limits.default_ttl);
    std::optional<error> over = left.error; // its secrets could not be read
    auto state = model::job_state::failed;
    if (left.state == model::job_state::running && left.request.change) {
        state = model::job_state::unknown;
        over = interrupted_change();
    } else if (!over && left.state == model::job_state::running && left.restarts >= most_restarts) {
        over = interrupted_again();
    } else if (!over && parts_.clock.wall_now() - left.created_at > ttl) {
        state = model::job_state::expired;
        over.emplace("expired", "it waited in the queue longer than its ttl, across a restart of the daemon", true);
    } else if (!over && !at) {
        over = at.error();
    }
    if (!over)
        return std::nullopt;
    auto last = left;
    last.state = state;
    last.error = std::move(over);
    last.finished_at = parts_.clock.wall_now();
    return last;
}

void job_engine::take_up(model::job left, resolved_ptr at) {
    const auto ttl = left.request.ttl.value_or(parts_.limits.default_ttl);
    const auto waited = parts_.clock.wall_now() - left.created_at;
    const auto limit = left.request.timeout.value_or(parts_.limits.default_timeout);
    // What changes nothing may have begun here before its record said so; all else is noted first.
    if (left.state == model::job_state::running || (!left.request.change && parts_.limits.local.enabled))
        ++left.restarts;
    left.state = model::job_state::queued;
    left.started_at.reset();
    left.session.reset();
    left.results.clear();
    auto first = std::make_shared<const model::job>(std::move(left));
    auto entry = std::make_shared<job_entry>(std::move(first), std::move(at), limit);
    parts_.table.add(entry, parts_.clock.steady_now() + (ttl - waited));
    {
        const std::lock_guard lock(order_);
        nodes_.place(entry, nodes_.place_at_start(*entry->at));
    }
    parts_.table.made_durable(entry);
    entry->place.load()->wake(entry);
}

asio::awaitable<void> job_engine::stop(base::duration limit) {
    stopping_ = true;
    for (auto* const each : nodes_.remotes())
        co_await each->stop(limit);
    co_await nodes_.local().stop(limit);
    abandoned_ = true;
    const std::lock_guard lock(expiry_mutex_);
    expiry_.cancel();
}

} // namespace ferrule::devices
