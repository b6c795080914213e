// SPDX-License-Identifier: Apache-2.0
// Waiting for a host call whose callback comes exactly once, also after the coroutine has gone.
#pragma once

#include <ferrule/sdk/wait.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace ferrule::sdk::detail {

/// Base of the awaiters of resolve, secret, http and offload. What the callback gets is a block on the heap, so that an
/// awaiter that ended early leaves nothing dangling. A derived class adds `ask`, which passes the block to the host.
template <class Answer, class Extra = char>
class answer_wait : public wait {
  public:
    ~answer_wait() override { answer_wait::end(); }

  protected:
    struct block {
        answer_wait* waiter;
        Extra extra;
    };

    answer_wait(time_ns deadline, Extra extra, bool cancellable = true)
        : wait(deadline, cancellable)
        , extra_(std::move(extra)) {}

    /// Makes the host call with `arg` as its argument; anything but FRL_OK means that no callback will come.
    virtual frl_status ask(block* arg) = 0;

    /// Called when the wait ends before the answer, while its block still exists.
    virtual void leave() noexcept {}

    /// To be called by the callback, once: takes the block back and hands over the answer that `read` makes.
    template <class Read>
    static void arrived(void* arg, Read read) noexcept {
        const std::unique_ptr<block> mine(static_cast<block*>(arg));
        if (auto* self = mine->waiter) {
            strand::entry inside(self->home());
            self->block_ = nullptr;
            try {
                self->answer_.emplace(read(*mine));
            } catch (...) {
                self->failure_ = std::current_exception();
            }
            self->settle(wait_status::ready);
        }
    }

    [[nodiscard]] frl_status asked() const noexcept { return asked_; }

    /// The answer, when the wait ended with it; rethrows what reading it threw.
    [[nodiscard]] std::optional<Answer>& answer() {
        if (failure_) {
            std::rethrow_exception(failure_);
        }
        return answer_;
    }

  private:
    bool begin() final {
        auto mine = std::make_unique<block>(block{this, std::move(extra_)});
        asked_ = ask(mine.get());
        if (asked_ != FRL_OK) {
            return false;
        }
        block_ = mine.release();
        return true;
    }

    void end() noexcept final {
        if (block_ != nullptr) {
            leave();
            std::exchange(block_, nullptr)->waiter = nullptr;
        }
    }

    std::optional<Answer> answer_;
    std::exception_ptr failure_;
    block* block_ = nullptr;
    Extra extra_;
    frl_status asked_ = FRL_OK;
};

} // namespace ferrule::sdk::detail
