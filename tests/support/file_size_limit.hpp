// A disk that is full, for one process.
#pragma once

#include <catch2/catch.hpp>

#include <sys/resource.h>

#include <csignal>

namespace test {

/// Lets no file of this process grow beyond a size while it lives.
class file_size_limit {
  public:
    explicit file_size_limit(rlim_t bytes) {
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
        const rlimit wanted{bytes, before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &wanted) == 0);
    }

    file_size_limit(const file_size_limit&) = delete;
    file_size_limit& operator=(const file_size_limit&) = delete;

    ~file_size_limit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

  private:
    rlimit before_{};
    void (*handler_)(int) = nullptr;
};

} // namespace test
