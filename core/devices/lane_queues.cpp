#include "devices/lane_queues.hpp"

#include <utility>

namespace ferrule::devices {

bool lane_queues::push(const entry_ptr& entry) {
    const auto key = entry->at->key();
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
    if (const auto at = lanes_.find(entry->at->key()); at != lanes_.end())
        at->second->wake();
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
        each->close_session(force);
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
