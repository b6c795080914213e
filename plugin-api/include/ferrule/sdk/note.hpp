// SPDX-License-Identifier: Apache-2.0
// The ELF note of a plugin, built at compile time: what the host knows of a plugin before it loads it.
#pragma once

#include <ferrule/abi/abi.h>
#include <ferrule/sdk/detail/json_check.hpp>
#include <ferrule/sdk/text.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace ferrule::sdk {

/// One component as the note describes it. Made by component_of<T>().
struct component_info {
    std::string_view kind;
    std::uint32_t execution;
    std::string_view name;
    std::string_view summary;
    std::string_view config_schema; ///< JSON Schema of its configuration, or empty.
    const void* (*api)() noexcept;
};

/// A plugin as the note describes it.
struct plugin_info {
    std::string_view id;
    std::string_view version;
    std::string_view summary;
};

namespace detail {

constexpr std::string_view execution_name(std::uint32_t execution) {
    return execution == FRL_EXEC_ASYNC ? "async" : execution == FRL_EXEC_BLOCKING ? "blocking" : "pure";
}

/// Measures the note's text in a first pass and fills it in a second.
class note_writer {
  public:
    constexpr explicit note_writer(char* out)
        : out_(out) {}

    constexpr void raw(std::string_view text) {
        for (const char c : text) {
            put(c);
        }
    }

    constexpr void quoted(std::string_view text) {
        put('"');
        for (const char c : text) {
            if (c == '"' || c == '\\') {
                put('\\');
            }
            put(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
        }
        put('"');
    }

    constexpr void member(std::string_view key, std::string_view value) {
        raw(",\"");
        raw(key);
        raw("\":");
        quoted(value);
    }

    [[nodiscard]] constexpr std::size_t size() const { return size_; }

  private:
    constexpr void put(char c) {
        if (out_ != nullptr) {
            out_[size_] = c;
        }
        ++size_;
    }

    char* out_;
    std::size_t size_ = 0;
};

constexpr std::size_t write_note(char* out, const plugin_info& plugin, std::span<const component_info> components) {
    note_writer to(out);
    to.raw("{\"id\":");
    to.quoted(plugin.id);
    to.member("version", plugin.version);
    to.member("abi", "1.0");
    to.member("summary", plugin.summary);
    to.raw(",\"components\":[");
    for (const auto& each : components) {
        to.raw(&each == components.data() ? "{\"kind\":" : ",{\"kind\":");
        to.quoted(each.kind);
        to.member("name", each.name);
        to.member("execution", execution_name(each.execution));
        if (!each.summary.empty()) {
            to.member("summary", each.summary);
        }
        if (!each.config_schema.empty()) {
            to.raw(",\"config_schema\":");
            to.raw(each.config_schema);
        }
        to.raw("}");
    }
    to.raw("]}");
    return to.size();
}

/// A note as it lies in the file.
template <std::size_t TextSize>
struct note {
    std::uint32_t owner_size;
    std::uint32_t text_size;
    std::uint32_t type;
    char owner[8];
    char text[(TextSize + 3u) & ~std::size_t{3}];
};

/// The note of a manifest: a class with static constexpr members `plugin` and `components`.
template <class Manifest>
consteval auto make_note() {
    constexpr std::size_t size = write_note(nullptr, Manifest::plugin, Manifest::components);
    note<size> made{sizeof(FRL_NOTE_OWNER), static_cast<std::uint32_t>(size), FRL_NOTE_TYPE, FRL_NOTE_OWNER, {}};
    write_note(made.text, Manifest::plugin, Manifest::components);
    return made;
}

/// A component's name: [a-z][a-z0-9_-]{0,63}.
constexpr bool is_name(std::string_view name) {
    if (name.empty() || name.size() > 64 || name.front() < 'a' || name.front() > 'z') {
        return false;
    }
    for (const char c : name) {
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-')) {
            return false;
        }
    }
    return true;
}

template <class Manifest>
consteval bool names_are_good() {
    for (const auto& each : Manifest::components) {
        if (!is_name(each.name)) {
            return false;
        }
    }
    return true;
}

template <class Manifest>
consteval bool schemas_are_objects() {
    for (const auto& each : Manifest::components) {
        if (!each.config_schema.empty() && !is_json_object(each.config_schema)) {
            return false;
        }
    }
    return true;
}

} // namespace detail

} // namespace ferrule::sdk
