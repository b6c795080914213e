#include "state/event_bus.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace ferrule::state {

// Shared by the bus, which fills the queue from any thread, and the listener, which empties it on its own executor.
struct subscription::shared : std::enable_shared_from_this<shared> {
    shared(asio::any_io_executor executor, event_bus::filter filter, std::size_t limit)
        : on(std::move(executor))
        , wanted(std::move(filter))
        , queue_limit(limit)
        , ready(on) {}

    asio::any_io_executor on;
    event_bus::filter wanted;
    std::size_t queue_limit;
    runtime::event ready; // only on `on`
    std::atomic<bool> ended{false};

    mutable std::mutex mutex;
    std::vector<event_ptr> queue;
    std::uint64_t lost = 0;
    bool woken = false;
    bool closed = false;

    // One wake for as many events as come until the listener runs.
    void offer(const event_ptr& happened) {
        const std::lock_guard lock(mutex);
        if (closed)
            return;
        if (queue.size() >= queue_limit) {
            lost += queue.size();
            queue.clear();
        }
        queue.push_back(happened);
        wake();
    }

    void close() {
        const std::lock_guard lock(mutex);
        closed = true;
        wake();
    }

    void wake() {
        if (std::exchange(woken, true))
            return;
        asio::post(on, [self = shared_from_this()] { self->ready.set(); });
    }
};

subscription::subscription(std::shared_ptr<shared> inner)
    : inner_(std::move(inner)) {}

subscription::~subscription() {
    inner_->ended = true;
    inner_->close();
}

asio::awaitable<std::vector<event_ptr>> subscription::next(base::steady_time deadline) {
    const auto inner = inner_;
    for (;;) {
        {
            const std::lock_guard lock(inner->mutex);
            if (!inner->queue.empty() || inner->closed) {
                inner->woken = inner->closed;
                inner->ready.reset();
                co_return std::exchange(inner->queue, {});
            }
            inner->woken = false;
            inner->ready.reset();
        }
        const bool happened = co_await inner->ready.wait_until(deadline);
        if (!happened)
            co_return std::vector<event_ptr>();
    }
}

std::uint64_t subscription::lagged() const {
    const std::lock_guard lock(inner_->mutex);
    return inner_->lost;
}

bool subscription::closed() const {
    const std::lock_guard lock(inner_->mutex);
    return inner_->closed;
}

void subscription::close() {
    inner_->close();
}

event_bus::event_bus(std::size_t history, std::size_t queue_limit)
    : history_limit_(history)
    , queue_limit_(queue_limit) {}

event_bus::~event_bus() {
    close();
}

void event_bus::publish(std::string topic, std::string key, std::string data) {
    auto made = std::make_shared<event>();
    made->topic = std::move(topic);
    made->key = std::move(key);
    made->data = std::move(data);
    const std::lock_guard lock(mutex_);
    made->id = next_id_++;
    const event_ptr happened = std::move(made);
    std::erase_if(subscriptions_, [this, &happened](const std::weak_ptr<subscription::shared>& weak) {
        const auto listener = weak.lock();
        if (!listener || listener->ended) {
            --listeners_;
            return true;
        }
        if (listener->wanted(*happened))
            listener->offer(happened);
        return false;
    });
    if (happened->topic == "job.output" || history_limit_ == 0)
        return;
    history_.push_back(happened);
    if (history_.size() > history_limit_)
        history_.pop_front();
}

std::unique_ptr<subscription> event_bus::subscribe(asio::any_io_executor on, filter wanted,
                                                   std::optional<std::uint64_t> after, std::size_t queue_limit) {
    const auto limit = queue_limit == 0 ? queue_limit_ : queue_limit;
    auto inner = std::make_shared<subscription::shared>(std::move(on), std::move(wanted), limit);
    const std::lock_guard lock(mutex_);
    if (closed_) {
        inner->close();
    } else {
        if (after) {
            if (!history_.empty() && history_.front()->id > *after + 1)
                inner->lost = history_.front()->id - *after - 1;
            for (const auto& kept : history_)
                if (kept->id > *after && inner->wanted(*kept))
                    inner->offer(kept);
        }
        subscriptions_.push_back(inner);
        ++listeners_;
    }
    return std::unique_ptr<subscription>(new subscription(std::move(inner)));
}

void event_bus::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    for (const auto& weak : subscriptions_)
        if (const auto listener = weak.lock())
            listener->close();
    subscriptions_.clear();
    listeners_ = 0;
}

std::uint64_t event_bus::last_id() const {
    const std::lock_guard lock(mutex_);
    return next_id_ - 1;
}

} // namespace ferrule::state
