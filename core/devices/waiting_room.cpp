#include "devices/waiting_room.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::devices {

bool waiting_room::push(const entry_ptr& entry) {
    const std::lock_guard lock(mutex_);
    auto& queue = entry->how == model::strategy::pinned ? lanes_[entry->at->key()] : fifo_;
    queue.push_back(entry);
    ++size_;
    return true;
}

// Only those that others have claimed are of interest here.
void waiting_room::wake(const entry_ptr& entry) {
    if (!table_.is_claimed(entry))
        return;
    const std::lock_guard lock(mutex_);
    if (entry->how != model::strategy::pinned) {
        forget_dead(fifo_);
        return;
    }
    const auto at = lanes_.find(entry->at->key());
    if (at == lanes_.end())
        return;
    forget_dead(at->second);
    if (at->second.empty())
        lanes_.erase(at);
}

void waiting_room::forget_dead(std::deque<entry_ptr>& queue) {
    size_ -= std::erase_if(queue, [this](const auto& each) { return table_.is_claimed(each); });
}

bool waiting_room::has(const std::string& key) const {
    if (empty())
        return false;
    const std::lock_guard lock(mutex_);
    return lanes_.contains(key);
}

model::node_info waiting_room::info() const {
    model::node_info shown;
    shown.online = false;
    return shown;
}

result<void> waiting_room::close_session(const std::string& id, bool) {
    return no_such_session(id);
}

asio::awaitable<void> waiting_room::stop(base::duration) {
    co_return;
}

std::vector<entry_ptr> waiting_room::first() const {
    std::vector<entry_ptr> all;
    const std::lock_guard lock(mutex_);
    all.reserve(lanes_.size() + fifo_.size());
    for (const auto& [key, queue] : lanes_)
        all.push_back(queue.front());
    all.insert(all.end(), fifo_.begin(), fifo_.end());
    return all;
}

std::vector<entry_ptr> waiting_room::take(const entry_ptr& first) {
    std::vector<entry_ptr> taken;
    const std::lock_guard lock(mutex_);
    if (first->how != model::strategy::pinned) {
        if (const auto at = std::find(fifo_.begin(), fifo_.end(), first); at != fifo_.end()) {
            taken.push_back(*at);
            fifo_.erase(at);
        }
    } else if (const auto at = lanes_.find(first->at->key()); at != lanes_.end()) {
        taken.assign(at->second.begin(), at->second.end());
        lanes_.erase(at);
    }
    size_ -= taken.size();
    return taken;
}

} // namespace ferrule::devices
