// One thread's event loop: descriptors, timers, and work handed over from other threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace ferrule::simdevice {

/// Something that is told when its descriptor is ready. Always on the reactor's thread.
class watcher {
  public:
    virtual ~watcher() = default;
    virtual void on_ready(std::uint32_t events) = 0;
};

/// Epoll with level triggering. The thread starts with `start` and ends with `stop` or the destructor.
/// Except for `post`, `call`, `start` and `stop`, every function belongs to the reactor's own thread.
class reactor {
  public:
    using clock = std::chrono::steady_clock;
    using timer_id = std::uint64_t; ///< never 0

    reactor();
    ~reactor();
    reactor(const reactor&) = delete;
    reactor& operator=(const reactor&) = delete;

    void start();
    /// Runs what was posted before, then joins the thread. Nothing that is posted later runs.
    void stop();

    /// Any thread: runs `work` on the reactor's thread, later.
    void post(std::function<void()> work);
    /// Another thread: runs `work` on the reactor's thread and waits for it. Once stopped it runs it here.
    void call(const std::function<void()>& work);

    bool in_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

    /// Watches a descriptor, or changes what is watched. The watcher stays the caller's.
    void watch(int fd, std::uint32_t events, watcher& who);
    /// Safe after the descriptor was closed, and even used again by another watcher.
    void forget(int fd, const watcher& who);

    timer_id after(std::chrono::nanoseconds delay, std::function<void()> work);
    void cancel(timer_id timer);

    /// Destroys the watcher once the events in hand are through.
    void dispose(std::unique_ptr<watcher> finished) { finished_.push_back(std::move(finished)); }

  private:
    struct place {
        watcher* who = nullptr;
        std::uint32_t events = 0;
    };

    using timers = std::multimap<clock::time_point, std::pair<timer_id, std::function<void()>>>;

    void run();
    void run_posted();
    void run_timers();
    void wake() const;

    int epoll_ = -1;
    int wake_ = -1;
    std::vector<place> places_; ///< by descriptor
    timers timers_;
    std::unordered_map<timer_id, timers::iterator> timer_places_;
    timer_id last_timer_ = 0;
    std::vector<std::unique_ptr<watcher>> finished_;

    std::mutex mutex_;
    std::vector<std::function<void()>> posted_;
    bool stopping_ = false;
    bool running_ = false;
    std::thread thread_;
};

} // namespace ferrule::simdevice
