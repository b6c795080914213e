#include "state/event_bus.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace ferrule::state {

namespace {

std::size_t size_of(const event& what) noexcept {
    return sizeof(event) + what.topic.size() + what.key.size() + what.data.size();
}

} // namespace

// Shared by the bus, which fills the queue from any thread, and the listener, which empties it on its own executor.
struct subscription::shared : std::enable_shared_from_this<shared> {
    shared(asio::any_io_executor executor, event_bus::filter filter, std::size_t most, std::size_t most_bytes)
        : on(std::move(executor))
        , wanted(std::move(filter))
        , queue_limit(most)
        , byte_limit(most_bytes)
        , ready(on) {}

    asio::any_io_executor on;
    event_bus::filter wanted;
    std::size_t queue_limit;
    std::size_t byte_limit;
    runtime::event ready; // only on `on`
    std::atomic<bool> ended{false};

    mutable std::mutex mutex;
    std::vector<event_ptr> queue;
    std::size_t replayed = 0; // of the queue, those that a resumption brought
    std::size_t bytes = 0;    // of the others
    std::uint64_t lost = 0;
    bool woken = false;
    bool closed = false;

    // One wake for as many events as come until the listener runs.
    void offer(const event_ptr& happened) {
        const std::lock_guard lock(mutex);
        if (closed)
            return;
        const auto size = size_of(*happened);
        const auto waiting = queue.size() - replayed;
        if (waiting >= queue_limit || (waiting > 0 && bytes + size > byte_limit)) {
            lost += queue.size();
            queue.clear();
            replayed = bytes = 0;
        }
        queue.push_back(happened);
        bytes += size;
        wake();
    }

    void replay(const event_ptr& kept) {
        const std::lock_guard lock(mutex);
        queue.push_back(kept);
        ++replayed;
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
                inner->replayed = inner->bytes = 0;
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

event_bus::event_bus()
    : event_bus(limits()) {}

event_bus::event_bus(limits wanted)
    : limits_(wanted) {}

event_bus::~event_bus() {
    close();
}

bool event_bus::wanted() noexcept {
    if (listeners_.load(std::memory_order_relaxed) > 0)
        return true;
    const auto until = until_.load(std::memory_order_relaxed);
    if (until != 0 && base::system_clock().steady_now().time_since_epoch().count() < until)
        return true;
    gap_.store(true, std::memory_order_relaxed);
    return false;
}

void event_bus::remove_ended() {
    const auto removed = std::erase_if(subscriptions_, [](const std::weak_ptr<subscription::shared>& weak) {
        const auto listener = weak.lock();
        return !listener || listener->ended;
    });
    listeners_ -= removed;
    if (removed > 0 && subscriptions_.empty())
        until_ = (base::system_clock().steady_now() + linger).time_since_epoch().count();
}

void event_bus::publish(std::string topic, std::string key, std::string data) {
    auto made = std::make_shared<event>();
    made->topic = std::move(topic);
    made->key = std::move(key);
    made->data = std::move(data);
    const std::lock_guard lock(mutex_);
    made->id = next_id_++;
    const event_ptr happened = std::move(made);
    remove_ended();
    for (const auto& weak : subscriptions_)
        if (const auto listener = weak.lock(); listener && listener->wanted(*happened))
            listener->offer(happened);
    if (!happened->topic.ends_with(".output") && limits_.history != 0)
        keep(happened);
}

void event_bus::keep(const event_ptr& happened) {
    history_.push_back(happened);
    history_bytes_ += size_of(*happened);
    while (history_.size() > limits_.history || history_bytes_ > limits_.bytes) {
        forgotten_ = history_.front()->id;
        history_bytes_ -= size_of(*history_.front());
        history_.pop_front();
    }
}

std::unique_ptr<subscription> event_bus::subscribe(asio::any_io_executor on, filter wanted,
                                                   std::optional<std::uint64_t> after, std::size_t queue_limit) {
    const auto limit = queue_limit == 0 ? limits_.queue : queue_limit;
    auto inner = std::make_shared<subscription::shared>(std::move(on), std::move(wanted), limit, limits_.bytes);
    const std::lock_guard lock(mutex_);
    if (gap_.exchange(false))
        forgotten_ = next_id_++; // stands for what nobody listened to
    if (closed_) {
        inner->close();
    } else {
        if (after) {
            if (forgotten_ > *after)
                inner->lost = forgotten_ - *after;
            for (const auto& kept : history_)
                if (kept->id > *after && inner->wanted(*kept))
                    inner->replay(kept);
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
