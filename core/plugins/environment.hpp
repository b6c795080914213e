// What all instances share. Internal to this floor.
#pragma once

#include "net/http_client.hpp"
#include "net/resolver.hpp"
#include "plugins/blocking_share.hpp"
#include "plugins/metrics_sink.hpp"
#include "plugins/registry.hpp"
#include "plugins/secret_source.hpp"
#include "plugins/settings.hpp"
#include "plugins/watchdog.hpp"

namespace ferrule::plugins {

/// Made by the registry, held by every instance.
struct environment {
    environment(const surroundings& around, metrics_sink& figures, plugins::settings wanted)
        : loop(around.loop)
        , pool(around.pool)
        , names(around.names)
        , http(around.http)
        , secrets(around.secrets)
        , metrics(figures)
        , settings(std::move(wanted))
        , guard(settings.callback_limit) {}

    runtime::io& loop;
    runtime::blocking_pool& pool;
    net::resolver& names;
    net::http_client& http;
    secret_source* secrets;
    metrics_sink& metrics;
    plugins::settings settings;
    watchdog guard;
};

} // namespace ferrule::plugins
