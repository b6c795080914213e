// Opens the configured store.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <vector>

#include "config/settings.hpp"
#include "store/open_store.hpp"

namespace ferrule::plugins {
class registry;
}

namespace ferrule::store {

/// Loads the store plugin that the settings name and opens it with these collections; one that is new is added. All
/// arguments by reference must outlive the store. Fails with the plugin's own error.
asio::awaitable<result<std::unique_ptr<open_store>>> open(plugins::registry& from, runtime::io& loop,
                                                          runtime::blocking_pool& pool, config::store_settings wanted,
                                                          std::vector<collection> collections);

} // namespace ferrule::store
