#include "app/cli/agent_enrol.hpp"

#include "app/cli/config_file.hpp"
#include "app/cli/exit_code.hpp"
#include "app/cli/token_file.hpp"
#include "app/process.hpp"
#include "base/json.hpp"
#include "fleet/joining.hpp"
#include "net/resolver.hpp"
#include "runtime/io.hpp"

#include <CLI/CLI.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <cstdio>
#include <memory>
#include <string>

namespace ferrule::app::cli {

namespace {

struct enrol_options {
    config_choice config;
    std::string token_file;
    bool again = false;
    bool as_json = false;
};

int fault(const error& why) {
    std::fprintf(stderr, "ferrule: %s\n", why.message().c_str());
    return failed;
}

void say(const fleet::agent_identity& who, const std::filesystem::path& folder, bool new_one, bool as_json) {
    const auto& facts = who.facts;
    if (as_json) {
        const base::json shown{{"name", facts.name},
                               {"serial", facts.serial},
                               {"not_after", base::to_rfc3339(facts.not_after)},
                               {"folder", folder.string()},
                               {"joined", new_one}};
        std::printf("%s\n", shown.dump(2).c_str());
        return;
    }
    std::printf("name         %s\nserial       %s\nvalid until  %s\nfolder       %s\n", facts.name.c_str(),
                facts.serial.c_str(), base::to_rfc3339(facts.not_after).c_str(), folder.c_str());
}

// The controllers in their order, each once: whoever runs this is told why it does not work, and decides.
result<fleet::agent_identity> join_any(const fleet::identity_file& into, const config::agent_settings& wanted) {
    runtime::io loop;
    net::resolver names(loop);
    loop.start();
    result<fleet::agent_identity> joined = error("not_joined", "agent.controllers names no controller");
    for (const auto& controller : wanted.controllers) {
        auto trying = fleet::join_fleet(names, into, wanted, controller);
        joined = boost::asio::co_spawn(loop.get_executor(), std::move(trying), boost::asio::use_future).get();
        if (joined)
            break;
        std::fprintf(stderr, "%s: %s\n", controller.c_str(), joined.error().message().c_str());
    }
    loop.stop();
    loop.join();
    return joined;
}

int enrol(const enrol_options& wanted) {
    auto settings = load_config(wanted.config);
    if (!settings)
        return config_fault;
    if (settings->role != config::role::agent) {
        std::fprintf(stderr, "ferrule: this is no configuration of an agent; it needs role: agent\n");
        return failed;
    }
    init_process();
    if (!make_folders(*settings))
        return failed;
    const fleet::identity_file identity(settings->data_dir / "fleet");
    const auto before = identity.load();
    if (!before && !wanted.again)
        return fault(before.error());
    if (before && *before && !wanted.again) {
        std::fprintf(stderr,
                     "This agent has joined its fleet already; --again lets it join anew with another token.\n");
        say(**before, identity.folder(), false, wanted.as_json);
        return success;
    }
    if (!wanted.token_file.empty()) {
        auto token = read_token(wanted.token_file);
        if (!token) {
            std::fprintf(stderr, "ferrule: %s\n", token.error().message().c_str());
            return usage;
        }
        settings->agent.join_token = std::move(*token);
    }
    if (settings->agent.join_token.empty()) {
        std::fprintf(stderr, "ferrule: there is no join token: make one on the controller with `ferrule agent token "
                             "create`, and give it as agent.join_token or with --token-file\n");
        return failed;
    }
    const auto joined = join_any(identity, settings->agent);
    if (!joined) {
        std::fprintf(stderr, "ferrule: %s has not joined the fleet\n", settings->agent.name.c_str());
        return failed;
    }
    if (!wanted.as_json)
        std::fprintf(stderr,
                     "Joined the fleet. The join token is used up; `ferrule run` connects from now on. One that is "
                     "running finds this with its next attempt: restart it to connect at once.\n");
    say(*joined, identity.folder(), true, wanted.as_json);
    return success;
}

} // namespace

void add_agent_enrol(CLI::App& group, action& chosen) {
    auto* command = group.add_subcommand(
        "enrol", "Join the fleet now, on the agent's own machine and as its user, ahead of its first start");
    const auto options = std::make_shared<enrol_options>();
    add_config_options(*command, options->config);
    command->add_option("--token-file", options->token_file,
                        "Where the join token is, - for standard input, in place of agent.join_token");
    command->add_flag("--again", options->again, "Join anew, though there is a certificate");
    command->add_flag("--json", options->as_json, "As JSON");
    command->callback([options, &chosen] { chosen = [options] { return enrol(*options); }; });
}

} // namespace ferrule::app::cli
