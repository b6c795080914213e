#include "plugins/kind.hpp"

#include <ferrule/abi/driver.h>
#include <ferrule/abi/probe.h>
#include <ferrule/abi/scheduler.h>
#include <ferrule/abi/store.h>

namespace ferrule::plugins {

std::string_view name_of(kind which) noexcept {
    switch (which) {
    case kind::driver:
        return "driver";
    case kind::probe:
        return "probe";
    case kind::scheduler:
        return "scheduler";
    case kind::store:
        return "store";
    }
    return "unknown";
}

std::string_view id_of(kind which) noexcept {
    switch (which) {
    case kind::driver:
        return FRL_KIND_DRIVER;
    case kind::probe:
        return FRL_KIND_PROBE;
    case kind::scheduler:
        return FRL_KIND_SCHEDULER;
    case kind::store:
        return FRL_KIND_STORE;
    }
    return "unknown";
}

std::optional<kind> kind_from_name(std::string_view name) noexcept {
    for (const auto each : all_kinds)
        if (name_of(each) == name)
            return each;
    return std::nullopt;
}

std::optional<kind> kind_from_id(std::string_view id) noexcept {
    for (const auto each : all_kinds)
        if (id_of(each) == id)
            return each;
    return std::nullopt;
}

} // namespace ferrule::plugins
