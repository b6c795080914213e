#include "http/server.hpp"

#include "base/log.hpp"
#include "http/listener.hpp"
#include "http/tls_setup.hpp"

namespace ferrule::http {

using namespace std::chrono_literals;

class server::impl {
  public:
    explicit impl(std::shared_ptr<server_state> with)
        : shared(std::move(with)) {}

    std::shared_ptr<server_state> shared;
    std::vector<std::shared_ptr<listener>> listeners;
};

server::server(runtime::io& loop, dispatcher& app, config::http_settings wanted)
    : impl_(std::make_shared<impl>(std::make_shared<server_state>(loop, app, std::move(wanted)))) {}

server::~server() = default;

result<void> server::start() {
    const auto& shared = impl_->shared;
    const auto context = make_tls(shared->wanted.tls);
    if (!context)
        return context.error();
    std::vector<std::shared_ptr<listener>> opened;
    for (const auto& address : shared->wanted.listen) {
        auto made = std::make_shared<listener>(shared, *context);
        if (auto done = made->open(address); !done)
            return done;
        opened.push_back(std::move(made));
    }
    impl_->listeners = std::move(opened);
    for (const auto& each : impl_->listeners) {
        each->start();
        base::log::info("http", "listening", {{"address", each->address()}, {"tls", *context ? "yes" : "no"}});
    }
    return ok();
}

asio::awaitable<void> server::stop(base::duration grace) {
    const auto shared = impl_->shared;
    for (const auto& each : impl_->listeners)
        each->stop();
    shared->open.close();
    shared->stopping = true;
    for (const auto& each : shared->all())
        each->begin_stop();
    const auto left = co_await shared->open.drain(grace);
    if (left == 0)
        co_return;
    base::log::warn("http", "requests did not finish in time and are cut off", {{"connections", std::to_string(left)}});
    for (const auto& each : shared->all())
        each->cut_off();
    co_await shared->open.drain(1s);
}

std::vector<std::string> server::addresses() const {
    std::vector<std::string> texts;
    for (const auto& each : impl_->listeners)
        texts.push_back(each->address());
    return texts;
}

std::size_t server::connections() const {
    return impl_->shared->open.inside();
}

} // namespace ferrule::http
