// ferrule ca: the authority of the fleet, on the controller's own machine.
#include "app/cli/commands.hpp"
#include "app/cli/config_file.hpp"
#include "app/cli/exit_code.hpp"
#include "app/process.hpp"
#include "base/json.hpp"
#include "fleet/pki/authority.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace ferrule::app::cli {

namespace {

struct ca_options {
    config_choice config;
    bool as_json = false;
};

int say(const fleet::pki::authority& ca, const std::filesystem::path& folder, bool as_json) {
    const auto& facts = ca.facts();
    if (as_json) {
        const base::json shown{{"name", facts.name},
                               {"fingerprint", facts.fingerprint},
                               {"serial", facts.serial},
                               {"not_before", base::to_rfc3339(facts.not_before)},
                               {"not_after", base::to_rfc3339(facts.not_after)},
                               {"folder", folder.string()},
                               {"certificate", ca.certificate()}};
        std::printf("%s\n", shown.dump(2).c_str());
        return success;
    }
    std::printf("name         %s\nfingerprint  %s\nvalid until  %s\nfolder       %s\n", facts.name.c_str(),
                facts.fingerprint.c_str(), base::to_rfc3339(facts.not_after).c_str(), folder.c_str());
    return success;
}

int run(const ca_options& wanted, bool init) {
    const auto settings = load_config(wanted.config);
    if (!settings)
        return config_fault;
    if (settings->role == config::role::agent) {
        std::fprintf(stderr, "ferrule: the authority is a controller's; this is the configuration of an agent\n");
        return failed;
    }
    init_process();
    if (init && !make_folders(*settings))
        return failed;
    const auto folder = settings->data_dir / "fleet";
    const auto ca = init ? fleet::pki::authority::init(folder, base::system_clock().wall_now())
                         : fleet::pki::authority::open(folder);
    if (!ca) {
        std::fprintf(stderr, "ferrule: %s\n", ca.error().message().c_str());
        return failed;
    }
    if (init && !wanted.as_json)
        std::fprintf(stderr, "Made the fleet's authority. Back up its folder; whoever has ca.key can admit agents.\n%s",
                     settings->fleet.listen.empty()
                         ? "Now set fleet.listen, such as listen: [\"*:8521\"], and restart the controller.\n"
                         : "Now restart the controller.\n");
    return say(*ca, folder, wanted.as_json);
}

} // namespace

void add_ca(CLI::App& root, action& chosen) {
    auto* group = root.add_subcommand("ca", "Make and show the authority with which agents join");
    group->require_subcommand(1);
    const auto options = std::make_shared<ca_options>();
    auto* init = group->add_subcommand("init", "Make the authority, once, where the controller runs and as its user");
    auto* show = group->add_subcommand("show", "Its fingerprint and how long it lasts");
    for (auto* each : {init, show}) {
        add_config_options(*each, options->config);
        each->add_flag("--json", options->as_json, "As JSON");
    }
    init->callback([options, &chosen] { chosen = [options] { return run(*options, true); }; });
    show->callback([options, &chosen] { chosen = [options] { return run(*options, false); }; });
}

} // namespace ferrule::app::cli
