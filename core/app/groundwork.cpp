#include "app/groundwork.hpp"

#include "app/convert.hpp"
#include "app/startup_memory.hpp"
#include "base/log.hpp"
#include "runtime/spawn.hpp"

#include <utility>

namespace ferrule::app {

groundwork::groundwork(config::settings wanted)
    : settings_(std::move(wanted))
    , loop_(settings_.runtime.threads)
    , pool_(settings_.runtime.blocking_threads)
    , names_(loop_)
    , http_client_(loop_)
    , plugin_figures_(figures_.registry())
    , plugins_(plugins::surroundings{loop_, pool_, names_, http_client_, &secrets_, &plugin_figures_},
               plugin_settings_of(settings_))
    , signals_(loop_) {
    const auto grace = settings_.runtime.shutdown_grace;
    lifecycle_.add("plugins", {}, [this, grace]() -> asio::awaitable<void> { co_await plugins_.stop(grace); });
}

asio::awaitable<result<void>> groundwork::open_store(std::vector<store::collection> collections) {
    auto opened = co_await store::open(plugins_, loop_, pool_, settings_.store, std::move(collections));
    if (!opened)
        co_return opened.error();
    store_ = std::move(*opened);
    co_return ok();
}

asio::awaitable<void> groundwork::close_store() {
    co_await store_->stop();
}

asio::awaitable<void> groundwork::life(std::string_view key, std::string name) {
    outcome_ = co_await lifecycle_.start();
    if (outcome_) {
        base::log::info("app", "ready", {{key, std::move(name)}});
        give_back_startup_memory();
        co_await signals_.wait();
        base::log::info("app", "stopping");
        co_await lifecycle_.stop();
    }
    loop_.stop();
}

result<void> groundwork::run(std::string_view key, const std::string& name) {
    runtime::spawn(loop_.make_strand(), "app", life(key, name));
    loop_.run();
    pool_.stop();
    return outcome_;
}

} // namespace ferrule::app
