// SPDX-License-Identifier: Apache-2.0
// Reading the small JSON texts that the host hands in, without a JSON library.
#pragma once

#include <ferrule/sdk/error.hpp>
#include <ferrule/sdk/json_writer.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace ferrule::sdk {

namespace detail {
class json_parser;
}

/// One JSON value. Members are looked up by name with a fallback; a member of the wrong type throws `failure`
/// "invalid_request" that names it.
class json {
  public:
    json() = default;

    /// Reads one value. Strict: no duplicate keys, no text after the value, valid UTF-8, nesting up to 64. Fails with
    /// "invalid_json" and the offset.
    static inline result<json> parse(std::string_view text);

    [[nodiscard]] bool is_null() const noexcept { return std::holds_alternative<std::monostate>(value_); }

    [[nodiscard]] bool is_boolean() const noexcept { return std::holds_alternative<bool>(value_); }

    [[nodiscard]] bool is_integer() const noexcept { return std::holds_alternative<std::int64_t>(value_); }

    [[nodiscard]] bool is_number() const noexcept { return is_integer() || std::holds_alternative<double>(value_); }

    [[nodiscard]] bool is_text() const noexcept { return std::holds_alternative<std::string>(value_); }

    [[nodiscard]] bool is_array() const noexcept { return std::holds_alternative<array>(value_); }

    [[nodiscard]] bool is_object() const noexcept { return std::holds_alternative<object>(value_); }

    // The value itself; throws when it is of another type.

    [[nodiscard]] bool as_boolean() const { return get<bool>("true or false"); }

    [[nodiscard]] std::int64_t as_integer() const { return get<std::int64_t>("a whole number"); }

    [[nodiscard]] double as_number() const {
        return is_integer() ? static_cast<double>(as_integer()) : get<double>("a number");
    }

    [[nodiscard]] const std::string& as_text() const { return get<std::string>("a text"); }

    /// Elements of an array, or the values of an object in the order of keys().
    [[nodiscard]] const std::vector<json>& items() const {
        return is_object() ? std::get<object>(value_).values : get<array>("a list").values;
    }

    [[nodiscard]] const std::vector<std::string>& keys() const { return get<object>("an object").keys; }

    /// The member, or nullptr; also when this is no object.
    [[nodiscard]] const json* find(std::string_view key) const noexcept {
        if (const auto* members = std::get_if<object>(&value_)) {
            for (std::size_t i = 0; i < members->keys.size(); ++i) {
                if (members->keys[i] == key) {
                    return &members->values[i];
                }
            }
        }
        return nullptr;
    }

    // Members of an object. One that is missing or null is the fallback.

    [[nodiscard]] bool boolean(std::string_view key, bool fallback = false) const {
        const auto* member = present(key);
        return member == nullptr ? fallback : named(key, [&] { return member->as_boolean(); });
    }

    [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t fallback = 0) const {
        const auto* member = present(key);
        return member == nullptr ? fallback : named(key, [&] { return member->as_integer(); });
    }

    [[nodiscard]] double number(std::string_view key, double fallback = 0) const {
        const auto* member = present(key);
        return member == nullptr ? fallback : named(key, [&] { return member->as_number(); });
    }

    [[nodiscard]] std::string text(std::string_view key, std::string_view fallback = {}) const {
        const auto* member = present(key);
        return member == nullptr ? std::string(fallback) : named(key, [&] { return member->as_text(); });
    }

    /// A member that must be there.
    [[nodiscard]] const json& at(std::string_view key) const {
        const auto* member = find(key);
        if (member == nullptr) {
            throw failure(error("invalid_request", "'" + std::string(key) + "' is missing."));
        }
        return *member;
    }

    /// Compact text.
    [[nodiscard]] std::string dump() const {
        std::string out;
        write(out);
        return out;
    }

  private:
    friend class detail::json_parser;

    struct array {
        std::vector<json> values;
    };

    struct object {
        std::vector<std::string> keys;
        std::vector<json> values;
    };

    template <class T>
    const T& get(std::string_view what) const {
        if (const auto* value = std::get_if<T>(&value_)) {
            return *value;
        }
        throw failure(error("invalid_request", "The value must be " + std::string(what) + "."));
    }

    [[nodiscard]] const json* present(std::string_view key) const noexcept {
        const auto* member = find(key);
        return member == nullptr || member->is_null() ? nullptr : member;
    }

    template <class Fn>
    static std::decay_t<std::invoke_result_t<Fn&>> named(std::string_view key, Fn fn) {
        try {
            return fn();
        } catch (const failure& f) {
            throw failure(error(f.error().code(), "'" + std::string(key) + "': " + f.error().message()));
        }
    }

    void write(std::string& out) const {
        if (is_text()) {
            append_json_string(out, as_text());
        } else if (is_integer()) {
            out += std::to_string(as_integer());
        } else if (is_number()) {
            append_json_number(out, as_number());
        } else if (is_boolean()) {
            out += as_boolean() ? "true" : "false";
        } else if (is_null()) {
            out += "null";
        } else {
            write_children(out);
        }
    }

    void write_children(std::string& out) const {
        const auto* members = std::get_if<object>(&value_);
        out += members != nullptr ? '{' : '[';
        for (std::size_t i = 0; i < items().size(); ++i) {
            out += i == 0 ? "" : ",";
            if (members != nullptr) {
                append_json_string(out, members->keys[i]);
                out += ':';
            }
            items()[i].write(out);
        }
        out += members != nullptr ? '}' : ']';
    }

    std::variant<std::monostate, bool, std::int64_t, double, std::string, array, object> value_;
};

} // namespace ferrule::sdk

#include <ferrule/sdk/detail/json_parser.hpp>
