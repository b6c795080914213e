// ferrule check: what is measured again and again, and how it is.
#include "app/cli/api_client.hpp"
#include "app/cli/check_care.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/exit_code.hpp"
#include "app/cli/listing.hpp"
#include "app/cli/table.hpp"
#include "app/cli/yaml_file.hpp"
#include "base/json.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>

namespace ferrule::app::cli {

using base::json;

namespace {

struct check_words {
    server_choice server;
    std::string name;
    std::string target;
    std::string location;
    std::string label;
    std::string file;
    std::string wait = "30s";
    std::size_t limit = 20;
    bool replace = false;
    bool as_json = false;
};

using options_ptr = std::shared_ptr<check_words>;

std::string path_of(const check_words& wanted, const char* below = "") {
    return "/api/v1/checks/" + escape(wanted.name) + below;
}

int list_checks(const check_words& wanted) {
    const auto path =
        wanted.label.empty() ? std::string("/api/v1/checks") : "/api/v1/checks?label=" + escape(wanted.label);
    return print_listing(wanted.server, path,
                         {{"NAME", "name"},
                          {"STATE", "state"},
                          {"PROBE", "probe"},
                          {"INTERVAL", "interval"},
                          {"ENABLED", "enabled"},
                          {"ORIGIN", "origin"},
                          {"LABELS", "labels"}},
                         wanted.as_json);
}

std::string text_or_dash(const json& of, const char* key) {
    const auto at = of.find(key);
    return at != of.end() && at->is_string() ? at->get<std::string>() : "-";
}

// Marks that a state alone does not tell.
std::string notes_of(const json& target) {
    std::string notes;
    const auto add = [&notes](const char* word) { notes += (notes.empty() ? "" : ", ") + std::string(word); };
    if (target.value("maintenance", false))
        add("maintenance");
    if (target.value("flapping", false))
        add("flapping");
    if (!target.value("parents_up", true))
        add("parent down");
    if (target.contains("acknowledged") && target["acknowledged"].is_object())
        add("acknowledged");
    return notes.empty() ? "-" : notes;
}

int show_state(const check_words& wanted) {
    auto client = api_client::open(wanted.server);
    if (!client)
        return report(client.error());
    const auto now = client->get(path_of(wanted, "/state"));
    if (!now)
        return report(now.error());
    const auto state = text_or_dash(*now, "state");
    if (wanted.as_json) {
        std::printf("%s\n", now->dump(2).c_str());
    } else {
        table rows({"TARGET", "LOCATION", "STATE", "SINCE", "NOTES", "REASON"});
        for (const auto& target : now->value("targets", json::array())) {
            rows.add({text_or_dash(target, "target"), "(all)", text_or_dash(target, "state"),
                      text_or_dash(target, "since"), notes_of(target), text_or_dash(target, "reason")});
            for (const auto& each : target.value("locations", json::array()))
                rows.add({"", text_or_dash(each, "location"),
                          text_or_dash(each, "state") + (each.value("soft", false) ? " (soft)" : ""),
                          text_or_dash(each, "since"), each.value("connected", true) ? "-" : "cut off",
                          text_or_dash(each, "reason")});
        }
        rows.print();
    }
    return state == "critical" || state == "unreachable" ? failed : success;
}

int run_check(const check_words& wanted) {
    auto client = api_client::open(wanted.server);
    if (!client)
        return report(client.error());
    auto path = path_of(wanted, "/run") + "?wait=" + escape(wanted.wait);
    if (!wanted.target.empty())
        path += "&target=" + escape(wanted.target);
    const auto ran = client->post(path, json::object());
    if (!ran)
        return report(ran.error());
    bool good = ran->value("complete", false);
    if (wanted.as_json)
        std::printf("%s\n", ran->dump(2).c_str());
    table rows({"TARGET", "NODE", "RESULT", "ms", "REASON"});
    for (const auto& each : ran->value("samples", json::array())) {
        const bool up = each.value("success", false);
        good = good && up;
        char took[32];
        std::snprintf(took, sizeof took, "%.3f", each.value("duration_ms", 0.0));
        rows.add({text_or_dash(each, "target"), text_or_dash(each, "node"), up ? "ok" : "failed", took,
                  each.contains("error") ? text_or_dash(each["error"], "message") : text_or_dash(each, "reason")});
    }
    if (!wanted.as_json)
        rows.print();
    if (!ran->value("complete", false))
        std::fprintf(stderr, "%zu of %zu places have not answered within %s\n",
                     ran->value("places", std::size_t{0}) - ran->value("samples", json::array()).size(),
                     ran->value("places", std::size_t{0}), wanted.wait.c_str());
    return good ? success : failed;
}

int list_results(const check_words& wanted) {
    auto path = path_of(wanted, "/results");
    char between = '?';
    const auto add = [&](const char* name, const std::string& value) {
        if (value.empty())
            return;
        path += between + std::string(name) + "=" + escape(value);
        between = '&';
    };
    add("target", wanted.target);
    add("location", wanted.location);
    return print_listing(wanted.server, path,
                         {{"AT", "at"},
                          {"TARGET", "target"},
                          {"LOCATION", "node"},
                          {"SUCCESS", "success"},
                          {"ms", "duration_ms"},
                          {"LOSS", "metrics.loss_ratio"},
                          {"REASON", "reason"}},
                         wanted.as_json, wanted.limit);
}

// A check, a list of them, or a file as the daemon's with `checks:`.
result<json> read_definitions(const std::string& file) {
    auto read = read_yaml_file(file);
    if (!read)
        return read;
    if (read->is_object() && read->contains("checks"))
        read = json((*read)["checks"]);
    return read->is_array() ? std::move(read) : json::array({*read});
}

int create_checks(const check_words& wanted) {
    const auto all = read_definitions(wanted.file);
    if (!all) {
        std::fprintf(stderr, "ferrule: %s\n", all.error().message().c_str());
        return usage;
    }
    auto client = api_client::open(wanted.server);
    if (!client)
        return report(client.error());
    int code = success;
    for (const auto& each : *all) {
        const auto name = each.is_object() ? each.value("name", "") : std::string();
        const auto done = wanted.replace && !name.empty() ? client->put("/api/v1/checks/" + escape(name), each)
                                                          : client->post("/api/v1/checks", each);
        if (done)
            std::printf("%s is measured every %s\n", name.c_str(), text_or_dash(*done, "interval").c_str());
        else
            code = report(done.error());
    }
    return code;
}

CLI::App* add(CLI::App& group, const options_ptr& options, action& chosen, const char* name, const char* help,
              int (*body)(const check_words&)) {
    auto* command = group.add_subcommand(name, help);
    add_server_options(*command, options->server);
    command->callback([options, &chosen, body] { chosen = [options, body] { return body(*options); }; });
    return command;
}

} // namespace

void add_check(CLI::App& root, action& chosen) {
    auto* group = root.add_subcommand("check", "List, show, run and make checks");
    group->require_subcommand(1);
    const auto options = std::make_shared<check_words>();
    auto* listing = add(*group, options, chosen, "list", "All checks with their states", list_checks);
    listing->add_option("--label", options->label, "Only with this label, such as team=net");
    listing->add_flag("--json", options->as_json, "As JSON");
    auto* showing = add(*group, options, chosen, "show", "The definition, as JSON",
                        [](const check_words& wanted) { return print_get(wanted.server, path_of(wanted)); });
    showing->add_option("NAME", options->name, "The check")->required();
    auto* state = add(*group, options, chosen, "state", "Its targets, from each location", show_state);
    state->add_option("NAME", options->name, "The check")->required();
    state->add_flag("--json", options->as_json, "As JSON");
    auto* running = add(*group, options, chosen, "run", "Measure it now and print the results", run_check);
    running->add_option("NAME", options->name, "The check")->required();
    running->add_option("--target", options->target, "Only this target");
    running->add_option("--wait", options->wait, "How long to wait for the results; 30s if not given");
    running->add_flag("--json", options->as_json, "As JSON");
    auto* results = add(*group, options, chosen, "results", "Its results, the newest first", list_results);
    results->add_option("NAME", options->name, "The check")->required();
    results->add_option("--target", options->target, "Only of this target");
    results->add_option("--location", options->location, "Only from this node");
    results->add_option("--limit", options->limit, "How many; 0 for all that are kept")->capture_default_str();
    results->add_flag("--json", options->as_json, "As JSON");
    auto* making = add(*group, options, chosen, "create", "Make checks from a file", create_checks);
    making->add_option("-f,--file", options->file, "YAML or JSON: a check, a list, or `checks:`; - for standard input")
        ->required();
    making->add_flag("--replace", options->replace, "Also those that are there already");
    auto* deleting = add(*group, options, chosen, "delete", "Forget a check", [](const check_words& wanted) {
        return run_delete(wanted.server, path_of(wanted), "deleted " + wanted.name);
    });
    deleting->add_option("NAME", options->name, "The check")->required();
    add_check_care(*group, chosen);
}

} // namespace ferrule::app::cli
