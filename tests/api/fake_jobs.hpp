// A job service whose jobs do exactly what the test says.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include <map>
#include <mutex>
#include <optional>

#include "devices/job_service.hpp"
#include "state/event_bus.hpp"

namespace ferrule::api_test {

namespace asio = boost::asio;

/// Accepts every job and leaves it queued until the test moves it on. Changes are published as the real service
/// publishes them.
class fake_jobs final : public devices::job_service {
  public:
    explicit fake_jobs(state::event_bus& bus)
        : bus_(bus) {}

    asio::awaitable<result<devices::accepted>> submit(model::job_request request, devices::submission by) override;
    asio::awaitable<result<std::shared_ptr<const model::job>>> wait(std::string id, base::duration limit) override;
    asio::awaitable<result<std::shared_ptr<const model::job>>> get(std::string id) override;
    asio::awaitable<result<model::page<std::shared_ptr<const model::job>>>> list(devices::job_query query) override;
    asio::awaitable<result<std::shared_ptr<const model::job>>> cancel(std::string id) override;
    [[nodiscard]] std::vector<model::session_info> sessions() const override;
    asio::awaitable<result<void>> close_session(std::string id, bool force) override;

    /// The next submit fails with this.
    void fail_with(error why);
    /// Makes a queued job; returns its id.
    std::string make(const std::string& device = "frr1");
    void begin(const std::string& id);
    void output(const std::string& id, std::size_t index, const std::string& text);
    void result_of(const std::string& id, std::size_t index);
    void finish(const std::string& id, model::job_state state);

    [[nodiscard]] devices::job_query last_query() const;
    [[nodiscard]] std::string last_owner() const;
    std::atomic<bool> forced{false};
    std::atomic<int> waiting{0};

  private:
    using waiter = std::shared_ptr<asio::steady_timer>;

    std::shared_ptr<const model::job> find(const std::string& id) const;
    template <class Change>
    std::shared_ptr<const model::job> change(const std::string& id, Change what);

    state::event_bus& bus_;
    mutable std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const model::job>> jobs_;
    std::map<std::string, std::pair<std::string, std::string>> keys_; ///< Key → id and the commands.
    std::multimap<std::string, waiter> waiters_;
    std::optional<error> failure_;
    devices::job_query last_query_;
    std::string last_owner_;
};

} // namespace ferrule::api_test
