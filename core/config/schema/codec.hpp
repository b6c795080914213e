// How each C++ type of a setting is read from YAML and shown as a default.
#pragma once

#include <array>
#include <limits>
#include <map>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/secret.hpp"
#include "config/schema/property.hpp"
#include "config/types.hpp"

namespace ferrule::config::schema {

/// The declaration of a struct's properties; specialised for each struct that is one.
template <class T>
const shape& shape_of();

/// The names of an enum's values; specialised for each enum that is a setting.
template <class E>
struct choices_of;

// The parts that need no template. Each complains and returns false when the value is not acceptable.
bool read_text(reader& in, const yaml::node& from, const property& how, std::string& into);
bool read_boolean(reader& in, const yaml::node& from, const property& how, bool& into);
bool read_integer(reader& in, const yaml::node& from, const property& how, std::int64_t least, std::int64_t most,
                  std::int64_t& into);
bool read_number(reader& in, const yaml::node& from, const property& how, double& into);
bool read_duration(reader& in, const yaml::node& from, const property& how, base::duration& into);
bool read_size(reader& in, const yaml::node& from, const property& how, byte_size& into);
bool read_path(reader& in, const yaml::node& from, const property& how, std::filesystem::path& into);
bool read_secret(reader& in, const yaml::node& from, const property& how, base::secret& into);
bool read_free(reader& in, const yaml::node& from, const property& how, json_text& into);
/// The index of the chosen name, or none.
std::optional<std::size_t> read_choice(reader& in, const yaml::node& from, const property& how);
bool expect_list(reader& in, const yaml::node& from, const property& how);
bool expect_map(reader& in, const yaml::node& from, const property& how);
/// `64KiB`, `1MiB`, or plain bytes.
std::string to_text(byte_size shown);

template <class T, class = void>
struct codec { // a struct with a shape

    static void describe(property& of) {
        of.type = kind::object;
        of.nested = &shape_of<T>();
    }

    static void read(reader& in, const yaml::node& from, const property& how, T& into) {
        in.read_object(from, *how.nested, &into);
    }

    static base::json show(const T&) { return nullptr; }
};

// Types that differ only in their function.
template <class T, kind Kind, bool (*Read)(reader&, const yaml::node&, const property&, T&)>
struct plain_codec {
    static void describe(property& of) { of.type = Kind; }

    static void read(reader& in, const yaml::node& from, const property& how, T& into) { Read(in, from, how, into); }
};

template <>
struct codec<std::string> : plain_codec<std::string, kind::text, read_text> {
    static base::json show(const std::string& value) { return value.empty() ? base::json() : base::json(value); }
};

template <>
struct codec<bool> : plain_codec<bool, kind::boolean, read_boolean> {
    static base::json show(bool value) { return value; }
};

template <>
struct codec<double> : plain_codec<double, kind::number, read_number> {
    static base::json show(double value) { return value; }
};

template <>
struct codec<base::duration> : plain_codec<base::duration, kind::duration, read_duration> {
    static base::json show(base::duration value) { return base::to_text(value); }
};

template <>
struct codec<byte_size> : plain_codec<byte_size, kind::size, read_size> {
    static base::json show(byte_size value) { return to_text(value); }
};

template <>
struct codec<std::filesystem::path> : plain_codec<std::filesystem::path, kind::path, read_path> {
    static base::json show(const std::filesystem::path& value) {
        return value.empty() ? base::json() : base::json(value.string());
    }
};

template <>
struct codec<base::secret> : plain_codec<base::secret, kind::secret, read_secret> {
    static base::json show(const base::secret&) { return nullptr; }
};

template <>
struct codec<json_text> : plain_codec<json_text, kind::free_object, read_free> {
    static base::json show(const json_text&) { return nullptr; }
};

template <class T>
struct codec<T, std::enable_if_t<std::is_unsigned_v<T> && !std::is_same_v<T, bool>>> {
    static void describe(property& of) { of.type = kind::integer; }

    static void read(reader& in, const yaml::node& from, const property& how, T& into) {
        std::int64_t value = 0;
        constexpr auto most = static_cast<std::int64_t>(std::numeric_limits<T>::max());
        if (read_integer(in, from, how, 0, most, value))
            into = static_cast<T>(value);
    }

    static base::json show(T value) { return value; }
};

template <class E>
struct codec<E, std::enable_if_t<std::is_enum_v<E>>> {
    static void describe(property& of) {
        of.type = kind::choice;
        for (const auto& [name, value] : choices_of<E>::all)
            of.choices.emplace_back(name);
    }

    static void read(reader& in, const yaml::node& from, const property& how, E& into) {
        if (const auto index = read_choice(in, from, how))
            into = choices_of<E>::all[*index].second;
    }

    static base::json show(E value) {
        for (const auto& [name, each] : choices_of<E>::all)
            if (each == value)
                return std::string(name);
        return nullptr;
    }
};

// An optional is what its value is, and absent unless given.
template <class T>
struct codec<std::optional<T>> {
    static void describe(property& of) { codec<T>::describe(of); }

    static void read(reader& in, const yaml::node& from, const property& how, std::optional<T>& into) {
        codec<T>::read(in, from, how, into.emplace());
    }

    static base::json show(const std::optional<T>&) { return nullptr; }
};

template <class T>
std::shared_ptr<const property> item_of(const property& list) {
    auto made = std::make_shared<property>();
    made->rules = list.rules; // bounds and checks of a list are those of its items
    made->rules.required = false;
    codec<T>::describe(*made);
    made->read = [](reader& in, const yaml::node& from, const property& how, void* into) {
        codec<T>::read(in, from, how, *static_cast<T*>(into));
    };
    return made;
}

template <class T>
struct codec<std::vector<T>> {
    static void describe(property& of) {
        of.type = kind::list;
        of.item = item_of<T>(of);
    }

    /// One element for each item, faulty ones included, so that places can be matched afterwards.
    static void read(reader& in, const yaml::node& from, const property& how, std::vector<T>& into) {
        if (!expect_list(in, from, how))
            return;
        into.clear();
        into.reserve(from.items.size());
        for (std::size_t i = 0; i < from.items.size(); ++i) {
            into.emplace_back();
            in.read_value(from.items[i], *how.item, &into.back(), "[" + std::to_string(i) + "]");
        }
    }

    static base::json show(const std::vector<T>& value) {
        if (value.empty())
            return nullptr;
        auto list = base::json::array();
        for (const auto& each : value)
            list.push_back(codec<T>::show(each));
        return list;
    }
};

template <class T>
struct codec<std::map<std::string, T>> {
    static void describe(property& of) {
        of.type = kind::map;
        of.item = item_of<T>(of);
    }

    static void read(reader& in, const yaml::node& from, const property& how, std::map<std::string, T>& into) {
        if (!expect_map(in, from, how))
            return;
        into.clear();
        for (const auto& each : from.members)
            in.read_value(each.value, *how.item, &into[each.key], each.key);
    }

    static base::json show(const std::map<std::string, T>&) { return nullptr; }
};

} // namespace ferrule::config::schema
