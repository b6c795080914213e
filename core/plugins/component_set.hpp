// All instances of one component, of which the newest takes new work.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "plugins/catalog.hpp"
#include "plugins/instance.hpp"
#include "plugins/loader.hpp"
#include "plugins/resumption.hpp"

namespace ferrule::plugins {

/// Loads the component on first use, sees on each use whether its file has changed, and puts an instance of the new
/// build into the place of the old one, which ends when nothing uses it any more. A file that has changed into
/// something unusable leaves the old one in its place. Thread-safe.
class component_set : public std::enable_shared_from_this<component_set> {
  public:
    component_set(std::shared_ptr<environment> around, catalog& files, loader& brings, kind which, std::string name);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    [[nodiscard]] kind which() const noexcept { return which_; }

    /// The instance for new work; waits when it has to be loaded. Resumes on the caller's executor.
    static asio::awaitable<result<instance_use>> current(std::shared_ptr<component_set> self);
    /// The instance as it is, however old its build; empty before the first `current`. Starts a renewal in the
    /// background when the file has changed.
    instance_use latest();

    /// Every instance that has not ended.
    std::vector<std::shared_ptr<instance>> instances();
    /// Takes no new work and retires the current instance.
    void stop();
    /// Why the file as it is now is not in use although an older build is; empty when all is well.
    std::string problem();

  private:
    /// The present instance if the file is still the one that it came from.
    std::optional<result<instance_use>> fitting();
    bool latest_is_healthy();
    static asio::awaitable<void> renew(std::shared_ptr<component_set> self);
    static asio::awaitable<result<void>> bring(std::shared_ptr<component_set> self);

    const std::shared_ptr<environment> around_;
    catalog& files_;
    loader& brings_;
    const kind which_;
    const std::string name_;

    std::mutex mutex_;
    std::shared_ptr<instance> current_;
    std::vector<std::shared_ptr<instance>> older_;
    // The file that was tried last, and what came of it.
    std::filesystem::path tried_file_;
    file_stamp tried_;
    bool settled_ = false;
    std::optional<error> failure_;
    base::steady_time retry_at_;
    bool renewing_ = false;
    bool stopped_ = false;
    std::vector<resumption> waiting_;
    base::steady_time looked_at_;
};

} // namespace ferrule::plugins
