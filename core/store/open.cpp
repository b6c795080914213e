#include "store/open.hpp"

#include <utility>

#include "base/json.hpp"
#include "plugins/registry.hpp"

namespace ferrule::store {

namespace {

result<std::string> describe(const config::store_settings& wanted, const std::vector<collection>& collections) {
    base::json made = base::json::object();
    if (!wanted.settings.text.empty()) {
        auto own = base::parse_json(wanted.settings.text);
        if (!own)
            return own.error().within("store.settings");
        made = std::move(*own);
    }
    if (!wanted.path.empty())
        made["path"] = wanted.path.string();
    made["durability"] = wanted.durability == config::durability::full ? "full" : "normal";
    auto list = base::json::array();
    for (const auto& each : collections)
        list.push_back({{"name", each.name}, {"attributes", each.attributes}});
    made["collections"] = std::move(list);
    return base::dump(made);
}

} // namespace

asio::awaitable<result<std::unique_ptr<open_store>>> open(plugins::registry& from, runtime::io& loop,
                                                          runtime::blocking_pool& pool, config::store_settings wanted,
                                                          std::vector<collection> collections) {
    auto settings = describe(wanted, collections);
    if (!settings)
        co_return settings.error();
    auto opened = co_await from.store(wanted.plugin, std::move(*settings));
    if (!opened)
        co_return opened.error();
    co_return std::make_unique<open_store>(make_backend(std::move(*opened)), loop, pool);
}

} // namespace ferrule::store
