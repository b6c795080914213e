#include "config/yaml/node.hpp"

#include <algorithm>
#include <charconv>

namespace ferrule::config::yaml {

namespace {

// The value below `at` that the first step of `path` leads to, and the rest of the path.
const node* follow(const node& at, std::string_view& path) noexcept {
    if (path.starts_with('[')) {
        const auto end = path.find(']');
        std::size_t index = 0;
        std::from_chars(path.data() + 1, path.data() + std::min(end, path.size()), index);
        path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
        return index < at.items.size() ? &at.items[index] : nullptr;
    }
    if (path.starts_with('.'))
        path.remove_prefix(1);
    const auto key = path.substr(0, path.find_first_of(".["));
    path.remove_prefix(key.size());
    return at.find(key);
}

bool plain_number(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789.-") == std::string::npos;
}

} // namespace

const node* node::find(std::string_view key) const noexcept {
    for (const auto& each : members)
        if (each.key == key)
            return &each.value;
    return nullptr;
}

std::string node::describe() const {
    switch (what) {
    case type::null:
        return "nothing";
    case type::list:
        return "a list";
    case type::map:
        return "a map";
    case type::scalar:
        break;
    }
    constexpr std::size_t shown = 60;
    if (!quoted && text.size() <= shown && plain_number(text))
        return text;
    return '"' + (text.size() > shown ? text.substr(0, shown) + "…" : text) + '"';
}

position locate(const node& root, std::string_view path) noexcept {
    const auto* at = &root;
    while (!path.empty()) {
        const auto* next = follow(*at, path);
        if (next == nullptr)
            break;
        at = next;
    }
    return at->at;
}

} // namespace ferrule::config::yaml
