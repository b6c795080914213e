#include "runtime/io.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <exception>

namespace ferrule::runtime {

io::io(unsigned threads)
    : threads_(std::max(1U, threads))
    , context_(static_cast<int>(threads_))
    , work_(asio::make_work_guard(context_)) {}

io::~io() {
    stop();
    join();
}

void io::start() {
    for (unsigned i = 0; i < threads_; ++i)
        pool_.emplace_back([this] { loop(); });
}

void io::run() {
    for (unsigned i = 1; i < threads_; ++i)
        pool_.emplace_back([this] { loop(); });
    loop();
    join();
}

void io::stop() {
    context_.stop();
}

void io::join() {
    pool_.clear();
}

void io::loop() {
    for (;;) {
        try {
            context_.run();
            return;
        } catch (const std::exception& what) {
            base::log::error("runtime", "an exception left a handler", {{"what", what.what()}});
        } catch (...) {
            base::log::error("runtime", "an unknown exception left a handler");
        }
    }
}

} // namespace ferrule::runtime
