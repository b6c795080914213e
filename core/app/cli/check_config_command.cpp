// ferrule check-config: every problem of a configuration at once, without starting anything.
#include "app/cli/commands.hpp"
#include "app/cli/config_file.hpp"
#include "app/cli/exit_code.hpp"
#include "config/describe.hpp"
#include "config/platforms.hpp"
#include "probes/blackbox/module_file.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace ferrule::app::cli {

namespace {

int print(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    return success;
}

// As the daemon reads them when it starts.
bool check_modules(const config::exporter_settings& settings, std::vector<std::string>& warnings) {
    using probes::blackbox::beyond_us;
    if (settings.modules.empty())
        return true;
    const bool leave_out = settings.unsupported == config::unsupported_modules::leave_out;
    const auto read =
        probes::blackbox::read_module_file(settings.modules, leave_out ? beyond_us::leave_out : beyond_us::refuse);
    if (!read) {
        std::fprintf(stderr, "%s\n", read.error().message().c_str());
        return false;
    }
    warnings.insert(warnings.end(), read->warnings.begin(), read->warnings.end());
    if (settings.access != config::exporter_access::admin)
        warnings.insert(warnings.end(), read->with_credentials.begin(), read->with_credentials.end());
    for (const auto& [name, why] : read->left_out)
        warnings.push_back("the module " + name + " is left out: " + why);
    return true;
}

int check(const config_choice& chosen) {
    const auto settings = load_config(chosen, true);
    if (!settings)
        return config_fault;
    const auto platforms = config::load_platforms(settings->platforms.folders);
    if (!platforms) {
        std::fprintf(stderr, "%s\n", platforms.error().message().c_str());
        return config_fault;
    }
    auto warnings = settings->warnings;
    if (!check_modules(settings->exporter, warnings))
        return config_fault;
    for (const auto& warning : warnings)
        std::fprintf(stderr, "warning: %s\n", warning.c_str());
    std::printf("%s is valid: %zu devices, %zu credentials, %zu checks, %zu platforms\n",
                settings->file.empty() ? "the default configuration" : settings->file.c_str(),
                settings->inventory.devices.size(), settings->inventory.credentials.size(),
                settings->inventory.checks.size(), platforms->size());
    return success;
}

} // namespace

void add_check_config(CLI::App& root, action& chosen) {
    auto* command = root.add_subcommand("check-config", "Check a configuration file and report every problem");
    const auto options = std::make_shared<config_choice>();
    add_config_options(*command, *options);
    command->add_option("FILE", options->file, "The same as -c FILE");
    const auto show_default = std::make_shared<bool>(false);
    const auto show_schema = std::make_shared<bool>(false);
    command->add_flag("--print-default", *show_default, "Print a file with every setting at its default");
    command->add_flag("--print-schema", *show_schema, "Print the JSON Schema for editors");
    command->callback([options, show_default, show_schema, &chosen] {
        if (*show_default)
            chosen = [] { return print(config::default_file()); };
        else if (*show_schema)
            chosen = [] { return print(config::json_schema()); };
        else
            chosen = [options] { return check(*options); };
    });
}

} // namespace ferrule::app::cli
