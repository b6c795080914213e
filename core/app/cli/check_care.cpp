#include "app/cli/check_care.hpp"

#include "app/cli/api_client.hpp"
#include "app/cli/exit_code.hpp"
#include "app/cli/table.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace ferrule::app::cli {

using base::json;

namespace {

struct care_words {
    server_choice server;
    std::string name;
    std::string window;
    std::string from;
    std::string until;
    std::string span;
    std::vector<std::string> days;
    std::string start;
    std::string utc_offset;
    std::string target;
    std::string comment;
    bool as_json = false;
};

using care_ptr = std::shared_ptr<care_words>;

std::string path_of(const care_words& wanted, const std::string& below) {
    return "/api/v1/checks/" + escape(wanted.name) + below;
}

int misused(const std::string& why) {
    std::fprintf(stderr, "ferrule: %s\n", why.c_str());
    return usage;
}

// `span` after `from`, or after now.
result<std::string> end_of(const care_words& wanted) {
    if (!wanted.until.empty())
        return wanted.until;
    const auto lasts = base::parse_duration(wanted.span);
    if (!lasts)
        return error("usage", "--for: " + lasts.error().message());
    auto begins = base::system_clock().wall_now();
    if (!wanted.from.empty()) {
        const auto read = base::parse_rfc3339(wanted.from);
        if (!read)
            return error("usage", "--from: " + read.error().message());
        begins = *read;
    }
    return base::to_rfc3339(begins + std::chrono::duration_cast<base::wall_time::duration>(*lasts));
}

result<json> window_of(const care_words& wanted) {
    json out{{"name", wanted.window}};
    if (!wanted.days.empty()) {
        if (wanted.start.empty() || wanted.span.empty() || !wanted.from.empty() || !wanted.until.empty())
            return error("usage", "a weekly window takes --days, --start and --for, such as "
                                  "--days sat,sun --start 02:30 --for 2h");
        out["days"] = wanted.days;
        out["start"] = wanted.start;
        out["duration"] = wanted.span;
        if (!wanted.utc_offset.empty())
            out["utc_offset"] = wanted.utc_offset;
        return out;
    }
    if (!wanted.start.empty() || !wanted.utc_offset.empty())
        return error("usage", "--start and --utc-offset belong to a weekly window, with --days");
    if (wanted.until.empty() && wanted.span.empty())
        return error("usage", "say how long: --for 2h, or --until 2026-05-01T12:00:00Z");
    const auto until = end_of(wanted);
    if (!until)
        return until.error();
    out["from"] = wanted.from.empty() ? base::to_rfc3339(base::system_clock().wall_now()) : wanted.from;
    out["until"] = *until;
    return out;
}

std::string when(const json& window) {
    if (window.contains("from"))
        return window.value("from", "") + " to " + window.value("until", "");
    std::vector<std::string> days;
    for (const auto& each : window.value("days", json::array()))
        days.push_back(each.get<std::string>());
    return base::join(days, ",") + " " + window.value("start", "") + " for " + window.value("duration", "") + " (UTC" +
           (window.value("utc_offset", "Z") == "Z" ? "" : window.value("utc_offset", "")) + ")";
}

int announce(const care_words& wanted) {
    const auto body = window_of(wanted);
    if (!body)
        return misused(body.error().message());
    auto client = api_client::open(wanted.server);
    if (!client)
        return report(client.error());
    const auto done = client->post(path_of(wanted, "/maintenance"), *body);
    if (!done)
        return report(done.error());
    if (wanted.as_json)
        std::printf("%s\n", done->dump(2).c_str());
    else
        std::printf("%s: nobody is called for %s, %s\n", wanted.window.c_str(), wanted.name.c_str(),
                    when(*done).c_str());
    return success;
}

int withdraw(const care_words& wanted) {
    auto client = api_client::open(wanted.server);
    if (!client)
        return report(client.error());
    const auto done = client->remove(path_of(wanted, "/maintenance/" + escape(wanted.window)));
    if (!done)
        return report(done.error());
    std::printf("withdrew %s\n", wanted.window.c_str());
    return success;
}

int list_windows(const care_words& wanted) {
    auto client = api_client::open(wanted.server);
    if (!client)
        return report(client.error());
    const auto definition = client->get(path_of(wanted, ""));
    if (!definition)
        return report(definition.error());
    const auto now = client->get(path_of(wanted, "/state"));
    if (!now)
        return report(now.error());
    const auto fixed = definition->value("maintenance", json::array());
    const auto announced = now->value("windows", json::array());
    if (wanted.as_json) {
        std::printf("%s\n", json{{"definition", fixed}, {"announced", announced}}.dump(2).c_str());
        return success;
    }
    table rows({"WINDOW", "WHEN", "ORIGIN"});
    for (const auto& each : fixed)
        rows.add({each.value("name", "-"), when(each), "definition"});
    for (const auto& each : announced)
        rows.add({each.value("name", "-"), when(each), "announced"});
    rows.print();
    return success;
}

int acknowledge(const care_words& wanted) {
    json body = json::object();
    if (!wanted.target.empty())
        body["target"] = wanted.target;
    if (!wanted.comment.empty())
        body["comment"] = wanted.comment;
    if (!wanted.until.empty() || !wanted.span.empty()) {
        const auto until = end_of(wanted);
        if (!until)
            return misused(until.error().message());
        body["until"] = *until;
    }
    auto client = api_client::open(wanted.server);
    if (!client)
        return report(client.error());
    const auto done = client->post(path_of(wanted, "/acknowledgement"), body);
    if (!done)
        return report(done.error());
    if (wanted.as_json) {
        std::printf("%s\n", done->dump(2).c_str());
        return success;
    }
    for (const auto& each : done->value("targets", json::array()))
        if (each.contains("acknowledged") && each["acknowledged"].is_object())
            std::printf("%s is seen to by %s\n", each.value("target", "").c_str(),
                        each["acknowledged"].value("by", "").c_str());
    return success;
}

int take_back(const care_words& wanted) {
    auto client = api_client::open(wanted.server);
    if (!client)
        return report(client.error());
    const auto only = wanted.target.empty() ? std::string() : "?target=" + escape(wanted.target);
    const auto done = client->remove(path_of(wanted, "/acknowledgement" + only));
    if (!done)
        return report(done.error());
    std::printf("took back the acknowledgement of %s\n", wanted.name.c_str());
    return success;
}

CLI::App* add(CLI::App& group, const care_ptr& options, action& chosen, const char* name, const char* help,
              int (*body)(const care_words&)) {
    auto* command = group.add_subcommand(name, help);
    command->add_option("NAME", options->name, "The check")->required();
    add_server_options(*command, options->server);
    command->callback([options, &chosen, body] { chosen = [options, body] { return body(*options); }; });
    return command;
}

} // namespace

void add_check_care(CLI::App& group, action& chosen) {
    const auto options = std::make_shared<care_words>();
    auto* announcing = add(group, options, chosen, "announce",
                           "Announce work, for which nobody is called; also for a check of a file", announce);
    announcing->add_option("WINDOW", options->window, "What for; one of the same name is replaced")->required();
    announcing->add_option("--from", options->from, "When it begins, such as 2026-05-01T10:00:00Z; now if not given");
    auto* until = announcing->add_option("--until", options->until, "When it ends");
    announcing->add_option("--for", options->span, "How long it takes, such as 2h")->excludes(until);
    announcing->add_option("--days", options->days, "Every week on these days, such as sat,sun")->delimiter(',');
    announcing->add_option("--start", options->start, "With --days: when it begins, such as 02:30");
    announcing->add_option("--utc-offset", options->utc_offset, "With --days: of the local time, such as +08:00");
    announcing->add_flag("--json", options->as_json, "As JSON");

    auto* withdrawing = add(group, options, chosen, "withdraw", "Take back an announcement", withdraw);
    withdrawing->add_option("WINDOW", options->window, "Its name")->required();

    auto* listing =
        add(group, options, chosen, "windows", "Windows of its definition, and announced ones", list_windows);
    listing->add_flag("--json", options->as_json, "As JSON");

    auto* seeing =
        add(group, options, chosen, "acknowledge", "Say that you see to a problem; ends with the problem", acknowledge);
    seeing->add_option("--target", options->target, "Only this target; otherwise all that have a problem");
    seeing->add_option("--comment", options->comment, "For those who look at the check");
    auto* until_then = seeing->add_option("--until", options->until, "It counts no longer than this");
    seeing->add_option("--for", options->span, "The same as a time from now, such as 4h")->excludes(until_then);
    seeing->add_flag("--json", options->as_json, "The state of the check, as JSON");

    auto* back = add(group, options, chosen, "unacknowledge", "Take back an acknowledgement", take_back);
    back->add_option("--target", options->target, "Only of this target");
}

} // namespace ferrule::app::cli
