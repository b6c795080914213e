#include "plugins/watchdog.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::plugins {

namespace {

std::int64_t now() noexcept {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

} // namespace

call_meter::call_meter(base::duration limit, base::duration patience, report tell)
    : limit_(limit)
    , patience_(patience)
    , tell_(std::move(tell)) {}

// The start is stored before the flag is read, and the watchdog sets the flag before it reads the starts: one of the
// two sees the other, so no call goes unwatched.
call_meter::call::call(call_meter& meter, watchdog& guard, const char* function) noexcept
    : meter_(meter)
    , began_(now()) {
    meter_.function_.store(function, std::memory_order_relaxed);
    meter_.began_.store(began_, std::memory_order_seq_cst);
    if (guard.asleep_.load(std::memory_order_seq_cst))
        guard.wake();
}

call_meter::call::~call() {
    const base::duration took(now() - began_);
    const auto* const function = meter_.function_.load(std::memory_order_relaxed);
    meter_.began_.store(0, std::memory_order_release);
    if (took > meter_.limit_)
        meter_.tell_(function, took, true);
}

watchdog::watchdog(base::duration limit)
    : step_(std::max<base::duration>(limit / 2, std::chrono::milliseconds(1))) {}

watchdog::~watchdog() {
    stop();
}

void watchdog::stop() {
    std::thread ending;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        ending.swap(thread_);
    }
    changed_.notify_all();
    if (ending.joinable())
        ending.join();
}

void watchdog::watch(std::weak_ptr<call_meter> meter) {
    {
        const std::lock_guard lock(mutex_);
        meters_.push_back(std::move(meter));
        if (!thread_.joinable() && !stopped_)
            thread_ = std::thread([this] { loop(); });
    }
    wake();
}

void watchdog::wake() noexcept {
    {
        const std::lock_guard lock(mutex_);
        asleep_.store(false, std::memory_order_seq_cst);
    }
    changed_.notify_all();
}

void watchdog::loop() {
    std::unique_lock lock(mutex_);
    while (!stopped_) {
        asleep_.store(true, std::memory_order_seq_cst);
        if (look())
            asleep_.store(false, std::memory_order_seq_cst);
        if (asleep_.load(std::memory_order_seq_cst))
            changed_.wait(lock, [this] { return stopped_ || !asleep_.load(std::memory_order_seq_cst); });
        // Calls that were started since then have set nothing off: the flag is down until the next look.
        changed_.wait_for(lock, step_, [this] { return stopped_; });
    }
}

// With the lock held. True while any call runs.
bool watchdog::look() {
    bool busy = false;
    std::erase_if(meters_, [](const auto& each) { return each.expired(); });
    const auto time = now();
    const auto looked_at = meters_;
    for (const auto& each : looked_at) {
        const auto meter = each.lock();
        const auto began = meter ? meter->began_.load(std::memory_order_seq_cst) : 0;
        if (began == 0)
            continue;
        busy = true;
        const base::duration took(time - began);
        const auto* const function = meter->function_.load(std::memory_order_relaxed);
        if (took > meter->limit_ && meter->told_ != began) {
            meter->told_ = began;
            meter->told_again_ = false;
            meter->tell_(function, took, false);
        } else if (took > meter->limit_ + meter->patience_ && !meter->told_again_) {
            meter->told_again_ = true;
            meter->tell_(function, took, false);
        }
    }
    return busy;
}

} // namespace ferrule::plugins
