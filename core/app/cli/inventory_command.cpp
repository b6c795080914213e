// ferrule device, credential, session, node: the inventory and what is live.
#include "app/cli/api_client.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/exit_code.hpp"
#include "app/cli/listing.hpp"
#include "base/json.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>

namespace ferrule::app::cli {

using base::json;

namespace {

struct inventory_options {
    server_choice server;
    std::string name;
    std::string label;
    bool as_json = false;
    bool force = false;
};

using options_ptr = std::shared_ptr<inventory_options>;

CLI::App* add(CLI::App& group, const options_ptr& options, action& chosen, const char* name, const char* help,
              int (*body)(const inventory_options&)) {
    auto* command = group.add_subcommand(name, help);
    add_server_options(*command, options->server);
    command->callback([options, &chosen, body] { chosen = [options, body] { return body(*options); }; });
    return command;
}

int list_devices(const inventory_options& wanted) {
    const auto path =
        wanted.label.empty() ? std::string("/api/v1/devices") : "/api/v1/devices?label=" + escape(wanted.label);
    return print_listing(wanted.server, path,
                         {{"NAME", "name"},
                          {"DRIVER", "driver"},
                          {"PLATFORM", "platform"},
                          {"HOST", "host"},
                          {"PORT", "port"},
                          {"ORIGIN", "origin"},
                          {"LABELS", "labels"}},
                         wanted.as_json);
}

int test_device(const inventory_options& wanted) {
    auto client = api_client::open(wanted.server);
    if (!client)
        return report(client.error());
    const auto answer = client->post("/api/v1/devices/" + escape(wanted.name) + "/test", json::object());
    if (!answer)
        return report(answer.error());
    const bool good = answer->value("success", false);
    if (wanted.as_json) {
        std::printf("%s\n", answer->dump(2).c_str());
    } else if (good) {
        std::printf("%s answers: logged in after %.1f ms\n", wanted.name.c_str(), answer->value("latency_ms", 0.0));
    } else {
        const auto why = answer->value("error", json::object());
        std::fprintf(stderr, "%s cannot be used (reached: %s): %s (%s)\n", wanted.name.c_str(),
                     answer->value("phase", std::string("nothing")).c_str(),
                     why.value("message", std::string()).c_str(), why.value("code", std::string()).c_str());
    }
    return good ? success : failed;
}

void add_devices(CLI::App& root, action& chosen) {
    auto* group = root.add_subcommand("device", "List, show and test devices");
    group->require_subcommand(1);
    const auto options = std::make_shared<inventory_options>();
    auto* listing = add(*group, options, chosen, "list", "All devices", list_devices);
    listing->add_option("--label", options->label, "Only with this label, such as site=berlin");
    listing->add_flag("--json", options->as_json, "As JSON");
    auto* showing = add(*group, options, chosen, "show", "One device, as JSON", [](const inventory_options& wanted) {
        return print_get(wanted.server, "/api/v1/devices/" + escape(wanted.name));
    });
    showing->add_option("NAME", options->name, "The device")->required();
    auto* testing = add(*group, options, chosen, "test", "Log in to a device and out again", test_device);
    testing->add_option("NAME", options->name, "The device")->required();
    testing->add_flag("--json", options->as_json, "As JSON");
    auto* removing = add(*group, options, chosen, "remove", "Forget a device", [](const inventory_options& wanted) {
        return run_delete(wanted.server, "/api/v1/devices/" + escape(wanted.name), "removed " + wanted.name);
    });
    removing->add_option("NAME", options->name, "The device")->required();
}

void add_credentials(CLI::App& root, action& chosen) {
    auto* group = root.add_subcommand("credential", "List and remove credentials; their secrets are never shown");
    group->require_subcommand(1);
    const auto options = std::make_shared<inventory_options>();
    auto* listing = add(*group, options, chosen, "list", "All credentials", [](const inventory_options& wanted) {
        return print_listing(wanted.server, "/api/v1/credentials",
                             {{"NAME", "name"}, {"USERNAME", "username"}, {"HAS", "has"}}, wanted.as_json);
    });
    listing->add_flag("--json", options->as_json, "As JSON");
    auto* removing = add(*group, options, chosen, "remove", "Forget a credential", [](const inventory_options& wanted) {
        return run_delete(wanted.server, "/api/v1/credentials/" + escape(wanted.name), "removed " + wanted.name);
    });
    removing->add_option("NAME", options->name, "The credential")->required();
}

void add_sessions(CLI::App& root, action& chosen) {
    auto* group = root.add_subcommand("session", "List and close device sessions");
    group->require_subcommand(1);
    const auto options = std::make_shared<inventory_options>();
    auto* listing =
        add(*group, options, chosen, "list", "Sessions that are open now", [](const inventory_options& wanted) {
            return print_listing(wanted.server, "/api/v1/sessions",
                                 {{"ID", "id"},
                                  {"DEVICE", "device"},
                                  {"STATE", "state"},
                                  {"OPENED", "opened_at"},
                                  {"LAST USED", "last_used_at"},
                                  {"COMMANDS", "commands"}},
                                 wanted.as_json);
        });
    listing->add_flag("--json", options->as_json, "As JSON");
    auto* closing = add(*group, options, chosen, "close", "Close a session", [](const inventory_options& wanted) {
        const auto path = "/api/v1/sessions/" + escape(wanted.name) + (wanted.force ? "?force=true" : "");
        return run_delete(wanted.server, path, "closed " + wanted.name);
    });
    closing->add_option("ID", options->name, "The session")->required();
    closing->add_flag("--force", options->force, "Also when a job runs on it; the job is cancelled");
}

void add_nodes(CLI::App& root, action& chosen) {
    auto* group = root.add_subcommand("node", "List nodes");
    group->require_subcommand(1);
    const auto options = std::make_shared<inventory_options>();
    auto* listing =
        add(*group, options, chosen, "list", "Processes that execute jobs", [](const inventory_options& wanted) {
            return print_listing(wanted.server, "/api/v1/nodes",
                                 {{"NAME", "name"},
                                  {"ONLINE", "online"},
                                  {"COUNT", "count"},
                                  {"CAPACITY", "capacity"},
                                  {"LOAD", "load"}},
                                 wanted.as_json);
        });
    listing->add_flag("--json", options->as_json, "As JSON");
}

} // namespace

void add_inventory(CLI::App& root, action& chosen) {
    add_devices(root, chosen);
    add_credentials(root, chosen);
    add_sessions(root, chosen);
    add_nodes(root, chosen);
}

} // namespace ferrule::app::cli
