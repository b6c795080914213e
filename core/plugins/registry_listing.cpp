#include "plugins/registry_listing.hpp"

#include "base/strings.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace ferrule::plugins {

namespace {

struct usage {
    std::size_t in_use = 0;
    bool healthy = true;
};

std::map<const build*, usage> usage_of(const std::vector<std::shared_ptr<component_set>>& sets) {
    std::map<const build*, usage> out;
    for (const auto& set : sets) {
        for (const auto& each : set->instances()) {
            auto& place = out[&each->build()];
            place.in_use += each->uses();
            place.healthy = place.healthy && each->healthy();
        }
    }
    return out;
}

bool offers(const plugin_info& which, std::string_view name) {
    return which.note.id == name ||
           std::ranges::any_of(which.note.components, [name](const auto& each) { return each.name == name; });
}

// Why a file that reads well is not in use: what its component sets found when they tried.
std::string trouble_of(const plugins::note& of, const std::vector<std::shared_ptr<component_set>>& sets) {
    for (const auto& set : sets)
        for (const auto& each : of.components)
            if (each.name == set->name() && each.kind_id == id_of(set->which()))
                if (auto why = set->problem(); !why.empty())
                    return why;
    return {};
}

} // namespace

std::vector<plugin_info> list_plugins(const std::vector<catalog_entry>& files,
                                      const std::vector<std::shared_ptr<const build>>& builds,
                                      const std::vector<std::shared_ptr<component_set>>& sets) {
    const auto uses = usage_of(sets);
    std::map<std::filesystem::path, const build*> newest;
    for (const auto& each : builds)
        newest[each->file] = each.get();

    std::vector<plugin_info> out;
    std::vector<std::filesystem::path> there;
    for (const auto& each : files) {
        there.push_back(each.file);
        plugin_info info;
        info.file = each.file;
        if (each.note)
            info.note = *each.note;
        info.problem = each.problem;
        if (info.problem.empty())
            info.problem = trouble_of(info.note, sets);
        if (const auto found = newest.find(each.file); found != newest.end()) {
            info.state = plugin_state::loaded;
            info.note = found->second->note;
            info.content = found->second->content;
            if (const auto used = uses.find(found->second); used != uses.end()) {
                info.in_use = used->second.in_use;
                info.healthy = used->second.healthy;
            }
        } else if (each.broken || !info.problem.empty()) {
            const bool hidden = !each.broken && trouble_of(info.note, sets).empty();
            info.state = hidden ? plugin_state::available : plugin_state::failed;
        }
        out.push_back(std::move(info));
    }
    for (const auto& each : builds) {
        const bool current = newest.at(each->file) == each.get() && std::ranges::find(there, each->file) != there.end();
        if (current)
            continue;
        plugin_info info;
        info.file = each->file;
        info.note = each->note;
        info.state = plugin_state::retired;
        info.content = each->content;
        if (const auto used = uses.find(each.get()); used != uses.end()) {
            info.in_use = used->second.in_use;
            info.healthy = used->second.healthy;
        }
        out.push_back(std::move(info));
    }
    std::ranges::stable_sort(out, {}, &plugin_info::file);
    return out;
}

result<std::vector<plugin_info>> describe_plugins(std::vector<plugin_info> all, std::string_view name,
                                                  const std::vector<std::filesystem::path>& folders) {
    std::vector<plugin_info> out;
    std::vector<std::string> names;
    for (auto& each : all) {
        names.push_back(each.note.id);
        for (const auto& component : each.note.components)
            names.push_back(component.name);
        if (offers(each, name) || each.file.stem() == name)
            out.push_back(std::move(each));
    }
    if (!out.empty())
        return out;
    std::string text = "there is no plugin '" + std::string(name) + "'";
    if (const auto near = base::nearest(name, names); !near.empty())
        text += "; did you mean '" + std::string(near) + "'?";
    std::vector<std::string> searched;
    searched.reserve(folders.size());
    for (const auto& each : folders)
        searched.push_back(each.string());
    text += searched.empty() ? std::string(" (no plugin folder is configured)")
                             : " (searched " + base::join(searched, ", ") + ")";
    return error("plugin_not_found", std::move(text));
}

} // namespace ferrule::plugins
