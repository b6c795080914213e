// The plugins of this process: what there is, and the way to use it.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "plugins/driver.hpp"
#include "plugins/kind.hpp"
#include "plugins/note.hpp"
#include "plugins/probe.hpp"
#include "plugins/scheduler.hpp"
#include "plugins/settings.hpp"
#include "plugins/store.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/io.hpp"

namespace ferrule::net {
class resolver;
class http_client;
} // namespace ferrule::net

namespace ferrule::plugins {

class secret_source;
class metrics_sink;

/// The parts of the process that plugins are run with. All must outlive the registry; `secrets` and `metrics` may be
/// null (then every reference is unknown, and figures stay in memory).
struct surroundings {
    runtime::io& loop;
    runtime::blocking_pool& pool;
    net::resolver& names;
    net::http_client& http;
    secret_source* secrets = nullptr;
    metrics_sink* metrics = nullptr;
};

enum class plugin_state {
    available, ///< Known by its note, not loaded.
    loaded,
    retired, ///< A newer build has taken its place; still mapped, perhaps still serving old sessions.
    failed   ///< Cannot be used; see the problem.
};

/// `available`, `loaded`, `retired`, `failed`.
std::string_view name_of(plugin_state state) noexcept;

/// One file, or one build of it that is still mapped.
struct plugin_info {
    std::filesystem::path file;
    plugins::note note;
    plugin_state state = plugin_state::available;
    /// Why it failed, or what is wrong although it works (a newer file that cannot be used, a name that another file
    /// already offers). Empty when all is well.
    std::string problem;
    /// SHA-256 of the loaded bytes in hex, or empty.
    std::string content;
    /// Sessions and operations that it serves now.
    std::size_t in_use = 0;
    /// False once an operation had to be abandoned.
    bool healthy = true;
};

/// Finds plugins, loads them on first use and keeps every build that was loaded. All members may be called from any
/// thread. A name that no file offers fails with `plugin_not_found`, which suggests the nearest name and lists the
/// folders; a file that cannot be loaded with `plugin_broken` or `plugin_incompatible`; an init or create that fails
/// with `plugin_init_failed`.
class registry {
  public:
    registry(surroundings around, settings wanted);
    registry(const registry&) = delete;
    registry& operator=(const registry&) = delete;
    /// Only after `stop`, or when the loop has ended.
    ~registry();

    /// Every file in the folders and every build that is mapped, sorted by file. Reads what has changed on disk.
    std::vector<plugin_info> list();
    /// All that offer a component of this name, or have this id.
    result<std::vector<plugin_info>> describe(std::string_view name);

    /// Resolves the name now, loads the plugin on the first `open`.
    result<std::shared_ptr<plugins::driver>> driver(std::string_view name);
    /// Resolves the name now, loads the plugin on the first probe.
    result<std::shared_ptr<plugins::probe>> probe(std::string_view name);
    /// Loads the plugin.
    asio::awaitable<result<std::shared_ptr<plugins::scheduler>>> scheduler(std::string name);
    /// Loads the plugin and opens a store with `config`, JSON text as in store.h.
    asio::awaitable<result<std::shared_ptr<plugins::store>>> store(std::string name, std::string config);

    /// The path of the first option that the plugin marks as one of the machine it runs on (see local_options.hpp), or
    /// none; none also for a plugin that is not there or tells no schema.
    std::optional<std::string> local_option(kind which, std::string_view name, const base::json& options);

    /// Takes no new sessions and operations, cancels what runs, waits for it within the limit and destroys the
    /// instances. Stores are the business of those who hold them.
    asio::awaitable<void> stop(base::duration limit);

  private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace ferrule::plugins
