#include "plugins/blocking_share.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::plugins {

blocking_share::blocking_share(runtime::blocking_pool& pool, unsigned threads, std::size_t queue)
    : pool_(pool)
    , threads_(std::max(1U, threads))
    , most_(queue) {}

bool blocking_share::submit(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    if (running_ == threads_) {
        if (waiting_.size() >= most_)
            return false;
        waiting_.push_back(std::move(work));
        return true;
    }
    if (!pool_.submit([self = shared_from_this(), work] { self->run(work); })) {
        // What runs takes it up all the same when it ends.
        if (running_ == 0 || waiting_.size() >= most_)
            return false;
        waiting_.push_back(std::move(work));
        return true;
    }
    ++running_;
    return true;
}

// One item per turn of the pool, so that plugins take turns on it.
void blocking_share::run(std::function<void()> work) {
    for (;;) {
        work();
        work = nullptr;
        const std::lock_guard lock(mutex_);
        if (waiting_.empty()) {
            --running_;
            return;
        }
        work = std::move(waiting_.front());
        waiting_.pop_front();
        if (pool_.submit([self = shared_from_this(), work] { self->run(work); }))
            return;
        // The pool is full or ends: go on here.
    }
}

} // namespace ferrule::plugins
