// A running loop, and coroutines run to their end on it.
#pragma once

#include "runtime/io.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <future>

namespace test {

class loop {
  public:
    explicit loop(unsigned threads = 1)
        : io_(threads) {
        io_.start();
    }

    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    ~loop() {
        io_.stop();
        io_.join();
    }

    ferrule::runtime::io& io() { return io_; }

    template <class T>
    T wait(boost::asio::awaitable<T> what) {
        auto outcome = boost::asio::co_spawn(io_.get_executor(), std::move(what), boost::asio::use_future);
        REQUIRE(outcome.wait_for(std::chrono::seconds(60)) == std::future_status::ready);
        return outcome.get();
    }

  private:
    ferrule::runtime::io io_;
};

} // namespace test
