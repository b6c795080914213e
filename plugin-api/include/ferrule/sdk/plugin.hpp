// SPDX-License-Identifier: Apache-2.0
// Declaring a plugin: its note, its entry and its components.
#pragma once

#include <ferrule/abi/abi.h>
#include <ferrule/sdk/note.hpp>
#include <ferrule/sdk/text.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace ferrule::sdk {

namespace detail {

template <class T>
const void* api_of() noexcept {
    return &T::template table<T>();
}

} // namespace detail

/// Describes the component that class T implements; its kind and execution come from its base class.
template <class T>
consteval component_info component_of(std::string_view name, std::string_view summary = {},
                                      std::string_view config_schema = {}) {
    return {T::kind, T::execution, name, summary, config_schema, &detail::api_of<T>};
}

namespace detail {

template <class... Components>
consteval std::array<component_info, sizeof...(Components)> list_components(Components... each) {
    return {each...};
}

/// The C structs of a manifest, made on the first call of the entry and kept as long as the plugin is mapped.
template <class Manifest>
const frl_plugin* describe() noexcept {
    constexpr auto count = std::size(Manifest::components);

    struct tables {
        std::array<frl_component, count> components{};
        std::array<const frl_component*, count> pointers{};
        frl_plugin plugin{};

        tables() noexcept {
            for (std::size_t i = 0; i < count; ++i) {
                const auto& from = Manifest::components[i];
                components[i] = {sizeof(frl_component), from.execution, str(from.kind), str(from.name), from.api()};
                pointers[i] = &components[i];
            }
            plugin.struct_size = sizeof(frl_plugin);
            plugin.magic = FRL_MAGIC;
            plugin.abi_major = FRL_ABI_MAJOR;
            plugin.abi_minor = FRL_ABI_MINOR;
            plugin.id = str(Manifest::plugin.id);
            plugin.version = str(Manifest::plugin.version);
            plugin.components = pointers.data();
            plugin.component_count = static_cast<std::uint32_t>(count);
        }
    };

    static const tables made;
    return &made.plugin;
}

} // namespace detail

} // namespace ferrule::sdk

/// Declares a plugin with one or more components, once, at file scope outside every namespace:
///
///     FERRULE_PLUGIN("acme", "1.0.0", "Drives and probes Acme boxes",
///                    ferrule::sdk::component_of<acme_driver>("acme", "Acme CLI", R"({"type":"object"})"),
///                    ferrule::sdk::component_of<acme_probe>("acme-health"))
#define FERRULE_PLUGIN(plugin_id, plugin_version, plugin_summary, ...)                                                 \
    namespace {                                                                                                        \
    struct ferrule_manifest_ {                                                                                         \
        static constexpr ::ferrule::sdk::plugin_info plugin{plugin_id, plugin_version, plugin_summary};                \
        static constexpr auto components = ::ferrule::sdk::detail::list_components(__VA_ARGS__);                       \
    };                                                                                                                 \
    static_assert(::ferrule::sdk::detail::names_are_good<ferrule_manifest_>(),                                         \
                  "a component's name must be [a-z][a-z0-9_-]{0,63}");                                                 \
    static_assert(::ferrule::sdk::detail::schemas_are_objects<ferrule_manifest_>(),                                    \
                  "a component's config schema must be a JSON object");                                                \
    __attribute__((section(FRL_NOTE_SECTION), used, aligned(4))) constinit const auto ferrule_note_ =                  \
        ::ferrule::sdk::detail::make_note<ferrule_manifest_>();                                                        \
    }                                                                                                                  \
    extern "C" FRL_EXPORT const frl_plugin* ferrule_plugin_entry();                                                    \
    extern "C" FRL_EXPORT const frl_plugin* ferrule_plugin_entry() {                                                   \
        return ::ferrule::sdk::detail::describe<ferrule_manifest_>();                                                  \
    }                                                                                                                  \
    static_assert(true)

#define FERRULE_ONE_COMPONENT_(type, name, version, ...)                                                               \
    FERRULE_PLUGIN(name, version, ::ferrule::sdk::detail::first_text(__VA_ARGS__),                                     \
                   ::ferrule::sdk::component_of<type>(name, __VA_ARGS__))

/// A plugin of one driver: FERRULE_DRIVER(class, "name", "version", "summary"[, config schema]). The name is also the
/// plugin's id.
#define FERRULE_DRIVER(type, name, version, ...) FERRULE_ONE_COMPONENT_(type, name, version, __VA_ARGS__)
/// A plugin of one probe.
#define FERRULE_PROBE(type, name, version, ...) FERRULE_ONE_COMPONENT_(type, name, version, __VA_ARGS__)
/// A plugin of one scheduler.
#define FERRULE_SCHEDULER(type, name, version, ...) FERRULE_ONE_COMPONENT_(type, name, version, __VA_ARGS__)
/// A plugin of one store.
#define FERRULE_STORE(type, name, version, ...) FERRULE_ONE_COMPONENT_(type, name, version, __VA_ARGS__)

namespace ferrule::sdk::detail {

constexpr std::string_view first_text(std::string_view summary, std::string_view = {}) {
    return summary;
}

} // namespace ferrule::sdk::detail
