// One setting, declared once: what the loader, its messages, the editor's schema and the documentation are made from.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "config/schema/reader.hpp"
#include "config/yaml/node.hpp"

namespace ferrule::config::schema {

enum class kind {
    text,
    boolean,
    integer,
    number,
    duration,
    size,
    path,
    secret,
    choice,
    free_object,
    object,
    list,
    map
};

/// Looks at a text that has the right type and says what is wrong with it; empty when nothing is.
using text_check = std::string (*)(std::string_view);

/// What a declaration says about a property beyond its name and type.
struct facets {
    std::string_view example = {};
    bool required = false;
    std::optional<std::int64_t> least = {}; ///< Integers; nanoseconds of durations; bytes of sizes.
    std::optional<std::int64_t> most = {};
    bool zero = false;                  ///< 0 is allowed below `least`, with a meaning that the text gives.
    text_check check = nullptr;         ///< Texts.
    std::string_view pattern = {};      ///< Regex for editors that says the same as `check`.
    std::string_view default_text = {}; ///< Shown in place of a default that depends on the machine.
};

struct shape;

/// A declared property. `read` stores a valid value into the struct that it was declared for, and complains otherwise.
struct property {
    std::string name;
    std::string text;
    kind type = kind::text;
    facets rules;
    base::json default_value;             ///< As it would stand in a file; null for none.
    std::vector<std::string> choices;     ///< kind::choice
    const shape* nested = nullptr;        ///< kind::object
    std::shared_ptr<const property> item; ///< kind::list and kind::map
    std::function<void(reader&, const yaml::node&, const property&, void*)> read;
};

/// The properties of one kind of object.
struct shape {
    std::vector<property> properties;

    [[nodiscard]] const property* find(std::string_view name) const noexcept;
};

/// The words for a type in messages and documentation: `duration`, `list of text`, `one of a, b`.
std::string type_text(const property& of);

} // namespace ferrule::config::schema
