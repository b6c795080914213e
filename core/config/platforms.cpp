#include "config/platforms.hpp"

#include "base/json.hpp"
#include "base/strings.hpp"
#include "config/schema/free_json.hpp"
#include "config/schema/json_schema_check.hpp"
#include "config/yaml/expand.hpp"
#include "config/yaml/parse.hpp"

#include <algorithm>

namespace ferrule::config {

namespace fs = std::filesystem;

namespace {

using base::json;

constexpr std::size_t file_limit = std::size_t{1} << 20U;

// The platform files of a folder, sorted.
std::vector<fs::path> files_of(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code failed;
    for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed))
        if (at->path().extension() == ".yaml" && !at->path().filename().string().starts_with('.'))
            files.push_back(at->path());
    std::sort(files.begin(), files.end());
    return files;
}

bool is_platform_name(std::string_view name) {
    constexpr std::string_view others = "0123456789_-";
    return !name.empty() && name.size() <= 64 && name.front() >= 'a' && name.front() <= 'z' &&
           std::all_of(name.begin(), name.end(),
                       [others](char c) { return (c >= 'a' && c <= 'z') || others.find(c) != std::string_view::npos; });
}

// Maps are merged, everything else replaces.
void merge(json& into, const json& from) {
    for (const auto& [key, value] : from.items()) {
        auto& target = into[key];
        if (target.is_object() && value.is_object())
            merge(target, value);
        else
            target = value;
    }
}

class library {
  public:
    void read_folder(const fs::path& folder, const json& rules) {
        for (const auto& file : files_of(folder))
            read_file(file, rules);
    }

    result<std::map<std::string, platform>> resolve() {
        std::map<std::string, platform> all;
        for (const auto& [name, versions] : files_) {
            auto definition = whole(name, versions.size() - 1, {});
            if (!definition)
                continue;
            const auto& last = versions.back();
            const auto prompt = definition->find("prompt");
            if (prompt == definition->end() || !prompt->is_object() || !prompt->contains("pattern"))
                found_.add(last.file.string(), {1, 1}, {},
                           "\"prompt.pattern\" is missing, here and in what it inherits");
            definition->erase("inherits");
            (*definition)["name"] = name;
            const auto summary = definition->value("summary", json());
            all[name] = {name, summary.is_string() ? summary.get<std::string>() : std::string(),
                         base::dump(*definition), last.file};
        }
        if (found_.any())
            return found_.to_error("invalid_platform");
        return all;
    }

  private:
    struct version {
        fs::path file;
        json definition;
        position inherits;
    };

    using steps = std::vector<std::pair<std::string, std::size_t>>;

    void read_file(const fs::path& file, const json& rules) {
        const auto name = file.stem().string();
        const auto text = yaml::read_text_file(file, file_limit);
        if (!text) {
            found_.add(file.string(), {}, {}, text.error().message());
            return;
        }
        if (!is_platform_name(name)) {
            found_.add(file.string(), {}, {},
                       "the file's name is the platform's: use lower-case letters, digits, _ and -, and begin with a "
                       "letter");
            return;
        }
        const auto root = yaml::parse(*text, file.string(), found_);
        if (!root)
            return;
        schema::check_against(rules, *root, file.string(), {}, found_);
        const auto* inherits = root->find("inherits");
        auto definition = schema::to_json(*root);
        if (definition.is_object())
            files_[name].push_back({file, std::move(definition), inherits == nullptr ? position{} : inherits->at});
    }

    // A version with all that it inherits; none after a complaint.
    std::optional<json> whole(const std::string& name, std::size_t index, steps way) {
        const auto& self = files_.at(name)[index];
        const auto parent = self.definition.find("inherits");
        if (parent == self.definition.end() || !parent->is_string())
            return self.definition;
        const auto complain = [&](std::string message) {
            found_.add(self.file.string(), self.inherits, "inherits", std::move(message));
        };
        const auto& wanted = parent->get_ref<const std::string&>();
        const auto target = files_.find(wanted);
        if (target == files_.end()) {
            std::vector<std::string> names;
            names.reserve(files_.size());
            for (const auto& [each, unused] : files_)
                names.push_back(each);
            const auto near = base::nearest(wanted, names);
            complain("there is no platform \"" + wanted + "\"" +
                     (near.empty() ? std::string() : "; did you mean \"" + std::string(near) + "\"?"));
            return std::nullopt;
        }
        // Its own name means the one that this file replaces.
        if (wanted == name && index == 0) {
            complain("\"" + wanted + "\" inherits itself, and there is no earlier folder with a platform of this name");
            return std::nullopt;
        }
        const auto next = wanted == name ? index - 1 : target->second.size() - 1;
        way.emplace_back(name, index);
        if (std::find(way.begin(), way.end(), std::pair(wanted, next)) != way.end()) {
            std::string circle;
            for (const auto& [step, unused] : way)
                circle += step + " → ";
            complain("the inheritance has no end: " + circle + wanted);
            return std::nullopt;
        }
        auto definition = whole(wanted, next, std::move(way));
        if (definition)
            merge(*definition, self.definition);
        return definition;
    }

    std::map<std::string, std::vector<version>> files_;
    problems found_;
};

} // namespace

result<std::map<std::string, platform>> load_platforms(const std::vector<fs::path>& folders) {
    const auto rules = base::parse_json(platform_schema());
    if (!rules)
        return rules.error().within("the schema of platforms");
    library all;
    for (const auto& folder : folders)
        all.read_folder(folder, *rules);
    return all.resolve();
}

std::vector<std::string> platform_names(const std::vector<fs::path>& folders) {
    std::vector<std::string> names;
    for (const auto& folder : folders)
        for (const auto& file : files_of(folder))
            names.push_back(file.stem().string());
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

} // namespace ferrule::config
