#include "runtime/lifecycle.hpp"

#include "base/log.hpp"

#include <exception>
#include <ranges>

namespace ferrule::runtime {

void lifecycle::add(std::string name, start_fn start, stop_fn stop) {
    parts_.push_back(part{std::move(name), std::move(start), std::move(stop)});
}

asio::awaitable<result<void>> lifecycle::start() {
    for (auto& each : parts_) {
        auto started = ok();
        try {
            if (each.start)
                started = co_await each.start();
        } catch (const std::exception& what) {
            started = error("internal", what.what());
        }
        if (!started) {
            const auto why = started.error().within(each.name);
            co_await stop();
            co_return why;
        }
        each.running = true;
    }
    co_return ok();
}

asio::awaitable<void> lifecycle::stop() {
    for (auto& each : std::views::reverse(parts_)) {
        if (!each.running)
            continue;
        each.running = false;
        if (!each.stop)
            continue;
        base::log::debug("runtime", "stopping", {{"part", each.name}});
        try {
            co_await each.stop();
        } catch (const std::exception& what) {
            base::log::error("runtime", "a part failed to stop", {{"part", each.name}, {"what", what.what()}});
        }
    }
}

} // namespace ferrule::runtime
