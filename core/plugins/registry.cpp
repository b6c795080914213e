#include "plugins/registry.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/strings.hpp"
#include "plugins/catalog.hpp"
#include "plugins/component_set.hpp"
#include "plugins/driver_plugin.hpp"
#include "plugins/ending.hpp"
#include "plugins/host_calls.hpp"
#include "plugins/loader.hpp"
#include "plugins/local_options.hpp"
#include "plugins/memory_metrics.hpp"
#include "plugins/probe_plugin.hpp"
#include "plugins/registry_listing.hpp"
#include "plugins/scheduler_plugin.hpp"
#include "plugins/store_plugin.hpp"

#include <boost/asio/this_coro.hpp>

#include <map>
#include <mutex>
#include <utility>

namespace ferrule::plugins {

std::string_view name_of(plugin_state state) noexcept {
    switch (state) {
    case plugin_state::available:
        return "available";
    case plugin_state::loaded:
        return "loaded";
    case plugin_state::retired:
        return "retired";
    case plugin_state::failed:
        return "failed";
    }
    return "unknown";
}

class registry::impl : public std::enable_shared_from_this<registry::impl> {
  public:
    impl(surroundings around, plugins::settings wanted)
        : around_(std::make_shared<environment>(around, around.metrics == nullptr ? own_metrics() : *around.metrics,
                                                std::move(wanted)))
        , files_(around_->settings.folders)
        , brings_(around_->settings.run_folder,
                  [&metrics = around_->metrics](const note& of) { return make_init_host(metrics, of.id); }) {}

    std::vector<plugin_info> list() { return list_plugins(files_.list(), brings_.builds(), sets()); }

    result<std::shared_ptr<component_set>> set(kind which, std::string_view name) {
        if (const auto found = files_.find(which, name); !found)
            return found.error();
        const std::lock_guard lock(mutex_);
        auto& place = sets_[{which, std::string(name)}];
        if (!place)
            place = std::make_shared<component_set>(around_, files_, brings_, which, std::string(name));
        return place;
    }

    std::vector<std::shared_ptr<component_set>> sets() {
        const std::lock_guard lock(mutex_);
        std::vector<std::shared_ptr<component_set>> out;
        out.reserve(sets_.size());
        for (const auto& each : sets_)
            out.push_back(each.second);
        return out;
    }

    static asio::awaitable<void> stop(std::shared_ptr<impl> self, base::duration limit);

    /// Of the instances that have not ended.
    std::string labels() {
        std::vector<std::string> all;
        for (const auto& set : sets())
            for (const auto& each : set->instances())
                all.push_back(each->label());
        return base::join(all, ", ");
    }

    void drop() {
        for (const auto& set : sets())
            for (const auto& each : set->instances())
                each->drop();
    }

    const std::shared_ptr<environment> around_;
    catalog files_;
    loader brings_;

  private:
    static metrics_sink& own_metrics() {
        // For good, as plugins may count at any time.
        static auto* const made = new memory_metrics;
        return *made;
    }

    std::mutex mutex_;
    std::map<std::pair<kind, std::string>, std::shared_ptr<component_set>> sets_;
};

asio::awaitable<void> registry::impl::stop(std::shared_ptr<impl> self, base::duration limit) {
    const auto on = co_await asio::this_coro::executor;
    const auto ended = std::make_shared<ending>(on, limit);
    for (const auto& set : self->sets()) {
        set->stop();
        for (const auto& each : set->instances()) {
            each->on_end(ended->expect());
            each->end_all();
        }
    }
    auto waiting = ended->wait();
    const auto left = co_await std::move(waiting);
    if (left != 0)
        base::log::warn("plugins", "plugins did not end in time and are left behind",
                        {{"instances", std::to_string(left)}, {"plugins", self->labels()}});
    for (const auto& set : self->sets())
        for (const auto& each : set->instances())
            each->leave();
}

registry::registry(surroundings around, plugins::settings wanted)
    : impl_(std::make_shared<impl>(around, std::move(wanted))) {}

registry::~registry() {
    for (const auto& set : impl_->sets())
        set->stop();
    impl_->drop();
    // What instances share stays for good, as they do, but not its thread.
    impl_->around_->guard.stop();
}

std::vector<plugin_info> registry::list() {
    return impl_->list();
}

result<std::vector<plugin_info>> registry::describe(std::string_view name) {
    return describe_plugins(impl_->list(), name, impl_->files_.folders());
}

std::optional<std::string> registry::local_option(kind which, std::string_view name, const base::json& options) {
    const auto found = impl_->files_.find(which, name);
    const auto* component = found && found->note ? found->note->find(which, name) : nullptr;
    if (component == nullptr || component->config_schema.empty())
        return std::nullopt;
    const auto schema = base::parse_json(component->config_schema);
    return schema ? find_local_option(*schema, options) : std::nullopt;
}

result<std::shared_ptr<plugins::driver>> registry::driver(std::string_view name) {
    auto set = impl_->set(kind::driver, name);
    if (!set)
        return set.error();
    return make_driver(std::move(*set));
}

result<std::shared_ptr<plugins::probe>> registry::probe(std::string_view name) {
    auto set = impl_->set(kind::probe, name);
    if (!set)
        return set.error();
    return make_probe(std::move(*set));
}

asio::awaitable<result<std::shared_ptr<plugins::scheduler>>> registry::scheduler(std::string name) {
    auto set = impl_->set(kind::scheduler, name);
    if (!set)
        co_return set.error();
    auto bringing = component_set::current(*set);
    const auto ready = co_await std::move(bringing);
    if (!ready)
        co_return ready.error();
    co_return make_scheduler(std::move(*set));
}

asio::awaitable<result<std::shared_ptr<plugins::store>>> registry::store(std::string name, std::string config) {
    const auto self = impl_;
    const auto found = self->files_.find(kind::store, name);
    if (!found)
        co_return found.error();
    std::function<result<std::shared_ptr<plugins::store>>()> open = [&self, &found, &name, &config] {
        return open_store(self->around_, self->brings_, found->file, name, config);
    };
    auto opened = co_await runtime::offload<std::shared_ptr<plugins::store>>(self->around_->pool, std::move(open));
    co_return opened;
}

asio::awaitable<void> registry::stop(base::duration limit) {
    return impl::stop(impl_, limit);
}

} // namespace ferrule::plugins
