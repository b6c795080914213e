#include "simdevice/reactor.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <future>
#include <system_error>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace ferrule::simdevice {

reactor::reactor()
    : epoll_(epoll_create1(EPOLL_CLOEXEC))
    , wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (epoll_ < 0 || wake_ < 0) {
        throw std::system_error(errno, std::generic_category(), "event loop");
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = wake_;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
}

reactor::~reactor() {
    stop();
    finished_.clear();
    close(epoll_);
    close(wake_);
}

void reactor::start() {
    const std::lock_guard lock(mutex_);
    running_ = true;
    thread_ = std::thread([this] { run(); });
}

void reactor::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void reactor::wake() const {
    const std::uint64_t one = 1;
    // A full counter means that the loop is awake anyway.
    [[maybe_unused]] const auto written = write(wake_, &one, sizeof one);
}

void reactor::post(std::function<void()> work) {
    {
        const std::lock_guard lock(mutex_);
        posted_.push_back(std::move(work));
    }
    wake();
}

void reactor::call(const std::function<void()>& work) {
    std::promise<void> done;
    {
        const std::lock_guard lock(mutex_);
        if (running_) {
            posted_.emplace_back([&] {
                work();
                done.set_value();
            });
            wake();
        } else {
            work();
            done.set_value();
        }
    }
    done.get_future().wait();
}

void reactor::watch(int fd, std::uint32_t events, watcher& who) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= places_.size()) {
        places_.resize(index + 64);
    }
    auto& here = places_[index];
    if (here.who == &who && here.events == events) {
        return;
    }
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (epoll_ctl(epoll_, here.who == &who ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0 && errno == EEXIST) {
        epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
    }
    here = {&who, events};
}

void reactor::forget(int fd, const watcher& who) {
    const auto index = static_cast<std::size_t>(fd);
    if (fd < 0 || index >= places_.size() || places_[index].who != &who) {
        return;
    }
    places_[index] = {};
    epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
}

reactor::timer_id reactor::after(std::chrono::nanoseconds delay, std::function<void()> work) {
    const auto id = ++last_timer_;
    timer_places_[id] = timers_.emplace(clock::now() + delay, std::pair(id, std::move(work)));
    return id;
}

void reactor::cancel(timer_id timer) {
    const auto found = timer_places_.find(timer);
    if (found != timer_places_.end()) {
        timers_.erase(found->second);
        timer_places_.erase(found);
    }
}

void reactor::run_posted() {
    std::vector<std::function<void()>> work;
    {
        const std::lock_guard lock(mutex_);
        work.swap(posted_);
    }
    for (auto& item : work) {
        item();
    }
}

void reactor::run_timers() {
    const auto now = clock::now();
    while (!timers_.empty() && timers_.begin()->first <= now) {
        auto due = std::move(timers_.begin()->second);
        timers_.erase(timers_.begin());
        timer_places_.erase(due.first);
        due.second();
    }
}

void reactor::run() {
    // libssh writes with send() and no MSG_NOSIGNAL: a peer that went away must not end the process.
    sigset_t pipe{};
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    std::array<epoll_event, 256> events{};
    for (bool last = false; !last;) {
        timespec timeout{};
        timespec* limit = nullptr;
        if (!timers_.empty()) {
            const auto left = timers_.begin()->first - clock::now();
            const auto nanoseconds = left.count() > 0 ? left.count() : 0;
            timeout.tv_sec = static_cast<time_t>(nanoseconds / 1'000'000'000);
            timeout.tv_nsec = static_cast<long>(nanoseconds % 1'000'000'000);
            limit = &timeout;
        }
        const int count = epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), limit, nullptr);
        for (int i = 0; i < count; ++i) {
            const auto& event = events[static_cast<std::size_t>(i)];
            if (event.data.fd == wake_) {
                std::uint64_t value = 0;
                [[maybe_unused]] const auto got = read(wake_, &value, sizeof value);
            } else if (auto* who = places_[static_cast<std::size_t>(event.data.fd)].who; who != nullptr) {
                who->on_ready(event.events);
            }
        }
        run_timers();
        {
            const std::lock_guard lock(mutex_);
            last = stopping_;
            running_ = !last;
        }
        run_posted();
        finished_.clear();
    }
}

} // namespace ferrule::simdevice
