#include "net/poll_group.hpp"

#include "base/log.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <cerrno>
#include <limits>
#include <optional>
#include <sys/epoll.h>
#include <unistd.h>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ferrule::net {

namespace asio = boost::asio;

namespace {

constexpr int none = -1;

std::uint32_t to_epoll(std::uint32_t events) noexcept {
    return ((events & poll_group::readable) != 0 ? EPOLLIN : 0U) |
           ((events & poll_group::writable) != 0 ? EPOLLOUT : 0U);
}

// A hang-up also counts as readable for those who asked, so that whoever reads finds the end of the stream.
std::uint32_t from_epoll(std::uint32_t events, std::uint32_t wanted) noexcept {
    std::uint32_t out = 0;
    if ((events & EPOLLIN) != 0 || ((events & EPOLLHUP) != 0 && (wanted & poll_group::readable) != 0))
        out |= poll_group::readable;
    if ((events & EPOLLOUT) != 0)
        out |= poll_group::writable;
    if ((events & (EPOLLERR | EPOLLHUP)) != 0)
        out |= poll_group::failed;
    return out;
}

} // namespace

class poll_group::impl : public std::enable_shared_from_this<poll_group::impl> {
  public:
    impl(runtime::strand on, invoker around)
        : strand_(std::move(on))
        , around_(std::move(around)) {}

    std::uint64_t watch(int fd, std::uint32_t events, callback fn, void* arg);
    bool modify(std::uint64_t id, std::uint32_t events);
    bool unwatch(std::uint64_t id);
    void close();

    [[nodiscard]] std::size_t size() const noexcept { return live_; }

  private:
    struct slot {
        std::uint32_t generation = 1;
        int fd = none;
        std::uint32_t events = 0;
        bool live = false;
        bool registered = false;
        callback fn = nullptr;
        void* arg = nullptr;
    };

    static std::uint64_t id_of(std::uint32_t index, const slot& of) noexcept {
        return (std::uint64_t{of.generation} << 32U) | (index + 1);
    }

    slot* find(std::uint64_t id) noexcept;
    bool open();
    bool enlist(std::uint32_t index);
    void delist(slot& of) noexcept;
    void wait();
    void on_ready();
    void rebuild();

    runtime::strand strand_;
    invoker around_;
    std::optional<asio::posix::stream_descriptor> set_;
    std::vector<slot> slots_;
    std::vector<std::uint32_t> free_;
    std::unordered_map<int, std::uint32_t> by_fd_;
    std::size_t live_ = 0;
    bool closed_ = false;
    bool waiting_ = false;
    // Set when a watch ended while events that were fetched together are being handed out.
    bool ended_in_round_ = false;
};

poll_group::impl::slot* poll_group::impl::find(std::uint64_t id) noexcept {
    const auto index = static_cast<std::uint32_t>(id & std::numeric_limits<std::uint32_t>::max());
    if (index == 0 || index > slots_.size())
        return nullptr;
    auto& found = slots_[index - 1];
    return found.live && found.generation == static_cast<std::uint32_t>(id >> 32U) ? &found : nullptr;
}

bool poll_group::impl::open() {
    if (set_)
        return true;
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0)
        return false;
    set_.emplace(strand_.get_inner_executor(), fd);
    return true;
}

bool poll_group::impl::enlist(std::uint32_t index) {
    auto& which = slots_[index];
    epoll_event wanted{};
    wanted.events = to_epoll(which.events);
    wanted.data.u64 = id_of(index, which);
    if (::epoll_ctl(set_->native_handle(), EPOLL_CTL_ADD, which.fd, &wanted) != 0)
        return false;
    which.registered = true;
    return true;
}

void poll_group::impl::delist(slot& of) noexcept {
    if (!std::exchange(of.registered, false) || !set_)
        return;
    epoll_event unused{};
    ::epoll_ctl(set_->native_handle(), EPOLL_CTL_DEL, of.fd, &unused);
}

std::uint64_t poll_group::impl::watch(int fd, std::uint32_t events, callback fn, void* arg) {
    if (closed_ || fd < 0 || fn == nullptr) {
        errno = EINVAL;
        return 0;
    }
    if (!set_ && live_ > 0)
        rebuild(); // it failed before
    if (!open())
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
    made.fd = fd;
    made.events = events;
    made.fn = fn;
    made.arg = arg;
    const auto known = by_fd_.find(fd);
    // A paused watch is in the table but not in the set, where the kernel would refuse the second one.
    const bool taken = known != by_fd_.end() && !slots_[known->second].registered;
    if (taken)
        errno = EEXIST;
    if (taken || !enlist(index)) {
        const int why = errno;
        made.fd = none;
        free_.push_back(index);
        errno = why;
        return 0;
    }
    if (events == 0)
        delist(made); // enlisting told whether it can be waited for at all
    if (known != by_fd_.end()) {
        // The kernel took it although a watch of this number exists: that descriptor was closed without unwatch.
        slots_[known->second].fd = none;
        slots_[known->second].registered = false;
    }
    by_fd_[fd] = index;
    made.live = true;
    ++live_;
    wait();
    return id_of(index, made);
}

bool poll_group::impl::modify(std::uint64_t id, std::uint32_t events) {
    auto* found = find(id);
    if (found == nullptr)
        return false;
    found->events = events;
    if (found->fd == none || !set_)
        return true;
    if (events == 0) {
        delist(*found); // errors would be reported for as long as it is in the set
        return true;
    }
    if (!found->registered)
        return enlist(static_cast<std::uint32_t>(found - slots_.data()));
    epoll_event wanted{};
    wanted.events = to_epoll(events);
    wanted.data.u64 = id;
    return ::epoll_ctl(set_->native_handle(), EPOLL_CTL_MOD, found->fd, &wanted) == 0;
}

bool poll_group::impl::unwatch(std::uint64_t id) {
    auto* found = find(id);
    if (found == nullptr)
        return false;
    if (found->fd != none) {
        delist(*found);
        by_fd_.erase(found->fd);
    }
    const auto index = static_cast<std::uint32_t>(found - slots_.data());
    const auto next = found->generation + 1;
    *found = slot{};
    found->generation = next == 0 ? 1 : next;
    free_.push_back(index);
    --live_;
    ended_in_round_ = true;
    return true;
}

void poll_group::impl::close() {
    closed_ = true;
    live_ = 0;
    slots_.clear();
    free_.clear();
    by_fd_.clear();
    set_.reset();
}

void poll_group::impl::wait() {
    if (waiting_ || closed_ || live_ == 0 || !set_)
        return;
    waiting_ = true;
    set_->async_wait(asio::posix::stream_descriptor::wait_read,
                     asio::bind_executor(strand_, [self = shared_from_this()](const boost::system::error_code& failed) {
                         self->waiting_ = false;
                         if (!failed || failed == asio::error::operation_aborted)
                             self->on_ready();
                     }));
}

void poll_group::impl::on_ready() {
    if (closed_ || !set_)
        return;
    std::array<epoll_event, 64> ready{};
    const int count = ::epoll_wait(set_->native_handle(), ready.data(), static_cast<int>(ready.size()), 0);
    ended_in_round_ = false;
    bool orphan = false;
    for (int i = 0; i < count && !closed_; ++i) {
        const auto& event = ready[static_cast<std::size_t>(i)];
        const auto* found = find(event.data.u64);
        if (found == nullptr) {
            orphan = orphan || !ended_in_round_;
            continue;
        }
        const auto events = from_epoll(event.events, found->events);
        const auto fn = found->fn;
        auto* const arg = found->arg;
        if (around_)
            around_(fn, arg, events);
        else
            fn(arg, events);
    }
    if (closed_)
        return;
    if (orphan)
        rebuild();
    wait();
}

// A descriptor was closed while a duplicate kept it alive, and then unwatched: the kernel still reports it and nobody
// can take it out of the set. A fresh set with the live watches ends that.
void poll_group::impl::rebuild() {
    set_.reset(); // first, so that its number is free
    if (!open()) {
        base::log::error("net", "descriptors are not watched until the next one is, because the process has too many",
                         {{"count", std::to_string(live_)}});
        return;
    }
    for (std::uint32_t index = 0; index < slots_.size(); ++index) {
        auto& each = slots_[index];
        if (each.live && each.fd != none && each.events != 0) {
            each.registered = false;
            if (!enlist(index))
                base::log::warn("net", "a descriptor could not be watched any more", {{"fd", std::to_string(each.fd)}});
        }
    }
}

poll_group::poll_group(runtime::strand on, invoker around)
    : impl_(std::make_shared<impl>(std::move(on), std::move(around))) {}

poll_group::~poll_group() {
    impl_->close();
}

std::uint64_t poll_group::watch(int fd, std::uint32_t events, callback fn, void* arg) {
    return impl_->watch(fd, events, fn, arg);
}

bool poll_group::modify(std::uint64_t watch, std::uint32_t events) {
    return impl_->modify(watch, events);
}

bool poll_group::unwatch(std::uint64_t watch) {
    return impl_->unwatch(watch);
}

std::size_t poll_group::size() const noexcept {
    return impl_->size();
}

void poll_group::close() {
    impl_->close();
}

} // namespace ferrule::net
