#include "probes/blackbox/map_reader.hpp"

#include "base/strings.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace ferrule::probes::blackbox {

using config::yaml::node;

namespace {

constexpr std::array yes_words{"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"};
constexpr std::array no_words{"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"};

template <class Words>
bool is_one_of(const std::string& text, const Words& words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

// A text where something else belongs may be a secret at the wrong place.
std::string kind_of(const node& value) {
    return value.what == node::type::scalar ? "a text" : value.describe();
}

std::string step(const std::string& path, std::string_view key) {
    return path.empty() ? std::string(key) : path + "." + std::string(key);
}

std::string step(const std::string& path, std::string_view key, std::size_t index) {
    return step(path, key) + "[" + std::to_string(index) + "]";
}

} // namespace

map_reader::map_reader(const node* from, std::string_view file, std::string path, faults& found)
    : file_(file)
    , path_(std::move(path))
    , found_(&found) {
    if (from == nullptr || from->what == node::type::null)
        return;
    at_ = from->at;
    if (from->what == node::type::map)
        from_ = from;
    else if (!from->faulty)
        complain("expected a map; found " + kind_of(*from));
}

const node* map_reader::find(std::string_view key) {
    known_.emplace_back(key);
    const auto* value = from_ == nullptr ? nullptr : from_->find(key);
    return value == nullptr || value->faulty || value->what == node::type::null ? nullptr : value;
}

const node* map_reader::scalar(std::string_view key) {
    const auto* value = find(key);
    if (value == nullptr)
        return nullptr;
    if (value->what != node::type::scalar) {
        complain(key, "expected a text; found " + value->describe());
        return nullptr;
    }
    if (value->tag.starts_with('!') && value->tag.size() > 1) {
        complain(key, "the tag " + base::shortened(value->tag, 60) + " means nothing in a module file; write the text");
        return nullptr;
    }
    return value;
}

const node* map_reader::list(std::string_view key) {
    const auto* value = find(key);
    if (value == nullptr || value->what == node::type::list)
        return value;
    complain(key, "expected a list; found " + kind_of(*value));
    return nullptr;
}

std::optional<std::string> map_reader::text(std::string_view key) {
    const auto* value = scalar(key);
    return value == nullptr ? std::nullopt : std::optional(value->text);
}

std::optional<std::string> map_reader::choice(std::string_view key, std::initializer_list<std::string_view> all) {
    auto value = text(key);
    if (!value || std::find(all.begin(), all.end(), *value) != all.end())
        return value;
    std::string names;
    for (const auto each : all)
        names += (names.empty() ? "" : ", ") + std::string(each);
    complain(key, "\"" + base::shortened(*value, 60) + "\" is not one of " + names);
    return std::nullopt;
}

std::optional<bool> map_reader::flag(std::string_view key) {
    const auto* value = scalar(key);
    if (value == nullptr)
        return std::nullopt;
    if (is_one_of(value->text, yes_words))
        return true;
    if (is_one_of(value->text, no_words))
        return false;
    complain(key, "expected true or false; found " + value->describe());
    return std::nullopt;
}

std::optional<std::int64_t> map_reader::integer(std::string_view key, std::int64_t least, std::int64_t most) {
    const auto* value = scalar(key);
    if (value == nullptr)
        return std::nullopt;
    std::int64_t read = 0;
    const auto* end = value->text.data() + value->text.size();
    const auto [stopped, failed] = std::from_chars(value->text.data(), end, read);
    if (failed == std::errc() && stopped == end && read >= least && read <= most)
        return read;
    complain(key, "expected a whole number from " + std::to_string(least) + " to " + std::to_string(most) + "; found " +
                      value->describe());
    return std::nullopt;
}

std::vector<std::string> map_reader::texts(std::string_view key) {
    std::vector<std::string> read;
    const auto* values = list(key);
    for (std::size_t i = 0; values != nullptr && i < values->items.size(); ++i) {
        const auto& each = values->items[i];
        if (each.what == node::type::scalar)
            read.push_back(each.text);
        else if (!each.faulty)
            complain(key, i, "expected a text; found " + each.describe());
    }
    return read;
}

std::vector<std::pair<std::string, std::string>> map_reader::pairs(std::string_view key) {
    std::vector<std::pair<std::string, std::string>> read;
    const auto inner = map(key);
    if (!inner.given())
        return read;
    for (const auto& each : inner.from_->members) {
        if (each.value.what == node::type::scalar)
            read.emplace_back(each.key, each.value.text);
        else if (!each.value.faulty)
            found_->wrong.add(file_, each.value.at, step(inner.path_, each.key),
                              "expected a text; found " + each.value.describe());
    }
    return read;
}

std::vector<std::pair<std::string, std::vector<std::string>>> map_reader::lists() {
    std::vector<std::pair<std::string, std::vector<std::string>>> read;
    for (std::size_t i = 0; from_ != nullptr && i < from_->members.size(); ++i) {
        const auto& key = from_->members[i].key;
        read.emplace_back(key, texts(key));
    }
    return read;
}

map_reader map_reader::map(std::string_view key) {
    return {find(key), file_, place(key), *found_};
}

std::vector<map_reader> map_reader::maps(std::string_view key) {
    std::vector<map_reader> read;
    const auto* values = list(key);
    for (std::size_t i = 0; values != nullptr && i < values->items.size(); ++i)
        read.emplace_back(&values->items[i], file_, step(path_, key, i), *found_);
    return read;
}

void map_reader::complain(std::string_view key, std::string message) {
    found_->wrong.add(file_, position_of(key), place(key), std::move(message));
}

void map_reader::complain(std::string message) {
    found_->wrong.add(file_, at_, path_, std::move(message));
}

void map_reader::complain(std::string_view key, std::size_t index, std::string message) {
    const auto* values = from_ == nullptr ? nullptr : from_->find(key);
    const bool there = values != nullptr && index < values->items.size();
    found_->wrong.add(file_, there ? values->items[index].at : position_of(key), step(path_, key, index),
                      std::move(message));
}

void map_reader::warn(std::string_view key, std::string message) {
    found_->wrong.warn(file_, position_of(key), place(key), std::move(message));
}

void map_reader::unsupported(std::string_view key, std::string_view remedy) {
    if (find(key) != nullptr)
        beyond(key, "blackbox_exporter has this and Ferrule has not; " + std::string(remedy));
}

void map_reader::beyond(std::string_view key, std::string message) {
    found_->beyond.add(file_, position_of(key), place(key), std::move(message));
}

void map_reader::finish() {
    if (from_ == nullptr)
        return;
    for (const auto& each : from_->members) {
        if (std::find(known_.begin(), known_.end(), each.key) != known_.end())
            continue;
        const auto near = base::nearest(each.key, known_);
        found_->wrong.add(file_, each.at, step(path_, base::shortened(each.key, 60)),
                          near.empty() ? std::string("unknown key")
                                       : "unknown key; did you mean \"" + std::string(near) + "\"?");
    }
}

std::string map_reader::place(std::string_view key) const {
    return step(path_, key);
}

config::position map_reader::position_of(std::string_view key) const {
    return from_ == nullptr ? at_ : config::yaml::locate(*from_, key);
}

} // namespace ferrule::probes::blackbox
