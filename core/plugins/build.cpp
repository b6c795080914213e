#include "plugins/build.hpp"

#include "plugins/abi_table.hpp"

#include <cstddef>
#include <optional>

namespace ferrule::plugins {

namespace {

// Tables of 1.0 end with these members; a plugin cannot be older than that.
constexpr std::uint32_t least_plugin = offsetof(frl_plugin, reserved) + sizeof(frl_plugin::reserved);
constexpr std::uint32_t least_component = offsetof(frl_component, api) + sizeof(frl_component::api);
constexpr std::uint32_t least_driver = offsetof(frl_driver_api, close) + sizeof(frl_driver_api::close);
constexpr std::uint32_t least_probe = offsetof(frl_probe_api, run) + sizeof(frl_probe_api::run);
constexpr std::uint32_t least_scheduler = offsetof(frl_scheduler_api, select) + sizeof(frl_scheduler_api::select);
constexpr std::uint32_t least_store = offsetof(frl_store_api, maintain) + sizeof(frl_store_api::maintain);

error broken(std::string why) {
    return error("plugin_broken", std::move(why));
}

std::string text(frl_str from) {
    return from.ptr == nullptr ? std::string() : std::string(from.ptr, from.len);
}

std::string_view execution_name(std::uint32_t execution) noexcept {
    switch (execution) {
    case FRL_EXEC_ASYNC:
        return "async";
    case FRL_EXEC_BLOCKING:
        return "blocking";
    case FRL_EXEC_PURE:
        return "pure";
    default:
        return "unknown";
    }
}

error short_struct(std::string_view what, std::uint32_t has, std::uint32_t needs) {
    return broken(std::string(what) + " is too short: its struct_size is " + std::to_string(has) +
                  ", version 1.0 has " + std::to_string(needs));
}

struct needed {
    const char* name;
    bool there;
};

template <class Api>
result<Api> read_api(const void* from, std::uint32_t least, const std::string& what) {
    if (from == nullptr)
        return broken(what + " has no table of functions");
    std::uint32_t size = 0;
    std::memcpy(&size, from, sizeof(size));
    if (size < least)
        return short_struct("the table of " + what, size, least);
    return copy_table<Api>(from);
}

std::optional<error> check(const std::string& what, std::initializer_list<needed> functions) {
    for (const auto& each : functions)
        if (!each.there)
            return broken(what + " has no function " + each.name);
    return std::nullopt;
}

std::optional<error> check_execution(const std::string& what, std::uint32_t has,
                                     std::initializer_list<std::uint32_t> allowed) {
    for (const auto each : allowed)
        if (each == has)
            return std::nullopt;
    return broken(what + " cannot be of execution " + std::string(execution_name(has)));
}

std::optional<error> fill(component& into, const void* api, const std::string& what) {
    std::optional<error> bad;
    switch (into.which) {
    case kind::driver: {
        const auto got = read_api<frl_driver_api>(api, least_driver, what);
        if (!got)
            return got.error();
        into.api = *got;
        bad = check(what, {{"create", got->create != nullptr},
                           {"destroy", got->destroy != nullptr},
                           {"open", got->open != nullptr},
                           {"exec", got->exec != nullptr},
                           {"keepalive", got->keepalive != nullptr},
                           {"cancel", got->cancel != nullptr},
                           {"close", got->close != nullptr}});
        return bad ? bad : check_execution(what, into.execution, {FRL_EXEC_ASYNC, FRL_EXEC_BLOCKING});
    }
    case kind::probe: {
        const auto got = read_api<frl_probe_api>(api, least_probe, what);
        if (!got)
            return got.error();
        into.api = *got;
        bad = check(what, {{"create", got->create != nullptr}, {"destroy", got->destroy != nullptr}});
        if (!bad && into.execution == FRL_EXEC_ASYNC)
            bad = check(what, {{"start", got->start != nullptr}, {"cancel", got->cancel != nullptr}});
        if (!bad && into.execution == FRL_EXEC_BLOCKING)
            bad = check(what, {{"run", got->run != nullptr}});
        return bad ? bad : check_execution(what, into.execution, {FRL_EXEC_ASYNC, FRL_EXEC_BLOCKING});
    }
    case kind::scheduler: {
        const auto got = read_api<frl_scheduler_api>(api, least_scheduler, what);
        if (!got)
            return got.error();
        into.api = *got;
        bad = check(what, {{"create", got->create != nullptr},
                           {"destroy", got->destroy != nullptr},
                           {"select", got->select != nullptr}});
        return bad ? bad : check_execution(what, into.execution, {FRL_EXEC_PURE});
    }
    case kind::store: {
        const auto got = read_api<frl_store_api>(api, least_store, what);
        if (!got)
            return got.error();
        into.api = *got;
        bad = check(what, {{"create", got->create != nullptr},
                           {"destroy", got->destroy != nullptr},
                           {"put_batch", got->put_batch != nullptr},
                           {"get", got->get != nullptr},
                           {"scan", got->scan != nullptr},
                           {"flush", got->flush != nullptr},
                           {"maintain", got->maintain != nullptr}});
        return bad ? bad : check_execution(what, into.execution, {FRL_EXEC_BLOCKING});
    }
    }
    return broken(what + " is of an unknown kind");
}

std::optional<error> read_components(build& into, const note& noted) {
    if (into.entry.components == nullptr && into.entry.component_count != 0)
        return broken("its entry counts components and has no list of them");
    std::size_t known = 0;
    for (std::uint32_t i = 0; i < into.entry.component_count; ++i) {
        const auto* raw = into.entry.components[i];
        if (raw == nullptr)
            return broken("component " + std::to_string(i) + " of its entry is null");
        if (raw->struct_size < least_component)
            return short_struct("component " + std::to_string(i) + " of its entry", raw->struct_size, least_component);
        const auto each = copy_table<frl_component>(raw);
        const auto name = text(each.name);
        const auto what = text(each.kind) + " '" + name + "'";
        const note_component* declared = nullptr;
        for (const auto& other : noted.components)
            if (other.name == name && other.kind_id == text(each.kind))
                declared = &other;
        if (declared == nullptr)
            return broken("its entry offers " + what + ", which its note does not mention");
        if (declared->execution != execution_name(each.execution))
            return broken(what + " is " + std::string(execution_name(each.execution)) + " in its entry and " +
                          declared->execution + " in its note");
        ++known;
        const auto which = kind_from_id(text(each.kind));
        if (!which)
            continue;
        component made;
        made.which = *which;
        made.name = name;
        made.execution = each.execution;
        if (auto bad = fill(made, each.api, what))
            return bad;
        into.components.push_back(std::move(made));
    }
    if (known != noted.components.size())
        return broken("its note names " + std::to_string(noted.components.size()) + " components and its entry " +
                      std::to_string(known));
    return std::nullopt;
}

} // namespace

const component* build::find(kind wanted, std::string_view name) const noexcept {
    for (const auto& each : components)
        if (each.which == wanted && each.name == name)
            return &each;
    return nullptr;
}

result<build> verify_entry(const frl_plugin* entry, const note& noted) {
    if (entry == nullptr)
        return broken("ferrule_plugin_entry returned null");
    // Size and magic come first; nothing behind them is read before they are right.
    if (entry->magic != FRL_MAGIC)
        return broken("its entry does not start with the magic of a Ferrule plugin");
    if (entry->struct_size < least_plugin)
        return short_struct("its entry", entry->struct_size, least_plugin);
    build out;
    out.note = noted;
    out.entry = copy_table<frl_plugin>(entry);
    if (out.entry.abi_major != FRL_ABI_MAJOR)
        return error("plugin_incompatible", "it was built for plugin ABI " + std::to_string(out.entry.abi_major) +
                                                ", this Ferrule has " + std::to_string(FRL_ABI_MAJOR) +
                                                "; rebuild it against this version");
    if (text(out.entry.id) != noted.id)
        return broken("its entry says that it is '" + text(out.entry.id) + "', its note says '" + noted.id + "'");
    if (text(out.entry.version) != noted.version)
        return broken("its entry says version '" + text(out.entry.version) + "', its note '" + noted.version + "'");
    if (auto bad = read_components(out, noted))
        return *bad;
    return out;
}

} // namespace ferrule::plugins
