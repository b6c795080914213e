#include "devices/lane_queues.hpp"

#include <utility>

namespace ferrule::devices {

bool lane_queues::push(const entry_ptr& entry) {
    const auto& key = entry->at->key();
    const std::lock_guard lock(mutex_);
    if (stopping_)
        return false;
    auto& place = lanes_[key];
    const bool fresh = !place;
    if (fresh)
        place = std::make_shared<lane>(parts_, *this, key);
    place->queue_.push_back(entry);
    if (fresh)
        place->start();
    return true;
}

void lane_queues::wake(const entry_ptr& entry) {
    const std::lock_guard lock(mutex_);
    const auto at = lanes_.find(entry->at->key());
    if (at == lanes_.end())
        return;
    if (parts_.table.is_claimed(entry))
        forget_dead(*at->second);
    at->second->wake();
}

// What was cancelled or has expired must not pile up behind a long job; each pass over the queue is paid for by as many
// of them as it drops.
void lane_queues::forget_dead(lane& of) {
    if (++of.dead_ < 16 || of.dead_ * 2 < of.queue_.size())
        return;
    std::erase_if(of.queue_, [this](const auto& each) { return parts_.table.is_claimed(each); });
    of.dead_ = 0;
}

bool lane_queues::has(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    return lanes_.contains(key);
}

std::size_t lane_queues::size() const {
    const std::lock_guard lock(mutex_);
    return lanes_.size();
}

std::vector<model::session_info> lane_queues::sessions() const {
    std::vector<model::session_info> all;
    const std::lock_guard lock(mutex_);
    for (const auto& [key, each] : lanes_)
        if (auto info = each->info())
            all.push_back(std::move(*info));
    return all;
}

bool lane_queues::close_session(const std::string& id, bool force) {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, each] : lanes_) {
        const auto info = each->info();
        if (!info || info->id != id)
            continue;
        each->close_session(id, force);
        return true;
    }
    return false;
}

void lane_queues::stop(std::function<void()> emptied) {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    emptied_ = std::move(emptied);
    for (const auto& [key, each] : lanes_)
        each->stop();
    removed(std::move(lock));
}

entry_ptr lane_queues::next(lane& asking) {
    const std::lock_guard lock(mutex_);
    auto& queue = asking.queue_;
    while (!queue.empty()) {
        auto first = queue.front();
        if (parts_.table.claim(first)) {
            queue.pop_front();
            return first;
        }
        if (!parts_.table.is_claimed(first))
            return nullptr; // not durable yet, and nothing may overtake it
        queue.pop_front();
        asking.dead_ -= asking.dead_ > 0 ? 1 : 0;
    }
    return nullptr;
}

bool lane_queues::retire(const lane& asking) {
    std::unique_lock lock(mutex_);
    if (!asking.queue_.empty())
        return false;
    lanes_.erase(asking.key());
    removed(std::move(lock));
    return true;
}

void lane_queues::abandon(const lane& asking) {
    std::unique_lock lock(mutex_);
    lanes_.erase(asking.key());
    removed(std::move(lock));
}

void lane_queues::removed(std::unique_lock<std::mutex> lock) {
    if (!stopping_ || !lanes_.empty() || !emptied_)
        return;
    const auto call = std::exchange(emptied_, nullptr);
    lock.unlock();
    call();
}

} // namespace ferrule::devices
