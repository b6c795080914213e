// Lets foreign code wait for descriptors on the event loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "runtime/io.hpp"

namespace ferrule::net {

/// One epoll set inside Asio's own, for descriptors that belong to a library or a plugin. An Asio descriptor per
/// foreign fd would flip it to non-blocking, refuse a second registration and never fire again once a closed number is
/// reused; here a number may come back at any time, and only the set itself is Asio's.
///
/// Level-triggered. Lives on one strand: every member is called on it, and callbacks come on it, never inside a call of
/// a member. After `unwatch` returned no callback of that watch follows, not even for an event that was fetched before.
class poll_group {
  public:
    static constexpr std::uint32_t readable = 1;
    static constexpr std::uint32_t writable = 2;
    static constexpr std::uint32_t failed = 4;

    using callback = void (*)(void* arg, std::uint32_t events);
    /// Wraps each call of a callback, for measuring; may be empty.
    using invoker = std::function<void(callback, void* arg, std::uint32_t events)>;

    explicit poll_group(runtime::strand on, invoker around = {});
    poll_group(const poll_group&) = delete;
    poll_group& operator=(const poll_group&) = delete;
    /// Ends every watch. On the strand, or when the loop has stopped.
    ~poll_group();

    /// Watches a descriptor; one watch each. 0 when that is not possible, with the reason in errno.
    std::uint64_t watch(int fd, std::uint32_t events, callback fn, void* arg);
    /// Changes what is waited for; 0 pauses, errors included. False for a watch that has ended.
    bool modify(std::uint64_t watch, std::uint32_t events);
    /// Ends a watch; the descriptor may already be closed. False for a watch that has ended.
    bool unwatch(std::uint64_t watch);
    [[nodiscard]] std::size_t size() const noexcept;
    /// Ends every watch and takes no more.
    void close();

  private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace ferrule::net
