#include "config/schema/reader.hpp"

#include "base/redact.hpp"
#include "base/strings.hpp"
#include "config/schema/property.hpp"

namespace ferrule::config::schema {

reader::reader(std::string_view file, std::filesystem::path folder, problems& found)
    : file_(file)
    , folder_(std::move(folder))
    , found_(found) {}

void reader::read_object(const yaml::node& from, const shape& how, void* into, bool extensions) {
    if (from.what == yaml::node::type::null)
        return; // `http:` with everything below it commented out
    if (from.what != yaml::node::type::map) {
        complain(from, "expected a map; found " + from.describe());
        return;
    }
    for (const auto& each : from.members) {
        if (extensions && each.key.starts_with("x-"))
            continue;
        if (const auto* known = how.find(each.key); known != nullptr) {
            read_value(each.value, *known, into, each.key);
            continue;
        }
        std::vector<std::string> names;
        names.reserve(how.properties.size());
        for (const auto& property : how.properties)
            names.push_back(property.name);
        const auto near = base::nearest(each.key, names);
        found_.add(file_, each.at, path_.empty() ? each.key : path_ + "." + each.key,
                   near.empty() ? "unknown key; known here: " + base::join(names, ", ")
                                : "unknown key; did you mean \"" + std::string(near) + "\"?");
    }
    for (const auto& property : how.properties)
        if (property.rules.required && from.find(property.name) == nullptr)
            complain(from, "\"" + property.name + "\" is missing");
}

void reader::read_value(const yaml::node& from, const property& how, void* into, const std::string& step) {
    if (from.faulty)
        return;
    const auto size = path_.size();
    if (!path_.empty() && !step.starts_with('['))
        path_ += '.';
    path_ += step;
    how.read(*this, from, how, into);
    path_.resize(size);
}

void reader::complain(const yaml::node& about, std::string message) {
    found_.add(file_, about.at, path_, std::move(message));
}

void reader::expected(const yaml::node& found, const property& how, std::string_view what) {
    const bool hide = how.type == kind::secret && found.what == yaml::node::type::scalar;
    complain(found,
             "expected " + std::string(what) + "; found " + (hide ? std::string(base::redacted) : found.describe()));
}

void reader::note_clear_secret(const yaml::node& at) {
    if (clear_secret_ == position{})
        clear_secret_ = at.at;
}

const property* shape::find(std::string_view name) const noexcept {
    for (const auto& each : properties)
        if (each.name == name)
            return &each;
    return nullptr;
}

std::string type_text(const property& of) {
    switch (of.type) {
    case kind::text:
        return "text";
    case kind::boolean:
        return "true or false";
    case kind::integer:
        return "whole number";
    case kind::number:
        return "number";
    case kind::duration:
        return "duration";
    case kind::size:
        return "size";
    case kind::path:
        return "path";
    case kind::secret:
        return "secret";
    case kind::choice:
        return "one of " + base::join(of.choices, ", ");
    case kind::free_object:
        return "map of the plugin's own settings";
    case kind::object:
        return "map";
    case kind::list:
        return "list of " + type_text(*of.item);
    case kind::map:
        break;
    }
    return "map from a name to " + type_text(*of.item);
}

} // namespace ferrule::config::schema
