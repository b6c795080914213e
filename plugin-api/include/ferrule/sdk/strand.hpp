// SPDX-License-Identifier: Apache-2.0
// The strand of an instance: where its coroutines are resumed.
#pragma once

#include <ferrule/sdk/detail/list.hpp>
#include <ferrule/sdk/host.hpp>

#include <coroutine>

namespace ferrule::sdk {

namespace detail {

struct ready_tag;

/// Something that is to be resumed on the strand.
class ready : public hook<ready_tag> {
  public:
    std::coroutine_handle<> waiter;
};

} // namespace detail

/// Resumes coroutines one after the other, only from the outermost frame of a host callback, so that waking a coroutine
/// never runs it inside the code that woke it. One per instance; all of it belongs to the instance's strand. The host
/// table that it holds is the one to use for every call.
class strand {
  public:
    explicit strand(const frl_host* table)
        : host_(table) {}

    strand(const strand&) = delete;
    strand& operator=(const strand&) = delete;

    ~strand() {
        if (posted_ != nullptr) {
            posted_->owner = nullptr;
        }
    }

    [[nodiscard]] const sdk::host& host() const noexcept { return host_; }

    /// Marks that the host has called into the instance; when the outermost ends, everything that became ready runs.
    /// Every callback that an author registers with the raw table wants one.
    class entry {
      public:
        explicit entry(strand& home) noexcept
            : home_(&home) {
            ++home.depth_;
        }

        entry(const entry&) = delete;
        entry& operator=(const entry&) = delete;

        ~entry() {
            if (home_->depth_ == 1) {
                home_->drain();
            }
            --home_->depth_;
        }

      private:
        strand* home_;
    };

    /// Queues something to be resumed at the end of the running callback, or by a posted one when none runs.
    void schedule(detail::ready& item) {
        ready_.push_back(item);
        if (depth_ == 0 && posted_ == nullptr) {
            auto* block = new wake_up{this};
            if (!host_.post(&strand::on_posted, block)) {
                delete block;
                return;
            }
            posted_ = block;
        }
    }

  private:
    /// Outlives the strand when the posted callback comes after its end.
    struct wake_up {
        strand* owner;
    };

    static void on_posted(void* arg) noexcept {
        auto* block = static_cast<wake_up*>(arg);
        strand* home = block->owner;
        delete block;
        if (home != nullptr) {
            home->posted_ = nullptr;
            entry inside(*home);
        }
    }

    void drain() noexcept {
        while (auto* item = ready_.pop_front()) {
            item->waiter.resume();
        }
    }

    sdk::host host_;
    detail::list<detail::ready, detail::ready_tag> ready_;
    wake_up* posted_ = nullptr;
    int depth_ = 0;
};

} // namespace ferrule::sdk
