#include "plugins/catalog.hpp"

#include "base/log.hpp"
#include "base/strings.hpp"
#include "plugins/plugin_file.hpp"

#include <set>
#include <utility>

namespace ferrule::plugins {

namespace {

std::string key_of(std::string_view kind_id, std::string_view name) {
    return std::string(kind_id) + " " + std::string(name);
}

std::string texts_of(const std::vector<std::filesystem::path>& paths) {
    std::string out;
    for (const auto& each : paths)
        out += (out.empty() ? "" : ", ") + each.string();
    return out;
}

} // namespace

catalog::catalog(std::vector<std::filesystem::path> folders)
    : folders_(std::move(folders)) {
    for (const auto& each : folders_) {
        for (const auto which : all_kinds) {
            known_folder place;
            place.path = each / (std::string(name_of(which)) + "s");
            place.which = which;
            places_.push_back(std::move(place));
        }
        known_folder flat;
        flat.path = each;
        flat.flat = true;
        places_.push_back(std::move(flat));
    }
}

void catalog::examine(const std::filesystem::path& path, known_file& of) {
    changed_ = true;
    auto got = read_note(path);
    if (got) {
        of.note = std::make_shared<const plugins::note>(std::move(got->note));
        of.noted = got->stamp;
        of.problem.clear();
        return;
    }
    // Said once for each version of the file.
    if (of.problem != got.error().message())
        base::log::warn("plugins", "a file in the plugin folder cannot be used",
                        {{"file", path.string()}, {"why", got.error().message()}});
    of.problem = got.error().message();
}

// Brings one folder up to date: its list when the folder itself has changed, each file when its stamp has.
void catalog::look(known_folder& at) {
    const auto now = file_stamp::of(at.path);
    if (now != at.seen || (now && !at.settled)) {
        at.settled = now && now->settled();
        at.seen = now;
        std::set<std::string> there;
        std::error_code ignored;
        for (std::filesystem::directory_iterator each(at.path, ignored), end; !ignored && each != end;
             each.increment(ignored)) {
            auto name = each->path().filename().string();
            if (name.size() > 3 && name.ends_with(".so") && name.front() != '.')
                there.insert(std::move(name));
        }
        changed_ = std::erase_if(at.files, [&there](const auto& known) { return !there.contains(known.first); }) != 0 ||
                   changed_;
        for (const auto& each : there)
            at.files.try_emplace(each);
    }
    for (auto each = at.files.begin(); each != at.files.end();) {
        if (look(at.path / each->first, each->second)) {
            ++each;
        } else {
            each = at.files.erase(each);
            changed_ = true;
        }
    }
}

// False when the file is gone.
bool catalog::look(const std::filesystem::path& path, known_file& at) {
    const auto stamp = file_stamp::of(path);
    if (!stamp)
        return false;
    if (*stamp != at.seen || !at.settled || !at.problem.empty()) {
        at.settled = stamp->settled();
        at.seen = *stamp;
        examine(path, at);
    }
    return true;
}

// The usual case of a look-up: no folder has changed and the file that offered the name still does. Files beside it are
// not looked at: what they offer matters only once their folder changes or a name is not found.
const catalog::known_file* catalog::find_unchanged(kind which, std::string_view name, std::filesystem::path& path) {
    known_file* found = nullptr;
    for (auto& place : places_) {
        if (!place.flat && place.which != which)
            continue;
        const auto now = file_stamp::of(place.path);
        if (now != place.seen || (now && !place.settled))
            return nullptr;
        for (auto each = place.files.begin(); found == nullptr && each != place.files.end(); ++each) {
            if (each->second.note && each->second.note->find(which, name) != nullptr) {
                found = &each->second;
                path = place.path / each->first;
            }
        }
    }
    if (found == nullptr || !look(path, *found) || !found->note || found->note->find(which, name) == nullptr)
        return nullptr;
    return found;
}

void catalog::report_duplicates() {
    if (!std::exchange(changed_, false))
        return;
    std::map<std::string, std::string> first;
    std::map<std::string, std::string> now;
    for (const auto& place : places_) {
        for (const auto& [file, known] : place.files) {
            if (!known.note)
                continue;
            const auto path = (place.path / file).string();
            for (const auto& each : known.note->components) {
                const auto key = key_of(each.kind_id, each.name);
                const auto [used, fresh] = first.emplace(key, path);
                if (fresh)
                    continue;
                now.emplace(path + " " + key, used->second);
                if (!duplicates_.contains(path + " " + key))
                    base::log::warn("plugins", "two files offer the same component; the first is used",
                                    {{"component", key}, {"used", used->second}, {"ignored", path}});
            }
        }
    }
    duplicates_ = std::move(now);
}

catalog_entry catalog::describe(std::filesystem::path path, const known_file& of) const {
    catalog_entry out;
    out.file = std::move(path);
    out.stamp = of.noted;
    out.note = of.note;
    out.problem = of.problem;
    out.broken = !of.problem.empty();
    if (of.note && of.problem.empty()) {
        for (const auto& each : of.note->components) {
            const auto other = duplicates_.find(out.file.string() + " " + key_of(each.kind_id, each.name));
            if (other != duplicates_.end())
                out.problem += (out.problem.empty() ? "" : "; ") +
                               ("'" + each.name + "' is taken from " + other->second + ", which comes first");
        }
    }
    return out;
}

error catalog::not_found(kind which, std::string_view name) const {
    std::vector<std::string> offered;
    for (const auto& place : places_)
        for (const auto& [file, known] : place.files)
            if (known.note)
                for (const auto& each : known.note->components)
                    if (each.kind_id == id_of(which))
                        offered.push_back(each.name);
    std::string text = "there is no " + std::string(name_of(which)) + " plugin '" + std::string(name) + "'";
    if (const auto near = base::nearest(name, offered); !near.empty())
        text += "; did you mean '" + std::string(near) + "'?";
    else
        text += ";";
    text += folders_.empty() ? std::string(" no plugin folder is configured") : " searched " + texts_of(folders_);
    return error("plugin_not_found", std::move(text));
}

result<catalog_entry> catalog::find(kind which, std::string_view name) {
    const std::lock_guard lock(mutex_);
    std::filesystem::path path;
    if (const auto* usual = find_unchanged(which, name, path); usual != nullptr)
        return describe(path, *usual);
    for (auto& place : places_)
        if (place.flat || place.which == which)
            look(place);
    report_duplicates();
    std::optional<error> broken;
    for (const auto& place : places_) {
        for (const auto& [file, known] : place.files) {
            if (known.note && known.note->find(which, name) != nullptr)
                return describe(place.path / file, known);
            if (!known.note && !broken && file == std::string(name) + ".so")
                broken = error("plugin_broken", (place.path / file).string() + ": " + known.problem);
        }
    }
    if (broken)
        return *broken;
    return not_found(which, name);
}

std::vector<catalog_entry> catalog::list() {
    const std::lock_guard lock(mutex_);
    for (auto& place : places_)
        look(place);
    report_duplicates();
    std::vector<catalog_entry> out;
    for (const auto& place : places_)
        for (const auto& [file, known] : place.files)
            out.push_back(describe(place.path / file, known));
    return out;
}

} // namespace ferrule::plugins
