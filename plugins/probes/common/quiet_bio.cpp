// SPDX-License-Identifier: Apache-2.0
#include "common/quiet_bio.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <memory>

namespace ferrule::probes {

namespace {

int fd_of(BIO* bio) {
    return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool try_later(int code) {
    return code == EAGAIN || code == EINTR;
}

int on_write(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    const auto sent = ::send(fd_of(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && try_later(errno)) {
        BIO_set_retry_write(bio);
    }
    return static_cast<int>(sent);
}

int on_read(BIO* bio, char* into, int size) {
    BIO_clear_retry_flags(bio);
    BIO_clear_flags(bio, BIO_FLAGS_IN_EOF);
    const auto got = ::recv(fd_of(bio), into, static_cast<std::size_t>(size), 0);
    if (got < 0 && try_later(errno)) {
        BIO_set_retry_read(bio);
    } else if (got == 0) {
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    }
    return static_cast<int>(got);
}

long on_control(BIO* bio, int what, long, void*) {
    if (what == BIO_CTRL_EOF) {
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    }
    return what == BIO_CTRL_FLUSH || what == BIO_CTRL_DUP ? 1 : 0;
}

BIO_METHOD* method() {
    static const std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> made = [] {
        std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> fresh(
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ferrule probe socket"), &BIO_meth_free);
        BIO_meth_set_write(fresh.get(), &on_write);
        BIO_meth_set_read(fresh.get(), &on_read);
        BIO_meth_set_ctrl(fresh.get(), &on_control);
        return fresh;
    }();
    return made.get();
}

} // namespace

BIO* make_quiet_bio(int fd) {
    auto* bio = BIO_new(method());
    if (bio != nullptr) {
        // NOLINTNEXTLINE(performance-no-int-to-ptr): carries the number, points to nothing
        BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
        BIO_set_init(bio, 1);
    }
    return bio;
}

} // namespace ferrule::probes
