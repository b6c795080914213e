#include "fleet/store_write.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <optional>

namespace ferrule::fleet {

struct begun_write::state {
    explicit state(const asio::any_io_executor& on)
        : written(on) {}

    runtime::event written;
    std::optional<result<void>> outcome;
};

begun_write::begun_write(store::store& into, std::vector<store::record> all, const asio::any_io_executor& on)
    : state_(std::make_shared<state>(on)) {
    into.write(std::move(all), [state = state_, on](result<void> done) {
        asio::post(on, [state, done = std::move(done)]() mutable {
            state->outcome.emplace(std::move(done));
            state->written.set();
        });
    });
}

asio::awaitable<result<void>> begun_write::done() {
    const auto kept = state_;
    co_await kept->written.wait();
    co_return *kept->outcome;
}

asio::awaitable<result<void>> write_all(store::store& into, std::vector<store::record> all) {
    std::optional<result<void>> outcome;
    auto start = [&into, &all, &outcome](auto handler) {
        const auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
        const auto on = asio::get_associated_executor(*waiting);
        into.write(std::move(all), [waiting, on, &outcome](result<void> done) {
            asio::post(on, [waiting, &outcome, done = std::move(done)]() mutable {
                outcome.emplace(std::move(done));
                (*waiting)();
            });
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
    co_return std::move(*outcome);
}

} // namespace ferrule::fleet
