// ferrule agent: the fleet's agents and their join tokens.
#include "app/cli/agent_enrol.hpp"
#include "app/cli/api_client.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/exit_code.hpp"
#include "app/cli/listing.hpp"
#include "base/json.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace ferrule::app::cli {

using base::json;

namespace {

struct agent_options {
    server_choice server;
    std::string name;
    std::string state;
    std::string lifetime = "1h";
    std::string region;
    std::vector<std::string> labels;
    bool forget = false;
    bool unknown = false;
    bool as_json = false;
};

int list(const agent_options& wanted) {
    std::string path = "/api/v1/agents";
    char between = '?';
    const auto add = [&](const std::string& name, const std::string& value) {
        path += between + name + "=" + escape(value);
        between = '&';
    };
    if (!wanted.state.empty())
        add("state", wanted.state);
    for (const auto& each : wanted.labels)
        add("label", each);
    return print_listing(wanted.server, path,
                         {{"NAME", "name"},
                          {"STATE", "state"},
                          {"REGION", "region"},
                          {"LOAD", "load"},
                          {"VERSION", "version"},
                          {"ADDRESS", "address"},
                          {"SEEN", "last_seen_at"},
                          {"CERTIFICATE UNTIL", "certificate.expires_at"}},
                         wanted.as_json);
}

int make_token(const agent_options& wanted) {
    json body{{"lifetime", wanted.lifetime}};
    if (!wanted.name.empty())
        body["name"] = wanted.name;
    if (!wanted.region.empty())
        body["region"] = wanted.region;
    for (const auto& each : wanted.labels) {
        const auto at = each.find('=');
        if (at == std::string::npos || at == 0) {
            std::fprintf(stderr, "ferrule: \"%s\" is no label; write --label KEY=VALUE\n", each.c_str());
            return usage;
        }
        body["labels"][each.substr(0, at)] = each.substr(at + 1);
    }
    auto client = api_client::open(wanted.server);
    if (!client)
        return report(client.error());
    const auto made = client->post("/api/v1/join-tokens", body);
    if (!made)
        return report(made.error());
    if (wanted.as_json) {
        std::printf("%s\n", made->dump(2).c_str());
        return success;
    }
    std::printf("%s\n", made->value("token", std::string()).c_str());
    std::fprintf(stderr, "Admits one agent until %s. This is the only time that it is shown; its id is %s.\n",
                 made->value("expires_at", std::string()).c_str(), made->value("id", std::string()).c_str());
    return success;
}

void add_tokens(CLI::App& group, const std::shared_ptr<agent_options>& options, action& chosen) {
    auto* tokens = group.add_subcommand("token", "Make, list and delete join tokens");
    tokens->require_subcommand(1);

    auto* making = tokens->add_subcommand("create", "Make a token that admits one agent, and print it, once");
    making->add_option("--ttl", options->lifetime, "How long it may be used, such as 30m or 2d")->capture_default_str();
    making->add_option("--name", options->name, "The agent's name; also lets it take the place of an earlier one");
    making->add_option("--label", options->labels, "A label that the agent will carry, as often as wanted")
        ->type_name("KEY=VALUE");
    making->add_option("--region", options->region, "The agent's region");
    making->add_flag("--json", options->as_json, "As JSON");
    add_server_options(*making, options->server);
    making->callback([options, &chosen] { chosen = [options] { return make_token(*options); }; });

    auto* listing = tokens->add_subcommand("list", "Those that have not expired, without their texts");
    listing->add_flag("--json", options->as_json, "As JSON");
    add_server_options(*listing, options->server);
    listing->callback([options, &chosen] {
        chosen = [options] {
            return print_listing(options->server, "/api/v1/join-tokens",
                                 {{"ID", "id"},
                                  {"NAME", "name"},
                                  {"REGION", "region"},
                                  {"CREATED", "created_at"},
                                  {"EXPIRES", "expires_at"},
                                  {"USED BY", "used_by"}},
                                 options->as_json);
        };
    });

    auto* removing = tokens->add_subcommand("delete", "Remove a token at once");
    removing->add_option("ID", options->name, "Its id")->required();
    add_server_options(*removing, options->server);
    removing->callback([options, &chosen] {
        chosen = [options] {
            return run_delete(options->server, "/api/v1/join-tokens/" + escape(options->name),
                              "deleted " + options->name);
        };
    });
}

} // namespace

void add_agent(CLI::App& root, action& chosen) {
    auto* group = root.add_subcommand("agent", "List, show and revoke agents, and let new ones join");
    group->require_subcommand(1);
    const auto options = std::make_shared<agent_options>();

    auto* listing = group->add_subcommand("list", "All agents");
    listing->add_option("--state", options->state, "online, late, offline or revoked");
    listing->add_option("--label", options->labels, "Only those that carry it")->type_name("KEY=VALUE");
    listing->add_flag("--json", options->as_json, "As JSON");
    add_server_options(*listing, options->server);
    listing->callback([options, &chosen] { chosen = [options] { return list(*options); }; });

    auto* showing = group->add_subcommand("show", "One agent with its metrics, as JSON");
    showing->add_option("NAME", options->name, "Its name")->required();
    add_server_options(*showing, options->server);
    showing->callback([options, &chosen] {
        chosen = [options] { return print_get(options->server, "/api/v1/agents/" + escape(options->name)); };
    });

    auto* revoking = group->add_subcommand("revoke", "End an agent's certificate and connection at once");
    revoking->add_option("NAME", options->name, "Its name")->required();
    auto* forget = revoking->add_flag("--forget", options->forget,
                                      "Remove the record of one that is revoked and whose certificate has expired");
    revoking
        ->add_flag("--unknown", options->unknown,
                   "Refuse it even though it never came here: another controller with the same authority admitted it")
        ->excludes(forget);
    add_server_options(*revoking, options->server);
    revoking->callback([options, &chosen] {
        chosen = [options] {
            return run_delete(options->server,
                              "/api/v1/agents/" + escape(options->name) +
                                  (options->forget    ? "?forget=true"
                                   : options->unknown ? "?unknown=true"
                                                      : ""),
                              (options->forget ? "forgot " : "revoked ") + options->name);
        };
    });
    add_tokens(*group, options, chosen);
    add_agent_enrol(*group, chosen);
}

} // namespace ferrule::app::cli
