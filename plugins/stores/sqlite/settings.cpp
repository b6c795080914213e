// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <ferrule/sdk/error.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <initializer_list>

namespace ferrule::sqlite {

namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& message) {
    throw sdk::failure(sdk::error("invalid_config", "store sqlite: " + message));
}

void check_keys(const json& object, const std::string& path, std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : object.items()) {
        if (std::find(known.begin(), known.end(), key) != known.end())
            continue;
        std::string list;
        for (const auto each : known)
            list.append(list.empty() ? "" : ", ").append(each);
        refuse("unknown setting '" + path + key + "'; known are " + list);
    }
}

// Names become parts of SQL identifiers, so only harmless characters are taken.
std::string name_at(const json& value, const std::string& path) {
    const auto harmless = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
    if (!value.is_string())
        refuse(path + " must be a text");
    auto name = value.get<std::string>();
    if (name.empty() || name.size() > 48 || !std::all_of(name.begin(), name.end(), harmless))
        refuse(path + " is '" + name + "'; a name has 1 to 48 characters out of a-z, 0-9 and _");
    return name;
}

std::uint32_t megabytes(const json& config, const char* key, std::uint32_t fallback, std::uint32_t least) {
    const auto at = config.find(key);
    if (at == config.end())
        return fallback;
    constexpr std::uint32_t most = 65536;
    if (!at->is_number_integer() || at->get<std::int64_t>() < least || at->get<std::int64_t>() > most)
        refuse(std::string(key) + " must be a whole number from " + std::to_string(least) + " to " +
               std::to_string(most));
    return at->get<std::uint32_t>();
}

collection_settings read_collection(const json& value, const std::string& path) {
    if (!value.is_object())
        refuse(path + " must be an object");
    check_keys(value, path + ".", {"name", "attributes"});
    collection_settings made;
    made.name = name_at(value.value("name", json()), path + ".name");
    const auto attributes = value.value("attributes", json::array());
    if (!attributes.is_array())
        refuse(path + ".attributes must be a list of names");
    for (const auto& each : attributes) {
        auto name = name_at(each, path + ".attributes");
        if (std::find(made.attributes.begin(), made.attributes.end(), name) != made.attributes.end())
            refuse(path + ".attributes has '" + name + "' twice");
        made.attributes.push_back(std::move(name));
    }
    return made;
}

std::vector<collection_settings> read_collections(const json& config) {
    const auto list = config.value("collections", json::array());
    if (!list.is_array())
        refuse("collections must be a list");
    std::vector<collection_settings> made;
    for (std::size_t i = 0; i < list.size(); ++i) {
        made.push_back(read_collection(list[i], "collections[" + std::to_string(i) + "]"));
        const auto same = [&](const auto& other) { return other.name == made.back().name; };
        if (std::any_of(made.begin(), made.end() - 1, same))
            refuse("collections has '" + made.back().name + "' twice");
    }
    return made;
}

} // namespace

settings read_settings(std::string_view text) {
    const auto config = json::parse(text, nullptr, false);
    if (!config.is_object())
        refuse("the configuration must be a JSON object");
    check_keys(config, "", {"path", "durability", "collections", "cache_mb", "wal_limit_mb"});
    settings made;
    const auto path = config.value("path", json());
    if (!path.is_string() || path.get_ref<const std::string&>().empty())
        refuse("path must name the database file");
    made.path = std::filesystem::absolute(path.get<std::string>()).lexically_normal().string();
    const auto durability = config.value("durability", json("normal"));
    if (durability != "normal" && durability != "full")
        refuse("durability must be normal or full");
    made.sync_each_commit = durability == "full";
    made.cache_mb = megabytes(config, "cache_mb", made.cache_mb, 1);
    made.wal_limit_mb = megabytes(config, "wal_limit_mb", made.wal_limit_mb, 4);
    made.collections = read_collections(config);
    return made;
}

} // namespace ferrule::sqlite
