// ferrule run: the daemon itself.
#include "app/agent.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/config_file.hpp"
#include "app/cli/exit_code.hpp"
#include "app/controller.hpp"
#include "app/process.hpp"
#include "base/log.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>

namespace ferrule::app::cli {

namespace {

int serve(const config_choice& chosen) {
    auto settings = load_config(chosen);
    if (!settings)
        return config_fault;
    base::log::settings lines;
    lines.minimum = settings->log.level;
    lines.json = settings->log.format == config::log_format::json;
    base::log::configure(lines);
    for (const auto& warning : settings->warnings)
        base::log::warn("config", warning);
    if (!make_folders(*settings))
        return failed;
    init_process();
    const auto ran = settings->role == config::role::agent ? agent(std::move(*settings)).run()
                                                           : controller(std::move(*settings)).run();
    if (!ran) {
        base::log::error("app", ran.error().message(), {{"code", ran.error().code()}});
        return failed;
    }
    return success;
}

} // namespace

void add_run(CLI::App& root, action& chosen) {
    auto* command = root.add_subcommand("run", "Run the daemon until SIGTERM or Ctrl-C");
    const auto options = std::make_shared<config_choice>();
    add_config_options(*command, *options);
    command->callback([options, &chosen] { chosen = [options] { return serve(*options); }; });
}

} // namespace ferrule::app::cli
