// A strict host for checks: a registry with one plugin in it. Internal to this floor.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "net/http_client.hpp"
#include "net/resolver.hpp"
#include "plugins/check.hpp"
#include "plugins/memory_metrics.hpp"
#include "plugins/registry.hpp"

namespace ferrule::plugins {

/// Everything around one plugin, with short limits. The folders go with it.
class check_bench {
  public:
    check_bench(const std::filesystem::path& file, const check_settings& wanted);
    check_bench(const check_bench&) = delete;
    check_bench& operator=(const check_bench&) = delete;
    ~check_bench();

    [[nodiscard]] registry& plugins() noexcept { return *registry_; }

    [[nodiscard]] runtime::io& loop() noexcept { return loop_; }

    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

    /// Runs a coroutine to its end. What it waits for has deadlines, so it ends.
    template <class T>
    T wait(asio::awaitable<T> what) {
        return asio::co_spawn(loop_.get_executor(), std::move(what), asio::use_future).get();
    }

    /// What the host held against the plugin since the last call, or empty.
    std::string complaints();
    /// Ends the plugin's instances; false when one did not end.
    bool stop();

    static base::steady_time in(base::duration span);
    /// A port of loopback where nobody listens.
    static unsigned closed_port();

    static constexpr base::duration grace = std::chrono::seconds(2);

  private:
    std::filesystem::path folder_;
    memory_metrics metrics_;
    runtime::io loop_{2};
    runtime::blocking_pool pool_;
    net::resolver names_;
    net::http_client http_;
    std::unique_ptr<registry> registry_;
    std::map<std::string, double> known_;
    std::vector<std::string> names_of_components_;
    bool stopped_ = false;
};

} // namespace ferrule::plugins
