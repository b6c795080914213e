#include "runtime/blocking_pool.hpp"

#include <algorithm>
#include <system_error>

namespace ferrule::runtime {

blocking_pool::blocking_pool(unsigned threads, std::size_t queue_limit)
    : limit_(std::max(1U, threads))
    , queue_limit_(queue_limit) {}

blocking_pool::~blocking_pool() {
    stop();
}

bool blocking_pool::submit(std::function<void()> work) {
    {
        const std::lock_guard lock(mutex_);
        if (stopped_ || queue_.size() >= queue_limit_)
            return false;
        queue_.push_back(std::move(work));
        if (idle_ < queue_.size() && threads_.size() < limit_) {
            try {
                threads_.emplace_back([this] { loop(); });
            } catch (const std::system_error&) { // the system has no thread left; those that run will do
                if (threads_.empty()) {
                    queue_.pop_back();
                    return false;
                }
            }
        }
    }
    wake_.notify_one();
    return true;
}

void blocking_pool::stop() {
    std::vector<std::thread> ending;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        ending.swap(threads_);
    }
    wake_.notify_all();
    for (auto& thread : ending)
        thread.join();
}

void blocking_pool::loop() {
    std::unique_lock lock(mutex_);
    for (;;) {
        ++idle_;
        wake_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
        --idle_;
        if (queue_.empty())
            return;
        auto work = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        work();
        work = nullptr;
        lock.lock();
    }
}

} // namespace ferrule::runtime
