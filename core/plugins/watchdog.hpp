// Names a plugin that holds its strand too long, also while it does.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"

namespace ferrule::plugins {

class watchdog;

/// Measures the calls into one instance, one at a time. The owner is told of a long call when it ends; the watchdog
/// tells of it while it lasts.
class call_meter {
  public:
    /// `function` is the plugin's, `took` how long it has taken so far, `ended` whether it has returned. Called from
    /// the instance's strand at the end, from the watchdog's thread before.
    using report = std::function<void(const char* function, base::duration took, bool ended)>;

    call_meter(base::duration limit, base::duration patience, report tell);

    /// One call, on the instance's strand.
    class call {
      public:
        call(call_meter& meter, watchdog& guard, const char* function) noexcept;
        call(const call&) = delete;
        call& operator=(const call&) = delete;
        ~call();

      private:
        call_meter& meter_;
        std::int64_t began_;
    };

  private:
    friend class watchdog;

    const base::duration limit_;
    const base::duration patience_;
    const report tell_;
    std::atomic<std::int64_t> began_{0};
    std::atomic<const char*> function_{nullptr};
    // The watchdog's own: the call that it has told of, and how far.
    std::int64_t told_ = 0;
    bool told_again_ = false;
};

/// A thread that looks at the running calls. It sleeps without waking while nothing calls into plugins, so an idle
/// process stays idle. It starts with the first meter.
class watchdog {
  public:
    /// Looks twice per `limit`.
    explicit watchdog(base::duration limit);
    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;
    ~watchdog();

    void watch(std::weak_ptr<call_meter> meter);
    /// Ends the thread; nothing is watched any more.
    void stop();

  private:
    friend class call_meter::call;

    void wake() noexcept;
    void loop();
    bool look();

    const base::duration step_;
    std::atomic<bool> asleep_{false};
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::weak_ptr<call_meter>> meters_;
    std::thread thread_;
    bool stopped_ = false;
};

} // namespace ferrule::plugins
