#include "app/cli/command_line.hpp"

#include "app/cli/commands.hpp"
#include "app/cli/exit_code.hpp"
#include "app/version.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>

namespace ferrule::app::cli {

namespace {

int parse_and_run(int argc, char** argv) {
    CLI::App root("Drives network devices through plugins", "ferrule");
    root.set_version_flag("--version", version_text());
    root.require_subcommand(1);
    root.get_formatter()->column_width(32);
    action chosen;
    add_run(root, chosen);
    add_check_config(root, chosen);
    add_plugin(root, chosen);
    add_exec(root, chosen);
    add_job(root, chosen);
    add_inventory(root, chosen);
    add_token(root, chosen);
    add_completion(root, chosen);
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
