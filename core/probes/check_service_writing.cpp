// What the check service writes down, and when it tells.
#include "probes/check_service.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "state/event_bus.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <set>
#include <utility>

namespace ferrule::probes {

namespace {

constexpr auto retry_after = std::chrono::seconds(1);
constexpr auto stop_limit = std::chrono::seconds(5);

void complain(const char* what, const error& why) {
    base::log::error("checks", what, {{"code", why.code()}, {"error", why.message()}});
}

asio::awaitable<void> sleep(asio::steady_timer& timer, base::duration span) {
    boost::system::error_code ignored;
    timer.expires_after(span);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

} // namespace

asio::awaitable<void> check_service::beat() {
    hours_at_ = time_.steady_now() + options_.hours_every;
    for (;;) {
        if (has_stopped()) // while it wrote: the timer was cancelled before it waited
            co_return;
        auto waiting = sleep(beat_timer_, options_.write_every);
        co_await std::move(waiting);
        if (has_stopped())
            co_return;
        const bool hours = time_.steady_now() >= *hours_at_;
        if (hours)
            hours_at_ = time_.steady_now() + options_.hours_every;
        auto written = co_await write(hours);
        if (!written)
            complain("results of checks could not be written, and wait in memory", written.error());
    }
}

bool check_service::has_stopped() const {
    const std::lock_guard lock(mutex_);
    return stopped_;
}

// Parts of hours that are on disk already are merged there.
asio::awaitable<result<void>> check_service::add_hours(std::vector<store::record>& into) {
    for (auto& of : taken_hours_)
        for (auto& each : of.hours) {
            kept_hour hour{of.target, of.location, each.figures};
            if (!each.whole) {
                auto kept = co_await records_.hour(of.check, of.target, of.location, each.figures.start);
                if (!kept)
                    co_return kept.error();
                if (*kept)
                    hour.figures.merge(**kept);
            }
            records_.put_hour(of.check, hour, into);
        }
    co_return ok();
}

void check_service::hours_failed() {
    for (auto& of : taken_hours_)
        if (auto* target = live_.find(of.check, of.target); target != nullptr) {
            target->changed = true;
            if (const auto at = target->at.find(of.location); at != target->at.end())
                at->second.history.give_back(std::move(of.hours));
        }
    taken_hours_.clear();
}

// On the strand, so that states reach the disk in the order in which they were.
asio::awaitable<result<void>> check_service::write(bool hours) {
    // Who asked may go; what was taken to be written would be lost on the way.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    const auto turn = co_await writing_.take();
    if (!turn)
        co_return error("cancelled", "it was cancelled");
    std::vector<store::record> all;
    unwritten_samples::load load;
    {
        const std::lock_guard lock(mutex_);
        metrics_.dropped.Increment(static_cast<double>(unwritten_.take_dropped()));
        if (unwritten_.empty() && !hours)
            co_return ok();
        load = unwritten_.take();
        last_stamp_ = std::max<stamp>(last_stamp_ + 1, time_.wall_now().time_since_epoch().count());
        for (const auto& [check, samples] : load.samples)
            records_.put_samples(check, last_stamp_, samples, all);
        if (hours) {
            records_.put_mark(last_stamp_, all);
            for (auto& [check, of] : live_.all())
                for (auto& [target, each] : of.targets)
                    for (auto& [location, there] : each.at)
                        if (auto taken = there.history.take_changed(); !taken.empty())
                            taken_hours_.push_back({check, target, location, std::move(taken)});
        }
    }
    result<void> written = ok();
    if (hours)
        written = co_await add_hours(all);
    if (written) {
        if (hours) {
            const std::lock_guard lock(mutex_);
            for (auto& [check, of] : live_.all())
                for (auto& [target, each] : of.targets)
                    if (std::exchange(each.changed, false))
                        records_.put_state(check, target, each, all);
        }
        written = co_await records_.write(std::move(all));
    }
    std::vector<std::function<void()>> durable;
    {
        const std::lock_guard lock(mutex_);
        if (written) {
            taken_hours_.clear();
            metrics_.stored.Increment(static_cast<double>(load.count));
            durable = std::move(load.durable);
        } else {
            unwritten_.give_back(std::move(load));
            hours_failed();
        }
    }
    for (const auto& done : durable)
        done();
    co_return written;
}

// On the strand, as all that writes states: an older one never comes after a newer.
asio::awaitable<result<void>> check_service::write_states(std::string check, std::vector<std::string> targets) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    std::vector<store::record> all;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& name : targets)
            if (const auto* target = live_.find(check, name); target != nullptr)
                records_.put_state(check, name, *target, all);
    }
    co_return co_await records_.write(std::move(all));
}

// One after the other, so that what is told is in order; each time all that has come meanwhile.
asio::awaitable<void> check_service::tell() {
    for (;;) {
        transitions made;
        std::vector<store::record> all;
        {
            const std::lock_guard lock(mutex_);
            if (untold_.empty()) {
                telling_ = false;
                co_return;
            }
            made = std::exchange(untold_, {});
            std::set<std::pair<std::string, std::string>> places;
            for (const auto& each : made)
                if (const auto* target = live_.find(each.check, each.target);
                    target != nullptr && places.emplace(each.check, each.target).second)
                    records_.put_state(each.check, each.target, *target, all);
        }
        auto written = co_await records_.write(std::move(all));
        if (written) {
            publish(made);
            continue;
        }
        complain("states of checks could not be written; they are told once that is done", written.error());
        {
            const std::lock_guard lock(mutex_);
            untold_.insert(untold_.begin(), std::make_move_iterator(made.begin()), std::make_move_iterator(made.end()));
            if (stopped_) {
                telling_ = false;
                co_return;
            }
        }
        auto waiting = sleep(retry_timer_, retry_after);
        co_await std::move(waiting);
    }
}

void check_service::publish(const transitions& made) {
    std::vector<base::json> told;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& each : made) {
            auto value = to_json(each);
            if (const auto* target = live_.find(each.check, each.target); target != nullptr) {
                value["acknowledged"] = target->acknowledged.has_value();
                if (each.location.empty())
                    metrics_.state(each.check, each.target, target->state.agreed().shown());
            }
            told.push_back(std::move(value));
        }
    }
    for (std::size_t i = 0; i < made.size(); ++i) {
        const auto& each = made[i];
        if (each.notifies())
            base::log::info("checks", "a target has changed its state",
                            {{"check", each.check},
                             {"target", each.target},
                             {"from", std::string(model::to_text(each.from))},
                             {"to", std::string(model::to_text(each.to))},
                             {"reason", each.reason}});
        if (events_.wanted())
            events_.publish("check.state", each.check, base::dump(told[i]));
    }
}

asio::awaitable<void> check_service::stop() {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(stopped_, true))
            co_return;
    }
    asio::post(strand_, [this] {
        beat_timer_.cancel();
        look_timer_.cancel();
        retry_timer_.cancel();
    });
    co_await work_.drain(stop_limit);
    auto last = asio::co_spawn(strand_, write(true), asio::use_awaitable);
    auto written = co_await std::move(last);
    if (!written)
        complain("the last results of checks could not be written", written.error());
}

} // namespace ferrule::probes
