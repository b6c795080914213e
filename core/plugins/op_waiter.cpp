#include "plugins/op_waiter.hpp"

#include "base/log.hpp"

#include <boost/asio/post.hpp>

#include <exception>
#include <utility>

namespace ferrule::plugins {

op_waiter::op_waiter(asio::any_io_executor on, output to)
    : on_(std::move(on))
    , to_(std::move(to)) {}

void op_waiter::emit(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    if (!to_)
        return;
    pending_.append(bytes);
    if (!std::exchange(scheduled_, true))
        schedule();
}

void op_waiter::complete(op_outcome outcome) {
    const std::lock_guard lock(mutex_);
    outcome_ = std::move(outcome);
    done_ = true;
    if (!std::exchange(scheduled_, true))
        schedule();
}

// With the lock held: the handler takes it first, so the waiter cannot go before the caller has let go of it.
void op_waiter::schedule() {
    asio::post(on_, [this] { deliver(); });
}

void op_waiter::deliver() {
    std::string text;
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            if (pending_.empty()) {
                if (done_)
                    break;
                scheduled_ = false;
                return;
            }
            text.clear();
            text.swap(pending_);
        }
        try {
            to_(text);
        } catch (const std::exception& failed) {
            base::log::error("plugins", "a consumer of output failed", {{"what", failed.what()}});
        }
    }
    // A copy: the waiter goes when the caller resumes.
    auto then = std::move(then_);
    then();
}

} // namespace ferrule::plugins
