// A registry with everything around it, over folders of its own.
#pragma once

#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include "base/json.hpp"
#include "net/http_client.hpp"
#include "net/libraries.hpp"
#include "net/resolver.hpp"
#include "plugins/memory_metrics.hpp"
#include "plugins/registry.hpp"
#include "plugins/secret_source.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <optional>

namespace test {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Knows the secrets that a test gives it.
class known_secrets final : public ferrule::plugins::secret_source {
  public:
    void fetch(std::string_view /*plugin*/, std::string reference,
               std::function<void(ferrule::result<ferrule::base::secret>)> done) override {
        const auto found = secrets.find(reference);
        if (found == secrets.end())
            done(ferrule::error("unknown_secret", "there is no such secret"));
        else
            done(ferrule::base::secret(found->second));
    }

    std::map<std::string, std::string> secrets;
};

class rig {
  public:
    using adjust = std::function<void(ferrule::plugins::settings&)>;

    explicit rig(unsigned threads = 1, const adjust& change = {})
        : loop_(threads)
        , names_(loop_)
        , http_(loop_) {
        ferrule::net::init_libraries();
        ferrule::plugins::settings wanted;
        wanted.folders = {folder()};
        wanted.run_folder = scratch_.path() / "run";
        wanted.config = [this](ferrule::plugins::kind, std::string_view name) {
            const auto found = configs.find(std::string(name));
            return found == configs.end() ? ferrule::base::json::object() : found->second;
        };
        std::filesystem::create_directories(folder());
        if (change)
            change(wanted);
        plugins_.emplace(ferrule::plugins::surroundings{loop_, pool_, names_, http_, &secrets, &metrics},
                         std::move(wanted));
        loop_.start();
    }

    rig(const rig&) = delete;
    rig& operator=(const rig&) = delete;

    ~rig() {
        stop();
        pool_.stop();
        loop_.stop();
        loop_.join();
    }

    [[nodiscard]] std::filesystem::path folder() const { return scratch_.path() / "plugins"; }

    [[nodiscard]] const std::filesystem::path& scratch() const { return scratch_.path(); }

    /// Where the build put a fixture.
    static std::filesystem::path fixture(const std::string& name) {
        return std::filesystem::path(FERRULE_FIXTURES) / (name + ".so");
    }

    /// Puts a fixture into the plugin folder, or another one; gives its place there.
    std::filesystem::path add(const std::string& name, const std::string& place = {}) const {
        const auto to = folder() / (place.empty() ? name + ".so" : place);
        std::filesystem::create_directories(to.parent_path());
        std::filesystem::copy_file(fixture(name), to, std::filesystem::copy_options::overwrite_existing);
        return to;
    }

    ferrule::plugins::registry& plugins() { return *plugins_; }

    ferrule::runtime::io& loop() { return loop_; }

    ferrule::runtime::blocking_pool& pool() { return pool_; }

    /// Runs a coroutine to its end; a test does not wait for ever.
    template <class T>
    T wait(asio::awaitable<T> what) {
        auto outcome = asio::co_spawn(loop_.get_executor(), std::move(what), asio::use_future);
        REQUIRE(outcome.wait_for(60s) == std::future_status::ready);
        return outcome.get();
    }

    /// Opens a session with a driver.
    std::shared_ptr<ferrule::plugins::driver_session> open(const std::string& driver,
                                                           const std::string& target = "{}") {
        auto found = plugins().driver(driver);
        REQUIRE(found);
        auto opened = wait((*found)->open(target, in(30s)));
        REQUIRE(opened);
        return *opened;
    }

    static ferrule::base::steady_time in(ferrule::base::duration span) {
        return ferrule::base::steady_time(std::chrono::steady_clock::now().time_since_epoch()) + span;
    }

    [[nodiscard]] double faults(const std::string& plugin, const std::string& fault) const {
        return metrics.value("ferrule_plugin_faults_total", {{"plugin", plugin}, {"fault", fault}}).value_or(0);
    }

    /// Ends the plugins; the destructor does it too.
    void stop() {
        if (!stopped_)
            wait(plugins_->stop(2s));
        stopped_ = true;
    }

    std::map<std::string, ferrule::base::json> configs;
    known_secrets secrets;
    ferrule::plugins::memory_metrics metrics;

  private:
    scratch_folder scratch_;
    ferrule::runtime::io loop_;
    ferrule::runtime::blocking_pool pool_;
    ferrule::net::resolver names_;
    ferrule::net::http_client http_;
    std::optional<ferrule::plugins::registry> plugins_;
    bool stopped_ = false;
};

/// The exec request of an echo fixture's script.
inline std::string script(const std::string& text) {
    return ferrule::base::dump(ferrule::base::json{{"command", text}});
}

} // namespace test
