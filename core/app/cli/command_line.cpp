#include "app/cli/command_line.hpp"

#include "app/cli/commands.hpp"
#include "app/cli/exit_code.hpp"
#include "app/version.hpp"
#include "base/strings.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace ferrule::app::cli {

namespace {

// CLI11 would only say that a command is required.
std::string unknown_command(const CLI::App& root, int argc, char** argv) {
    const auto* at = &root;
    std::string path = "ferrule";
    for (int i = 1; i < argc; ++i) {
        std::vector<std::string> known;
        for (const auto* each : at->get_subcommands([](const CLI::App*) { return true; }))
            known.push_back(each->get_name());
        const std::string word = argv[i];
        if (known.empty() || word.starts_with('-'))
            return {};
        const auto found = std::find(known.begin(), known.end(), word);
        if (found == known.end()) {
            const auto near = base::nearest(word, known);
            return path + " has no command \"" + word + "\"; " +
                   (near.empty() ? "it has " + base::join(known, ", ") : "did you mean \"" + std::string(near) + "\"?");
        }
        at = at->get_subcommand(word);
        path += " " + word;
    }
    return {};
}

// An option that may be given several times takes one value each time. CLI11 would give it all words up to the next
// option, and would end its list at "--", so that what stands behind that were options again.
void one_value_each(CLI::App& of) {
    for (auto* option : of.get_options())
        if (!option->get_positional())
            option->allow_extra_args(false);
    for (auto* each : of.get_subcommands([](const CLI::App*) { return true; }))
        one_value_each(*each);
}

int parse_and_run(int argc, char** argv) {
    CLI::App root("Runs commands on network devices, measures networks and runs commands across a fleet", "ferrule");
    root.set_version_flag("--version", version_text());
    root.require_subcommand(1);
    root.get_formatter()->column_width(32);
    action chosen;
    add_run(root, chosen);
    add_check_config(root, chosen);
    add_plugin(root, chosen);
    add_ca(root, chosen);
    add_exec(root, chosen);
    add_job(root, chosen);
    add_command(root, chosen);
    add_inventory(root, chosen);
    add_check(root, chosen);
    add_probe(root, chosen);
    add_token(root, chosen);
    add_agent(root, chosen);
    add_completion(root, chosen);
    one_value_each(root);
    if (const auto unknown = unknown_command(root, argc, argv); !unknown.empty()) {
        std::fprintf(stderr, "%s\n", unknown.c_str());
        return usage;
    }
    try {
        root.parse(argc, argv);
    } catch (const CLI::ParseError& what) {
        return root.exit(what) == 0 ? success : usage;
    }
    return chosen ? chosen() : usage;
}

} // namespace

int run(int argc, char** argv) {
    try {
        return parse_and_run(argc, argv);
    } catch (const std::exception& what) {
        std::fprintf(stderr, "ferrule: %s\n", what.what());
        return failed;
    }
}

} // namespace ferrule::app::cli
