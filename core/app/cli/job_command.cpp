// ferrule job: jobs of the past and the present.
#include "app/cli/api_client.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/exec_one.hpp"
#include "app/cli/listing.hpp"
#include "base/json.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace ferrule::app::cli {

namespace {

struct job_options {
    server_choice server;
    std::string id;
    std::string device;
    std::string state;
    std::size_t limit = 20;
    bool as_json = false;
};

int list(const job_options& wanted) {
    std::string path =
        "/api/v1/jobs?limit=" + std::to_string(std::min<std::size_t>(std::max<std::size_t>(wanted.limit, 1), 100));
    if (!wanted.device.empty())
        path += "&device=" + escape(wanted.device);
    if (!wanted.state.empty())
        path += "&state=" + escape(wanted.state);
    return print_listing(wanted.server, path,
                         {{"ID", "id"},
                          {"STATE", "state"},
                          {"DEVICE", "device"},
                          {"STRATEGY", "strategy"},
                          {"CREATED", "created_at"},
                          {"ERROR", "error.code"}},
                         wanted.as_json, wanted.limit);
}

int watch(const job_options& wanted) {
    auto client = api_client::open(wanted.server);
    return client ? print_stream(*client, wanted.id, {}, true) : report(client.error());
}

} // namespace

void add_job(CLI::App& root, action& chosen) {
    auto* group = root.add_subcommand("job", "List, show, watch and cancel jobs");
    group->require_subcommand(1);
    const auto options = std::make_shared<job_options>();

    auto* listing = group->add_subcommand("list", "The latest jobs, newest first");
    listing->add_option("--device", options->device, "Only of this device");
    listing->add_option("--state", options->state, "Only in this state, such as failed");
    listing->add_option("--limit", options->limit, "At most so many; 0 = all")
        ->capture_default_str()
        ->check(CLI::Range(0, 1'000'000'000));
    listing->add_flag("--json", options->as_json, "As JSON");
    add_server_options(*listing, options->server);
    listing->callback([options, &chosen] { chosen = [options] { return list(*options); }; });

    auto* showing = group->add_subcommand("show", "One job with its results, as JSON");
    showing->add_option("ID", options->id, "The job")->required();
    add_server_options(*showing, options->server);
    showing->callback([options, &chosen] {
        chosen = [options] { return print_get(options->server, "/api/v1/jobs/" + escape(options->id)); };
    });

    auto* cancelling = group->add_subcommand("cancel", "End a job");
    cancelling->add_option("ID", options->id, "The job")->required();
    add_server_options(*cancelling, options->server);
    cancelling->callback([options, &chosen] {
        chosen = [options] {
            return print_post(options->server, "/api/v1/jobs/" + escape(options->id) + "/cancel", base::json::object());
        };
    });

    auto* watching = group->add_subcommand("watch", "Print a job's output as it comes");
    watching->add_option("ID", options->id, "The job")->required();
    add_server_options(*watching, options->server);
    watching->callback([options, &chosen] { chosen = [options] { return watch(*options); }; });
}

} // namespace ferrule::app::cli
