// ferrule run: the daemon itself.
#include "app/cli/commands.hpp"
#include "app/cli/config_file.hpp"
#include "app/cli/exit_code.hpp"
#include "app/controller.hpp"
#include "base/log.hpp"
#include "net/libraries.hpp"

#include <CLI/CLI.hpp>
#include <libssh/libssh.h>
#include <sodium.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <sys/stat.h>

namespace ferrule::app::cli {

namespace {

// Before any thread: these libraries keep process-wide state that plugins then share.
void init_process() {
    ::umask(0077);
    std::signal(SIGPIPE, SIG_IGN);
    net::init_libraries();
    if (sodium_init() < 0 || ssh_init() != 0)
        throw std::runtime_error("libsodium or libssh cannot be initialised");
}

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
    if (settings->role == config::role::agent) {
        base::log::error("app", "this build has no agent role; use standalone or controller");
        return config_fault;
    }
    if (!make_folders(*settings))
        return failed;
    init_process();
    controller daemon(std::move(*settings));
    if (const auto ran = daemon.run(); !ran) {
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
