// SPDX-License-Identifier: Apache-2.0
// Owning a descriptor.
#pragma once

#include <unistd.h>

#include <utility>

namespace ferrule::probes {

/// Closes a descriptor at the end of its life. Watches on it must end first.
class descriptor {
  public:
    descriptor() = default;

    explicit descriptor(int fd) noexcept
        : fd_(fd) {}

    descriptor(descriptor&& other) noexcept
        : fd_(std::exchange(other.fd_, -1)) {}

    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }

    ~descriptor() { reset(); }

    void reset() noexcept {
        if (fd_ >= 0) {
            ::close(std::exchange(fd_, -1));
        }
    }

    [[nodiscard]] int get() const noexcept { return fd_; }

    explicit operator bool() const noexcept { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

} // namespace ferrule::probes
