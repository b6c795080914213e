#include "devices/waiting_room.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::devices {

namespace {

// Jobs of one group are taken by the same nodes.
std::string group_of(const job_entry& entry) {
    const auto& device = *entry.at->device;
    std::string name = entry.how == model::strategy::pinned ? "p" : "f";
    const auto add = [&name](const std::string& part) {
        name += '\n';
        name += part;
    };
    add(device.at.driver);
    add(device.nodes.region);
    for (const auto& each : device.nodes.names)
        add("=" + each);
    for (const auto* labels : {&device.nodes.tags, &device.tags}) { // a scheduler sees those of the device
        add("");
        for (const auto& [key, value] : *labels)
            add(key + "=" + value);
    }
    return name;
}

} // namespace

bool waiting_room::push(const entry_ptr& entry) {
    const std::lock_guard lock(mutex_);
    if (entry->how == model::strategy::pinned) {
        auto& of = lanes_[entry->at->key()];
        of.queue.push_back(entry);
        if (of.marker)
            return true;
        of.marker = entry;
    }
    groups_[group_of(*entry)].turns.push_back(entry);
    ++size_;
    return true;
}

// Only those that others have claimed are of interest here.
void waiting_room::wake(const entry_ptr& entry) {
    if (!table_.is_claimed(entry))
        return;
    const std::lock_guard lock(mutex_);
    if (entry->how != model::strategy::pinned) {
        leave(entry);
        return;
    }
    const auto at = lanes_.find(entry->at->key());
    if (at == lanes_.end())
        return;
    std::erase_if(at->second.queue, [this](const auto& each) { return table_.is_claimed(each); });
    if (at->second.queue.empty())
        drop_lane(entry->at->key());
}

void waiting_room::drop_lane(const std::string& key) {
    auto gone = lanes_.extract(key);
    leave(gone.mapped().marker);
}

// A turn is over, wherever in its group it stands: each pass over a group is paid for by as many as it drops.
void waiting_room::leave(const entry_ptr& turn) {
    const auto at = groups_.find(group_of(*turn));
    if (at == groups_.end())
        return;
    auto& of = at->second;
    ++of.dead;
    if (of.dead < of.turns.size() && (of.dead < 16 || of.dead * 2 < of.turns.size()))
        return;
    size_ -= std::erase_if(of.turns, [this](const auto& each) { return waits_for(each) == nullptr; });
    of.dead = 0;
    if (of.turns.empty())
        groups_.erase(at);
}

// The job that a turn stands for; none when it is over.
entry_ptr waiting_room::waits_for(const entry_ptr& turn) const {
    if (turn->how != model::strategy::pinned)
        return table_.is_claimed(turn) ? nullptr : turn;
    const auto at = lanes_.find(turn->at->key());
    return at == lanes_.end() || at->second.marker != turn ? nullptr : at->second.queue.front();
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

std::vector<std::string> waiting_room::groups() const {
    std::vector<std::string> all;
    const std::lock_guard lock(mutex_);
    all.reserve(groups_.size());
    for (const auto& [name, each] : groups_)
        all.push_back(name);
    return all;
}

entry_ptr waiting_room::first(const std::string& wanted) {
    const std::lock_guard lock(mutex_);
    const auto at = groups_.find(wanted);
    if (at == groups_.end())
        return nullptr;
    auto& of = at->second;
    while (!of.turns.empty()) {
        if (auto found = waits_for(of.turns.front()))
            return found;
        of.turns.pop_front();
        of.dead -= of.dead > 0 ? 1 : 0;
        --size_;
    }
    groups_.erase(at);
    return nullptr;
}

entry_ptr waiting_room::first_of(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto at = lanes_.find(key);
    return at == lanes_.end() ? nullptr : at->second.queue.front();
}

std::vector<entry_ptr> waiting_room::take(const entry_ptr& first) {
    std::vector<entry_ptr> taken;
    const std::lock_guard lock(mutex_);
    if (first->how != model::strategy::pinned) {
        const auto at = groups_.find(group_of(*first));
        if (at != groups_.end() && !at->second.turns.empty() && at->second.turns.front() == first) {
            at->second.turns.pop_front();
            --size_;
            taken.push_back(first);
        }
    } else if (const auto at = lanes_.find(first->at->key()); at != lanes_.end()) {
        taken.assign(at->second.queue.begin(), at->second.queue.end());
        drop_lane(first->at->key());
    }
    return taken;
}

} // namespace ferrule::devices
