// Strict reading of YAML maps: every mistake is reported with its place.
#pragma once

#include <yaml-cpp/yaml.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ferrule::simdevice {

/// Collects what is wrong with a file, as `file:line:column: path: message`.
class yaml_problems {
  public:
    explicit yaml_problems(std::string file)
        : file_(std::move(file)) {}

    void add(const YAML::Node& where, const std::string& path, const std::string& message);

    const std::vector<std::string>& all() const { return all_; }

    const std::string& file() const { return file_; }

  private:
    std::string file_;
    std::vector<std::string> all_;
};

/// Names of an enumeration's values.
template <typename E>
using yaml_names = std::vector<std::pair<const char*, E>>;

/// One map. Each `read` leaves the target as it is when the key is missing; `done` reports the keys nobody read.
class yaml_map {
  public:
    yaml_map(const YAML::Node& node, std::string path, yaml_problems& problems);

    bool has(const std::string& key);
    YAML::Node get(const std::string& key);

    void read(const std::string& key, std::string& target);
    void read(const std::string& key, bool& target);
    void read(const std::string& key, std::chrono::milliseconds& target);
    void read(const std::string& key, std::vector<std::string>& target);

    template <std::integral T>
    void read(const std::string& key, T& target) {
        const auto node = get(key);
        if (node && !YAML::convert<T>::decode(node, target)) {
            complain(node, key, "wants a whole number that is not negative");
        }
    }

    template <typename T>
    void read(const std::string& key, std::optional<T>& target) {
        if (has(key)) {
            T value{};
            read(key, value);
            target = value;
        }
    }

    template <typename E>
    void read(const std::string& key, E& target, const yaml_names<E>& names) {
        const auto node = get(key);
        if (!node) {
            return;
        }
        std::string known;
        for (const auto& [name, value] : names) {
            if (node.IsScalar() && node.Scalar() == name) {
                target = value;
                return;
            }
            known += std::string(known.empty() ? "" : ", ") + name;
        }
        complain(node, key, "is none of: " + known);
    }

    /// Calls `each` with every element of a list of maps.
    void read_list(const std::string& key, const std::function<void(yaml_map&)>& each);
    void read_map(const std::string& key, const std::function<void(yaml_map&)>& once);

    void done();

    void complain(const std::string& message) { problems_.add(node_, path_, message); }

  private:
    void complain(const YAML::Node& where, const std::string& key, const std::string& message);

    YAML::Node node_;
    std::string path_;
    yaml_problems& problems_;
    std::vector<std::string> known_;
};

} // namespace ferrule::simdevice
