#include "probes/series.hpp"

#include <algorithm>

namespace ferrule::probes {

using base::wall_time;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

namespace {

rollup& part_at(std::map<wall_time, rollup>& among, wall_time start) {
    auto& part = among[start];
    part.start = start;
    return part;
}

void add_part(const std::map<wall_time, rollup>& among, wall_time start, rollup& into) {
    const auto at = among.find(start);
    if (at != among.end())
        into.merge(at->second);
}

} // namespace

rollup& series::hour_of(wall_time at) {
    const wall_time start = std::chrono::floor<hours>(at);
    if (start < hours_since_)
        return part_at(late_, start);
    changed_.insert(start);
    return part_at(hours_, start);
}

void series::add(const measurement& one, wall_time now) {
    hour_of(one.at).add(one);
    add_fine(one, now);
}

void series::add_fine(const measurement& one, wall_time now) {
    const wall_time minute = std::chrono::floor<minutes>(one.at);
    if (minute >= minutes_since_)
        part_at(minutes_, minute).add(one);
    keep_recent(one);
    drop_old(now);
}

void series::keep_recent(const measurement& one) {
    if (one.at < samples_since_)
        return;
    const auto at = std::upper_bound(recent_.begin(), recent_.end(), one.at,
                                     [](wall_time when, const measurement& each) { return when < each.at; });
    recent_.insert(at, one);
    while (recent_.size() > limits_.samples) {
        samples_since_ = recent_.front().at + milliseconds(1);
        while (!recent_.empty() && recent_.front().at < samples_since_)
            recent_.pop_front();
    }
}

void series::drop_old(wall_time now) {
    const wall_time oldest_minute = std::chrono::floor<minutes>(now - limits_.minutes);
    if (oldest_minute > minutes_since_) {
        minutes_since_ = oldest_minute;
        minutes_.erase(minutes_.begin(), minutes_.lower_bound(oldest_minute));
    }
    const wall_time oldest_hour = std::chrono::floor<hours>(now - limits_.hours);
    // What is not written down yet stays, and so does all that is later.
    const auto limit = changed_.empty() ? oldest_hour : std::min(oldest_hour, *changed_.begin());
    if (limit > hours_since_) {
        hours_since_ = limit;
        hours_.erase(hours_.begin(), hours_.lower_bound(limit));
    }
}

std::vector<changed_hour> series::take_changed() {
    std::vector<changed_hour> taken;
    for (auto& [start, part] : late_)
        taken.push_back({std::move(part), false});
    late_.clear();
    for (const auto start : changed_)
        taken.push_back({hours_.at(start), true});
    changed_.clear();
    return taken;
}

bool series::is_new(wall_time at) const {
    if (recent_.empty() || at > recent_.back().at)
        return true;
    const auto known = [at](const measurement& each) { return each.at == at; };
    return at >= samples_since_ && std::none_of(recent_.begin(), recent_.end(), known);
}

void series::forget_after(wall_time now) {
    while (!recent_.empty() && recent_.back().at > now)
        recent_.pop_back();
    if (recent_.empty())
        samples_since_ = std::min<wall_time>(samples_since_, now);
}

void series::give_back(std::vector<changed_hour> untold) {
    for (auto& each : untold) {
        const auto start = each.figures.start;
        if (each.whole && hours_.contains(start))
            changed_.insert(start);
        else
            part_at(late_, start).merge(each.figures);
    }
}

void series::restore_hour(rollup kept) {
    const auto start = kept.start;
    hours_[start] = std::move(kept);
}

void series::recall(const measurement& one, wall_time now) {
    add_fine(one, now);
}

void series::forget_before(wall_time at) {
    minutes_since_ = std::max<wall_time>(minutes_since_, std::chrono::ceil<minutes>(at));
    minutes_.erase(minutes_.begin(), minutes_.lower_bound(minutes_since_));
    samples_since_ = std::max(samples_since_, at);
}

window_figures series::window(wall_time from, wall_time until) const {
    window_figures found{from, from, {}};
    bool begun = false;
    auto at = from;
    while (at < until) {
        const wall_time hour = std::chrono::floor<hours>(at);
        const wall_time minute = std::chrono::floor<minutes>(at);
        auto next = std::min<wall_time>(minute + minutes(1), until);
        bool known = true;
        if (at == hour && at + hours(1) <= until && at >= hours_since_) {
            next = at + hours(1);
            add_part(hours_, at, found.total);
        } else if (at == minute && at + minutes(1) <= until && at >= minutes_since_) {
            add_part(minutes_, at, found.total);
        } else if (at >= samples_since_) {
            for (const auto& each : recent_)
                if (each.at >= at && each.at < next)
                    found.total.add(each);
        } else {
            known = false;
        }
        if (known) {
            if (!begun)
                found.from = at;
            begun = true;
            found.until = next;
        } else if (begun) {
            break; // the end is finer than what is kept
        } else {   // on to the first part that is kept
            const auto next_minute = std::max<wall_time>(minute + minutes(1), minutes_since_);
            next = std::min(std::max<wall_time>(hour + hours(1), hours_since_), next_minute);
        }
        at = next;
    }
    if (!begun)
        found.from = found.until = until;
    found.total.start = found.from;
    return found;
}

} // namespace ferrule::probes
