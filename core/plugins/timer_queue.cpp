#include "plugins/timer_queue.hpp"

#include <boost/asio/bind_executor.hpp>

#include <limits>
#include <utility>

namespace ferrule::plugins {

namespace {

constexpr std::uint32_t nowhere = std::numeric_limits<std::uint32_t>::max();

base::steady_time on_grid(base::steady_time at, base::steady_time now) noexcept {
    constexpr base::duration step = std::chrono::milliseconds(1);
    if (at - now < 10 * step || at > base::steady_time::max() - step)
        return at;
    const auto over = at.time_since_epoch() % step;
    return over == base::duration::zero() ? at : at + (step - over);
}

base::steady_time now() noexcept {
    return base::steady_time(std::chrono::steady_clock::now().time_since_epoch());
}

} // namespace

class timer_queue::impl : public std::enable_shared_from_this<timer_queue::impl> {
  public:
    impl(runtime::strand on, invoker around)
        : strand_(std::move(on))
        , around_(std::move(around))
        , wake_(strand_.get_inner_executor()) {}

    std::uint64_t start(base::steady_time at, callback fn, void* arg, std::uint64_t number);
    bool cancel(std::uint64_t timer);
    void close();

    [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }

  private:
    struct slot {
        std::uint32_t generation = 1;
        std::uint32_t place = nowhere;
        base::steady_time at;
        callback fn = nullptr;
        void* arg = nullptr;
        std::uint64_t number = 0;
    };

    [[nodiscard]] bool earlier(std::uint32_t left, std::uint32_t right) const noexcept {
        return slots_[left].at < slots_[right].at;
    }

    void put(std::uint32_t place, std::uint32_t index) noexcept {
        heap_[place] = index;
        slots_[index].place = place;
    }

    void rise(std::uint32_t place) noexcept;
    void sink(std::uint32_t place) noexcept;
    void remove(std::uint32_t index);
    void arm();
    void fire();

    runtime::strand strand_;
    invoker around_;
    boost::asio::steady_timer wake_;
    std::vector<slot> slots_;
    std::vector<std::uint32_t> free_;
    std::vector<std::uint32_t> heap_;
    // What Asio's timer is set to; max when it is not.
    base::steady_time armed_ = base::steady_time::max();
    bool firing_ = false;
    bool closed_ = false;
};

void timer_queue::impl::rise(std::uint32_t place) noexcept {
    const auto index = heap_[place];
    while (place != 0) {
        const auto parent = (place - 1) / 2;
        if (!earlier(index, heap_[parent]))
            break;
        put(place, heap_[parent]);
        place = parent;
    }
    put(place, index);
}

void timer_queue::impl::sink(std::uint32_t place) noexcept {
    const auto index = heap_[place];
    const auto size = static_cast<std::uint32_t>(heap_.size());
    for (;;) {
        auto child = 2 * place + 1;
        if (child >= size)
            break;
        if (child + 1 < size && earlier(heap_[child + 1], heap_[child]))
            ++child;
        if (!earlier(heap_[child], index))
            break;
        put(place, heap_[child]);
        place = child;
    }
    put(place, index);
}

void timer_queue::impl::remove(std::uint32_t index) {
    auto& gone = slots_[index];
    const auto place = gone.place;
    const auto last = heap_.back();
    heap_.pop_back();
    if (last != index) {
        put(place, last);
        rise(place);
        sink(slots_[last].place);
    }
    gone.place = nowhere;
    if (++gone.generation == 0)
        gone.generation = 1;
    free_.push_back(index);
}

std::uint64_t timer_queue::impl::start(base::steady_time at, callback fn, void* arg, std::uint64_t number) {
    if (closed_)
        return 0;
    std::uint32_t index = 0;
    if (free_.empty()) {
        index = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        index = free_.back();
        free_.pop_back();
    }
    auto& made = slots_[index];
    made.at = at;
    made.fn = fn;
    made.arg = arg;
    made.number = number;
    heap_.push_back(index);
    made.place = static_cast<std::uint32_t>(heap_.size() - 1);
    rise(made.place);
    if (!firing_ && made.place == 0)
        arm();
    return (std::uint64_t{made.generation} << 32U) | (index + 1);
}

bool timer_queue::impl::cancel(std::uint64_t timer) {
    const auto index = static_cast<std::uint32_t>(timer) - 1;
    if (index >= slots_.size() || slots_[index].place == nowhere ||
        slots_[index].generation != static_cast<std::uint32_t>(timer >> 32U))
        return false;
    // Asio's timer may stay: a wake-up that finds nothing due costs less than setting it anew each time.
    remove(index);
    return true;
}

void timer_queue::impl::close() {
    closed_ = true;
    heap_.clear();
    slots_.clear();
    free_.clear();
    wake_.cancel();
}

void timer_queue::impl::arm() {
    if (closed_ || heap_.empty())
        return;
    const auto wanted = on_grid(slots_[heap_.front()].at, now());
    if (armed_ <= wanted)
        return;
    armed_ = wanted;
    wake_.expires_at(wanted);
    wake_.async_wait(boost::asio::bind_executor(
        strand_, [self = shared_from_this(), wanted](const boost::system::error_code& ended) {
            if (ended || self->closed_ || self->armed_ != wanted)
                return;
            self->armed_ = base::steady_time::max();
            self->fire();
        }));
}

void timer_queue::impl::fire() {
    // One reading of the clock for all, so that a timer that starts a due one does not keep the strand.
    const auto due = now();
    firing_ = true;
    while (!closed_ && !heap_.empty() && slots_[heap_.front()].at <= due) {
        const auto index = heap_.front();
        const auto fn = slots_[index].fn;
        auto* const arg = slots_[index].arg;
        const auto number = slots_[index].number;
        remove(index);
        around_(fn, arg, number);
    }
    firing_ = false;
    arm();
}

timer_queue::timer_queue(runtime::strand on, invoker around)
    : impl_(std::make_shared<impl>(std::move(on), std::move(around))) {}

timer_queue::~timer_queue() {
    impl_->close();
}

std::uint64_t timer_queue::start(base::steady_time at, callback fn, void* arg, std::uint64_t number) {
    return impl_->start(at, fn, arg, number);
}

bool timer_queue::cancel(std::uint64_t timer) {
    return impl_->cancel(timer);
}

std::size_t timer_queue::size() const noexcept {
    return impl_->size();
}

void timer_queue::close() {
    impl_->close();
}

} // namespace ferrule::plugins
