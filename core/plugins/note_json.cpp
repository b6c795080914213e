#include "plugins/note.hpp"

#include "base/json.hpp"

#include <ferrule/abi/abi.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace ferrule::plugins {

namespace {

using base::json;

// Collects the first complaint while the fields are read.
class reader {
  public:
    void complain(std::string_view path, std::string_view what) {
        if (problem_.empty())
            problem_ = "its note is not valid: " + std::string(path) + ": " + std::string(what);
    }

    std::string text(const json& from, const char* key, const std::string& path, bool required) {
        const auto found = from.find(key);
        if (found == from.end()) {
            if (required)
                complain(path + key, "is missing");
            return {};
        }
        if (!found->is_string()) {
            complain(path + key, "must be a text");
            return {};
        }
        auto out = found->get<std::string>();
        if (required && out.empty())
            complain(path + key, "must not be empty");
        // These texts go to terminals and into logs.
        if (std::ranges::any_of(out, [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
            complain(path + key, "must not contain control characters");
        return out;
    }

    const json* list(const json& from, const char* key, bool required) {
        const auto found = from.find(key);
        if (found == from.end()) {
            if (required)
                complain(key, "is missing");
            return nullptr;
        }
        if (!found->is_array()) {
            complain(key, "must be a list");
            return nullptr;
        }
        return &*found;
    }

    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

  private:
    std::string problem_;
};

bool is_component_name(std::string_view name) noexcept {
    if (name.empty() || name.size() > 64 || name.front() < 'a' || name.front() > 'z')
        return false;
    for (const char each : name)
        if ((each < 'a' || each > 'z') && (each < '0' || each > '9') && each != '_' && each != '-')
            return false;
    return true;
}

bool read_abi(std::string_view text, note& into) noexcept {
    const auto* const end = text.data() + text.size();
    const auto major = std::from_chars(text.data(), end, into.abi_major);
    if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.')
        return false;
    const auto minor = std::from_chars(major.ptr + 1, end, into.abi_minor);
    return minor.ec == std::errc() && minor.ptr == end;
}

note_component read_component(reader& in, const json& from, const std::string& path) {
    note_component out;
    if (!from.is_object()) {
        in.complain(path, "must be an object");
        return out;
    }
    out.kind_id = in.text(from, "kind", path + ".", true);
    out.name = in.text(from, "name", path + ".", true);
    out.execution = in.text(from, "execution", path + ".", true);
    out.summary = in.text(from, "summary", path + ".", false);
    if (!is_component_name(out.name))
        in.complain(path + ".name", "must be a-z, 0-9, _ and -, begin with a letter and have at most 64 characters");
    if (out.execution != "async" && out.execution != "blocking" && out.execution != "pure")
        in.complain(path + ".execution", "must be \"async\", \"blocking\" or \"pure\"");
    if (const auto schema = from.find("config_schema"); schema != from.end()) {
        if (schema->is_object())
            out.config_schema = base::dump(*schema);
        else
            in.complain(path + ".config_schema", "must be a JSON Schema object");
    }
    return out;
}

} // namespace

const note_component* note::find(kind which, std::string_view name) const noexcept {
    for (const auto& each : components)
        if (each.kind_id == id_of(which) && each.name == name)
            return &each;
    return nullptr;
}

result<note> parse_note(std::string_view text) {
    const auto parsed = base::parse_json(text);
    if (!parsed)
        return error("plugin_broken", "its note is not valid JSON: " + parsed.error().message());
    if (!parsed->is_object())
        return error("plugin_broken", "its note is not a JSON object");
    reader in;
    note out;
    out.id = in.text(*parsed, "id", "", true);
    out.version = in.text(*parsed, "version", "", true);
    const auto abi = in.text(*parsed, "abi", "", true);
    out.summary = in.text(*parsed, "summary", "", false);
    if (!read_abi(abi, out))
        in.complain("abi", "must be MAJOR.MINOR, such as \"1.0\"");
    std::set<std::string> seen;
    if (const auto* components = in.list(*parsed, "components", true); components != nullptr) {
        if (components->empty())
            in.complain("components", "must name one component or more");
        for (const auto& each : *components) {
            auto got = read_component(in, each, "components[" + std::to_string(out.components.size()) + "]");
            if (!seen.insert(got.kind_id + " " + got.name).second)
                in.complain("components", "'" + got.name + "' stands twice in it");
            out.components.push_back(std::move(got));
        }
    }
    if (const auto* services = in.list(*parsed, "services", false); services != nullptr) {
        for (const auto& each : *services) {
            if (each.is_string())
                out.services.push_back(each.get<std::string>());
            else
                in.complain("services", "must be a list of texts");
        }
    }
    if (!in.problem().empty())
        return error("plugin_broken", in.problem());
    return out;
}

} // namespace ferrule::plugins
