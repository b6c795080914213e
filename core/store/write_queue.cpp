#include "store/write_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ferrule::store {

namespace {

// What takes longer to write than the reader takes to wake is the reader's: many records, or a large one such as the
// end of a job with much output.
constexpr std::size_t few_records = 8;
constexpr std::size_t few_bytes = std::size_t{64} * 1024;

std::size_t size_of(const record& one) noexcept {
    std::size_t bytes = sizeof(record) + one.collection.size() + one.key.size() + one.value.size();
    for (const auto& each : one.attributes)
        bytes += sizeof(std::string) + each.size();
    return bytes;
}

} // namespace

void write_group::clear() noexcept {
    records.clear();
    waiters.clear();
    bytes = 0;
}

write_queue::verdict write_queue::admit(std::size_t bytes) const noexcept {
    if (closed_)
        return verdict::closed;
    const auto present = queued_.bytes + taken_bytes_;
    // What never fits must not wait for a moment in which there is nothing else to write: under load none comes.
    const auto room = bytes > limit_ ? limit_ : limit_ - std::min(limit_, bytes);
    return present != 0 && present > room ? verdict::full : verdict::taken;
}

// Ends with the lock released. While a lone call is out it does nothing: return_lone wakes for all that came meanwhile.
void write_queue::wake(std::unique_lock<std::mutex>& lock) {
    const bool asleep = !lone_out_ && std::exchange(sleeping_, false);
    lock.unlock();
    if (asleep)
        wake_.notify_one();
}

bool write_queue::is_lone() const noexcept {
    return queued_.waiters.size() == 1 && queued_.records.size() <= few_records && queued_.bytes <= few_bytes;
}

write_queue::verdict write_queue::added(std::unique_lock<std::mutex>& lock) {
    const bool first = gathers_ && is_lone() && sleeping_ && !lone_out_ && !std::exchange(gathering_, true);
    if (first)
        return verdict::gathering;
    wake(lock); // it has company, or is too much for anyone else, so the reader need not wait for the look
    return verdict::taken;
}

write_group* write_queue::take_lone() {
    std::unique_lock lock(mutex_);
    gathering_ = false;
    if (is_lone() && sleeping_ && !lone_out_ && !closed_) {
        std::swap(queued_, lone_);
        taken_bytes_ += lone_.bytes;
        lone_out_ = true;
        return &lone_;
    }
    if (!queued_.waiters.empty())
        wake(lock);
    return nullptr;
}

void write_queue::return_lone(bool written) {
    std::unique_lock lock(mutex_);
    lone_out_ = false;
    taken_bytes_ -= lone_.bytes;
    if (!written)
        put_first(lone_);
    lone_.clear();
    if (!queued_.waiters.empty() || maintain_ || closed_)
        wake(lock);
}

void write_queue::put_first(write_group& group) {
    std::swap(queued_, group); // now `group` has what came later
    const auto before = queued_.records.size();
    std::move(group.records.begin(), group.records.end(), std::back_inserter(queued_.records));
    for (auto& each : group.waiters)
        queued_.waiters.push_back(waiter{before + each.end, std::move(each.done)});
    queued_.bytes += group.bytes;
}

write_queue::verdict write_queue::add(record& one, completion& done) {
    const auto bytes = size_of(one);
    std::unique_lock lock(mutex_);
    if (const auto answer = admit(bytes); answer != verdict::taken)
        return answer;
    queued_.records.push_back(std::move(one));
    queued_.waiters.push_back(waiter{queued_.records.size(), std::move(done)});
    queued_.bytes += bytes;
    return added(lock);
}

write_queue::verdict write_queue::add(std::vector<record>& all, completion& done) {
    std::size_t bytes = 0;
    for (const auto& each : all)
        bytes += size_of(each);
    std::unique_lock lock(mutex_);
    if (const auto answer = admit(bytes); answer != verdict::taken)
        return answer;
    for (auto& each : all)
        queued_.records.push_back(std::move(each));
    queued_.waiters.push_back(waiter{queued_.records.size(), std::move(done)});
    queued_.bytes += bytes;
    return added(lock);
}

void write_queue::ask_maintenance() {
    std::unique_lock lock(mutex_);
    maintain_ = true;
    wake(lock);
}

void write_queue::close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    wake(lock);
}

write_queue::signal write_queue::wait(write_group& into, bool poll_only) {
    std::unique_lock lock(mutex_);
    while (lone_out_ || (queued_.waiters.empty() && !maintain_ && !closed_ && !poll_only)) {
        sleeping_ = true;
        wake_.wait(lock);
    }
    sleeping_ = false;
    std::swap(queued_, into);
    taken_bytes_ += into.bytes;
    return signal{std::exchange(maintain_, false), closed_};
}

void write_queue::give_back(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    taken_bytes_ -= bytes;
}

} // namespace ferrule::store
