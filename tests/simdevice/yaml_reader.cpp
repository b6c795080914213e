#include "simdevice/yaml_reader.hpp"

#include <algorithm>
#include <charconv>

namespace ferrule::simdevice {

void yaml_problems::add(const YAML::Node& where, const std::string& path, const std::string& message) {
    const auto mark = where.Mark();
    all_.push_back(file_ + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1) + ": " +
                   (path.empty() ? "" : path + ": ") + message);
}

yaml_map::yaml_map(const YAML::Node& node, std::string path, yaml_problems& problems)
    : node_(node)
    , path_(std::move(path))
    , problems_(problems) {
    if (!node_.IsMap()) {
        problems_.add(node_, path_, "wants keys and values");
        node_ = YAML::Node(YAML::NodeType::Map);
        return;
    }
    std::vector<std::string> seen;
    for (const auto& item : node_) {
        const auto key = item.first.Scalar();
        if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
            complain(item.first, key, "is given twice");
        }
        seen.push_back(key);
    }
}

YAML::Node yaml_map::get(const std::string& key) {
    known_.push_back(key);
    return std::as_const(node_)[key];
}

bool yaml_map::has(const std::string& key) {
    return static_cast<bool>(get(key));
}

void yaml_map::complain(const YAML::Node& where, const std::string& key, const std::string& message) {
    problems_.add(where, path_.empty() ? key : path_ + "." + key, message);
}

void yaml_map::read(const std::string& key, std::string& target) {
    const auto node = get(key);
    if (!node) {
        return;
    }
    if (node.IsScalar()) {
        target = node.Scalar();
    } else {
        complain(node, key, "wants a text");
    }
}

void yaml_map::read(const std::string& key, bool& target) {
    const auto node = get(key);
    if (node && !YAML::convert<bool>::decode(node, target)) {
        complain(node, key, "wants true or false");
    }
}

void yaml_map::read(const std::string& key, std::chrono::milliseconds& target) {
    const auto node = get(key);
    if (!node) {
        return;
    }
    const std::string text = node.IsScalar() ? node.Scalar() : std::string();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string unit(end, text.data() + text.size());
    if (error != std::errc{} || number < 0 || (unit != "ms" && unit != "s" && unit != "m")) {
        complain(node, key, "wants a duration such as 200ms, 5s or 1m");
        return;
    }
    target = std::chrono::milliseconds(number * (unit == "ms" ? 1 : unit == "s" ? 1000 : 60'000));
}

void yaml_map::read(const std::string& key, std::vector<std::string>& target) {
    const auto node = get(key);
    if (!node) {
        return;
    }
    if (!node.IsSequence()) {
        complain(node, key, "wants a list of texts");
        return;
    }
    target.clear();
    for (const auto& item : node) {
        if (item.IsScalar()) {
            target.push_back(item.Scalar());
        } else {
            complain(item, key, "wants a list of texts");
        }
    }
}

void yaml_map::read_list(const std::string& key, const std::function<void(yaml_map&)>& each) {
    const auto node = get(key);
    if (!node) {
        return;
    }
    if (!node.IsSequence()) {
        complain(node, key, "wants a list");
        return;
    }
    std::size_t index = 0;
    for (const auto& item : node) {
        const auto path = (path_.empty() ? key : path_ + "." + key) + "[" + std::to_string(index++) + "]";
        yaml_map element(item, path, problems_);
        each(element);
        element.done();
    }
}

void yaml_map::read_map(const std::string& key, const std::function<void(yaml_map&)>& once) {
    const auto node = get(key);
    if (node) {
        yaml_map inner(node, path_.empty() ? key : path_ + "." + key, problems_);
        once(inner);
        inner.done();
    }
}

void yaml_map::done() {
    for (const auto& item : node_) {
        const auto key = item.first.Scalar();
        if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
            complain(item.first, key, "is not a key that exists here");
        }
    }
}

} // namespace ferrule::simdevice
