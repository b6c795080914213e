// ferrule token: who may call the API.
#include "app/cli/api_client.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/exit_code.hpp"
#include "app/cli/listing.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"
#include "devices/tokens.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

namespace ferrule::app::cli {

using base::json;

namespace {

struct token_options {
    server_choice server;
    std::string name;
    std::string role = "viewer";
    std::string lifetime;
    bool as_json = false;
};

int make(const token_options& wanted) {
    auto client = api_client::open(wanted.server);
    if (!client)
        return report(client.error());
    json body{{"name", wanted.name}, {"role", wanted.role}};
    if (!wanted.lifetime.empty())
        body["lifetime"] = wanted.lifetime;
    const auto made = client->post("/api/v1/tokens", body);
    if (!made)
        return report(made.error());
    std::printf("%s\n", made->value("token", std::string()).c_str());
    std::fprintf(stderr, "This is the only time that the token is shown; its id is %s.\n",
                 made->value("id", std::string()).c_str());
    return success;
}

// From standard input: an argument would be visible to other users.
int hash() {
    std::string line;
    std::getline(std::cin, line);
    const auto text = base::trim(line);
    if (text.size() < 32) {
        std::fprintf(stderr, "ferrule: give the token on standard input; it must have at least 32 characters\n");
        return usage;
    }
    std::printf("%s\n", devices::hash_token(text).c_str());
    base::wipe(line);
    return success;
}

} // namespace

void add_token(CLI::App& root, action& chosen) {
    auto* group = root.add_subcommand("token", "List, create and revoke API tokens");
    group->require_subcommand(1);
    const auto options = std::make_shared<token_options>();

    auto* listing = group->add_subcommand("list", "All tokens, without their texts");
    listing->add_flag("--json", options->as_json, "As JSON");
    add_server_options(*listing, options->server);
    listing->callback([options, &chosen] {
        chosen = [options] {
            return print_listing(options->server, "/api/v1/tokens",
                                 {{"ID", "id"},
                                  {"NAME", "name"},
                                  {"ROLE", "role"},
                                  {"CREATED", "created_at"},
                                  {"EXPIRES", "expires_at"}},
                                 options->as_json);
        };
    });

    auto* making = group->add_subcommand("create", "Make a token and print it, once");
    making->add_option("NAME", options->name, "What it is for")->required();
    making->add_option("--role", options->role, "viewer, operator or admin")->capture_default_str();
    making->add_option("--lifetime", options->lifetime, "When it ends, such as 90d; never without");
    add_server_options(*making, options->server);
    making->callback([options, &chosen] { chosen = [options] { return make(*options); }; });

    auto* revoking = group->add_subcommand("revoke", "End a token at once");
    revoking->add_option("ID", options->name, "Its id")->required();
    add_server_options(*revoking, options->server);
    revoking->callback([options, &chosen] {
        chosen = [options] {
            return run_delete(options->server, "/api/v1/tokens/" + escape(options->name), "revoked " + options->name);
        };
    });

    auto* hashing =
        group->add_subcommand("hash", "The hash of a token on standard input, for `tokens` in the configuration");
    hashing->callback([&chosen] { chosen = hash; });
}

} // namespace ferrule::app::cli
