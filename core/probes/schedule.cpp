#include "probes/schedule.hpp"

#include <algorithm>

namespace ferrule::probes {

namespace {

// The first of origin, origin ± interval, … that is not before `at`.
base::steady_time first_tick(base::steady_time origin, base::duration interval, base::steady_time at) {
    const auto past = (at - origin) % interval;
    if (past == base::duration::zero())
        return at;
    return past > base::duration::zero() ? at + (interval - past) : at - past;
}

} // namespace

schedule::id schedule::add(base::duration interval, base::duration phase, base::steady_time now) {
    id which = 0;
    if (free_.empty()) {
        which = static_cast<id>(items_.size());
        items_.emplace_back();
    } else {
        which = free_.back();
        free_.pop_back();
    }
    change(which, interval, phase, now);
    return which;
}

void schedule::change(id which, base::duration interval, base::duration phase, base::steady_time now) {
    auto& changed = items_[which];
    changed.interval = std::max<base::duration>(interval, std::chrono::milliseconds(1));
    changed.tick = first_tick(origin_ + phase, changed.interval, now);
    changed.retry.reset();
    arm(which);
}

void schedule::remove(id which) {
    due_.remove(which);
    free_.push_back(which);
}

void schedule::retry(id which, base::steady_time at) {
    using std::chrono::milliseconds;
    const auto on_grid = origin_ + std::chrono::ceil<milliseconds>(at - origin_);
    auto& wanted = items_[which];
    wanted.retry.reset();
    if (on_grid < wanted.tick)
        wanted.retry = on_grid;
    arm(which);
}

void schedule::forget_retry(id which) {
    items_[which].retry.reset();
    arm(which);
}

void schedule::arm(id which) {
    const auto& armed = items_[which];
    due_.set(which, armed.retry.value_or(armed.tick)); // a retry is before the tick
}

void schedule::take(base::steady_time now, std::size_t most, std::vector<due_run>& into) {
    for (std::size_t taken = 0; taken < most && !due_.empty() && due_.first_time() <= now; ++taken) {
        const auto which = due_.first();
        auto& running = items_[which];
        due_run run;
        run.id = which;
        if (running.tick > now) {
            run.at = *running.retry;
            run.retry = true;
        } else {
            // A retry that is as late as a tick is the same run.
            const auto passed = (now - running.tick) / running.interval;
            run.at = running.tick + passed * running.interval;
            run.missed = static_cast<std::uint64_t>(passed);
            missed_ += run.missed;
            running.tick = run.at + running.interval;
        }
        running.retry.reset();
        run.lag = now - run.at;
        arm(which);
        into.push_back(run);
    }
}

std::optional<base::steady_time> schedule::next() const {
    if (due_.empty())
        return std::nullopt;
    return due_.first_time();
}

base::steady_time wall_origin(base::steady_time steady_now, base::wall_time wall_now) noexcept {
    return steady_now - wall_now.time_since_epoch();
}

} // namespace ferrule::probes
