// ferrule exec: commands on devices, with their output as it comes.
#include "app/cli/api_client.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/exec_many.hpp"
#include "app/cli/exec_one.hpp"
#include "app/cli/exec_request.hpp"
#include "app/cli/exit_code.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace ferrule::app::cli {

namespace {

int execute(const server_choice& server, const exec_request& wanted) {
    auto client = api_client::open(server);
    if (!client)
        return report(client.error());
    return wanted.devices.size() == 1 ? exec_one(*client, wanted) : exec_many(*client, wanted);
}

// Without `--` the last word is the command and the words before it are devices.
bool sort_words(std::vector<std::string> words, exec_request& into) {
    if (into.config_file.empty() && into.commands.empty()) {
        if (words.size() < 2)
            return false;
        into.commands.push_back(std::move(words.back()));
        words.pop_back();
    }
    into.devices = std::move(words);
    return !into.devices.empty();
}

} // namespace

void add_exec(CLI::App& root, action& chosen) {
    auto* command = root.add_subcommand("exec", "Run commands on devices and print the output as it comes");
    const auto server = std::make_shared<server_choice>();
    const auto wanted = std::make_shared<exec_request>();
    const auto words = std::make_shared<std::vector<std::string>>();
    command->add_option("WORDS", *words, "DEVICE… COMMAND, or DEVICE… with -x or --config-file");
    command->add_option("-x,--command", wanted->commands, "A command; may be given several times")->take_all();
    command->add_option("--config-file", wanted->config_file, "Configuration lines to enter, - for standard input");
    command->add_flag("--fifo", wanted->fifo, "A connection of its own instead of the kept session");
    command->add_flag("--change", wanted->change, "The commands change something: never repeat them silently");
    command->add_flag("--keep-going", wanted->keep_going, "Go on after a command that the device refuses");
    command->add_option("--timeout", wanted->timeout, "Limit of the whole run, such as 90s");
    command->add_option("--ttl", wanted->ttl, "Longest wait in the queue, such as 10m");
    command->add_flag("--raw", wanted->raw, "Output as the device sent it");
    command->add_flag("--json", wanted->as_json, "The jobs as JSON");
    command->add_flag("--no-wait", wanted->no_wait, "Print the job's id and return");
    add_server_options(*command, *server);
    command->callback([server, wanted, words, &chosen] {
        if (!sort_words(*words, *wanted))
            throw CLI::ValidationError("exec",
                                       "give at least one device and a command: ferrule exec frr1 \"show version\"");
        chosen = [server, wanted] { return execute(*server, *wanted); };
    });
}

} // namespace ferrule::app::cli
