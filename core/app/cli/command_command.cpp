// ferrule command: programs on the hosts of agents.
#include "app/cli/api_client.hpp"
#include "app/cli/command_run.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/exit_code.hpp"
#include "app/cli/listing.hpp"
#include "base/json.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>

namespace ferrule::app::cli {

namespace {

struct command_options {
    server_choice server;
    command_wish wish;
    std::string id;
    std::size_t limit = 20;
    bool as_json = false;
};

using options_ptr = std::shared_ptr<command_options>;

int with_client(const command_options& wanted, const std::function<int(api_client&)>& act) {
    auto client = api_client::open(wanted.server);
    return client ? act(*client) : report(client.error());
}

int print_key(const command_options& wanted) {
    return with_client(wanted, [&wanted](api_client& client) {
        const auto key = client.get("/api/v1/command-key");
        if (!key)
            return report(key.error());
        std::printf("%s\n", wanted.as_json ? key->dump(2).c_str() : key->value("public_key", "").c_str());
        return int{success};
    });
}

void add_running(CLI::App& group, const options_ptr& options, action& chosen) {
    auto* command = group.add_subcommand("run", "Run a program on agents' hosts and print the output as it comes");
    auto& wish = options->wish;
    auto* on = command->add_option("--on", wish.agents, "An agent; may be given several times")->take_all();
    auto* of_group = command->add_option("--group", wish.group, "Agents with the label group=GROUP");
    auto* labels =
        command->add_option("--labels", wish.labels, "Agents with the label KEY=VALUE; all that are given")->take_all();
    auto* all = command->add_flag("--all", wish.all, "All agents");
    on->excludes(of_group, labels, all);
    of_group->excludes(labels, all);
    labels->excludes(all);
    command->add_flag("--shell", wish.shell, "The words are a line for /bin/sh");
    command->add_option("--user", wish.user, "As whom, if the agent allows it");
    command->add_option("--directory", wish.directory, "Where, if the agent allows it");
    command->add_option("--env", wish.environment, "A variable NAME=VALUE, if the agent allows it")->take_all();
    command->add_option("--timeout", wish.timeout, "Longest time that it may run, such as 90s");
    command->add_option("--ttl", wish.ttl, "Longest wait for an agent that is away, such as 10m");
    command->add_flag("--json", wish.as_json, "The command with all results as JSON");
    command->add_flag("--no-wait", wish.no_wait, "Print the command's id and return");
    command->add_option("WORDS", wish.words, "After --: the absolute path of a program and its arguments")->required();
    add_server_options(*command, options->server);
    command->callback([options, &chosen] {
        const auto& asked = options->wish;
        if (asked.agents.empty() && asked.group.empty() && asked.labels.empty() && !asked.all)
            throw CLI::ValidationError("command run", "say on which agents: --on NAME, --group GROUP, --labels "
                                                      "KEY=VALUE or --all");
        chosen = [options] {
            return with_client(*options, [&options](api_client& client) { return run_command(client, options->wish); });
        };
    });
}

} // namespace

void add_command(CLI::App& root, action& chosen) {
    auto* group = root.add_subcommand("command", "Run programs on agents' hosts; list, show, watch and cancel that");
    group->require_subcommand(1);
    const auto options = std::make_shared<command_options>();
    add_running(*group, options, chosen);

    auto* listing = group->add_subcommand("list", "The latest commands, newest first");
    listing->add_option("--limit", options->limit, "At most so many; 0 = all")
        ->capture_default_str()
        ->check(CLI::Range(0, 1'000'000'000));
    listing->add_flag("--json", options->as_json, "As JSON");
    add_server_options(*listing, options->server);
    listing->callback([options, &chosen] {
        chosen = [options] {
            return print_listing(options->server, "/api/v1/commands",
                                 {{"ID", "id"},
                                  {"STATE", "state"},
                                  {"AGENTS", "total"},
                                  {"SUCCEEDED", "counts.succeeded"},
                                  {"OWNER", "owner"},
                                  {"CREATED", "created_at"}},
                                 options->as_json, options->limit);
        };
    });

    auto* showing = group->add_subcommand("show", "One command and how far its agents are, as JSON");
    showing->add_option("ID", options->id, "The command")->required();
    add_server_options(*showing, options->server);
    showing->callback([options, &chosen] {
        chosen = [options] { return print_get(options->server, "/api/v1/commands/" + escape(options->id)); };
    });

    auto* watching = group->add_subcommand("watch", "Print a command's output as it comes, and how it ends");
    watching->add_option("ID", options->id, "The command")->required();
    watching->add_flag("--json", options->as_json, "The command with all results as JSON");
    add_server_options(*watching, options->server);
    watching->callback([options, &chosen] {
        chosen = [options] {
            return with_client(*options, [&options](api_client& client) {
                return watch_command(client, options->id, options->as_json);
            });
        };
    });

    auto* cancelling = group->add_subcommand("cancel", "End a command wherever it has not ended");
    cancelling->add_option("ID", options->id, "The command")->required();
    add_server_options(*cancelling, options->server);
    cancelling->callback([options, &chosen] {
        chosen = [options] {
            return print_post(options->server, "/api/v1/commands/" + escape(options->id) + "/cancel",
                              base::json::object());
        };
    });

    auto* key = group->add_subcommand("key", "The public key that agents recognise this controller's commands by");
    key->add_flag("--json", options->as_json, "As JSON");
    add_server_options(*key, options->server);
    key->callback([options, &chosen] { chosen = [options] { return print_key(*options); }; });
}

} // namespace ferrule::app::cli
