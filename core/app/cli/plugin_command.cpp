// ferrule plugin: look at, check and begin plugins.
#include "app/cli/commands.hpp"
#include "app/cli/config_file.hpp"
#include "app/cli/exit_code.hpp"
#include "app/cli/table.hpp"
#include "app/process.hpp"
#include "base/json.hpp"
#include "plugins/catalog.hpp"
#include "plugins/check.hpp"
#include "plugins/registry_listing.hpp"
#include "plugins/scaffold.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace ferrule::app::cli {

using base::json;

namespace {

struct plugin_options {
    config_choice config;
    std::string name;
    std::string file;
    std::string kind;
    std::string folder = ".";
    bool as_json = false;
};

std::string kind_text(const std::string& id) {
    const auto known = plugins::kind_from_id(id);
    return known ? std::string(plugins::name_of(*known)) : id;
}

json to_json(const plugins::catalog_entry& entry) {
    json shown{{"file", entry.file.string()}, {"problem", entry.problem.empty() ? json() : json(entry.problem)}};
    if (!entry.note)
        return shown;
    const auto& note = *entry.note;
    shown["id"] = note.id;
    shown["version"] = note.version;
    shown["abi"] = std::to_string(note.abi_major) + "." + std::to_string(note.abi_minor);
    shown["summary"] = note.summary;
    shown["components"] = json::array();
    for (const auto& each : note.components)
        shown["components"].push_back(
            {{"kind", kind_text(each.kind_id)},
             {"name", each.name},
             {"execution", each.execution},
             {"summary", each.summary.empty() ? note.summary : each.summary},
             {"config_schema", each.config_schema.empty() ? json() : json::parse(each.config_schema, nullptr, false)}});
    return shown;
}

int list(const plugin_options& options) {
    const auto settings = load_config(options.config);
    if (!settings)
        return config_fault;
    plugins::catalog files(settings->plugins.folders);
    const auto entries = files.list();
    if (options.as_json) {
        json all = json::array();
        for (const auto& each : entries)
            all.push_back(to_json(each));
        std::printf("%s\n", all.dump(2, ' ', false, json::error_handler_t::replace).c_str());
        return success;
    }
    table rows({"KIND", "NAME", "VERSION", "ABI", "SUMMARY"});
    for (const auto& each : entries) {
        if (!each.note)
            continue;
        for (const auto& component : each.note->components)
            rows.add({kind_text(component.kind_id), component.name, each.note->version,
                      std::to_string(each.note->abi_major) + "." + std::to_string(each.note->abi_minor),
                      component.summary.empty() ? each.note->summary : component.summary});
    }
    rows.print();
    for (const auto& each : entries)
        if (!each.problem.empty())
            std::fprintf(stderr, "%s: %s\n", each.file.c_str(), each.problem.c_str());
    return success;
}

int describe(const plugin_options& options) {
    const auto settings = load_config(options.config);
    if (!settings)
        return config_fault;
    plugins::catalog files(settings->plugins.folders);
    const auto entries = files.list();
    for (const auto& each : entries) {
        if (!each.note)
            continue;
        bool offers = each.note->id == options.name;
        for (const auto& component : each.note->components)
            offers = offers || component.name == options.name;
        if (offers) {
            std::printf("%s\n", to_json(each).dump(2, ' ', false, json::error_handler_t::replace).c_str());
            return success;
        }
    }
    const auto known = plugins::describe_plugins(plugins::list_plugins(entries, {}, {}), options.name, files.folders());
    if (known)
        std::fprintf(stderr, "ferrule: %s: %s\n", known->front().file.c_str(), known->front().problem.c_str());
    else
        std::fprintf(stderr, "ferrule: %s\n", known.error().message().c_str());
    return failed;
}

int check(const plugin_options& options) {
    init_process();
    const auto checks = plugins::check_plugin(options.file);
    bool all_well = true;
    if (options.as_json) {
        json shown = json::array();
        for (const auto& each : checks)
            shown.push_back({{"check", each.check}, {"ok", each.ok}, {"message", each.message}});
        std::printf("%s\n", shown.dump(2, ' ', false, json::error_handler_t::replace).c_str());
    }
    for (const auto& each : checks) {
        all_well = all_well && each.ok;
        if (!options.as_json)
            std::printf("%-6s %s%s%s\n", each.ok ? "ok" : "FAILED", each.check.c_str(),
                        each.message.empty() ? "" : ": ", each.message.c_str());
    }
    return all_well ? success : failed;
}

int make(const plugin_options& options) {
    const auto kind = plugins::kind_from_name(options.kind);
    if (!kind) {
        std::fprintf(stderr, "ferrule: \"%s\" is not a kind of plugin: driver, probe, scheduler or store\n",
                     options.kind.c_str());
        return usage;
    }
    const auto made = plugins::scaffold(*kind, options.name, std::filesystem::path(options.folder) / options.name);
    if (!made) {
        std::fprintf(stderr, "ferrule: %s\n", made.error().message().c_str());
        return failed;
    }
    for (const auto& file : *made)
        std::printf("%s\n", file.c_str());
    return success;
}

} // namespace

void add_plugin(CLI::App& root, action& chosen) {
    auto* group = root.add_subcommand("plugin", "Look at, check and begin plugins");
    group->require_subcommand(1);
    const auto options = std::make_shared<plugin_options>();

    auto* listing = group->add_subcommand("list", "All plugins in the configured folders, without loading any");
    add_config_options(*listing, options->config);
    listing->add_flag("--json", options->as_json, "As JSON");
    listing->callback([options, &chosen] { chosen = [options] { return list(*options); }; });

    auto* describing = group->add_subcommand("describe", "What a plugin says about itself, with its settings");
    add_config_options(*describing, options->config);
    describing->add_option("NAME", options->name, "Name of a component, or id of a plugin")->required();
    describing->callback([options, &chosen] { chosen = [options] { return describe(*options); }; });

    auto* checking = group->add_subcommand("check", "Load a plugin in a process of its own and check the contract");
    checking->add_option("FILE", options->file, "The .so file")->required();
    checking->add_flag("--json", options->as_json, "As JSON");
    checking->callback([options, &chosen] { chosen = [options] { return check(*options); }; });

    auto* making = group->add_subcommand("new", "Write the source, build file and test of a new plugin");
    making->add_option("--kind", options->kind, "driver, probe, scheduler or store")->required();
    making->add_option("NAME", options->name, "What configuration will call it")->required();
    making->add_option("--folder", options->folder, "Where to make the folder NAME")->capture_default_str();
    making->callback([options, &chosen] { chosen = [options] { return make(*options); }; });
}

} // namespace ferrule::app::cli
