#include "app/cli/command_run.hpp"

#include "app/cli/command_output.hpp"
#include "app/cli/exec_request.hpp"
#include "app/cli/exit_code.hpp"
#include "app/cli/printable.hpp"
#include "app/cli/table.hpp"
#include "base/id.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"

#include <unistd.h>

#include <cstdio>

namespace ferrule::app::cli {

using base::json;

namespace {

// "KEY=VALUE" in an object.
result<json> pairs(const std::vector<std::string>& given, const char* option) {
    json made = json::object();
    for (const auto& each : given) {
        const auto equals = each.find('=');
        if (equals == std::string::npos || equals == 0)
            return error("usage", std::string(option) + ": \"" + each + "\" is not KEY=VALUE");
        made[each.substr(0, equals)] = each.substr(equals + 1);
    }
    return made;
}

result<json> body_of(const command_wish& wanted) {
    json on = json::object();
    if (!wanted.agents.empty())
        on["agents"] = wanted.agents;
    if (!wanted.group.empty())
        on["group"] = wanted.group;
    if (!wanted.labels.empty()) {
        auto labels = pairs(wanted.labels, "--labels");
        if (!labels)
            return labels.error();
        on["labels"] = std::move(*labels);
    }
    if (wanted.all)
        on["all"] = true;
    json body{{"on", std::move(on)}};
    if (wanted.shell)
        body["shell"] = base::join(wanted.words, " ");
    else
        body["argv"] = wanted.words;
    auto environment = pairs(wanted.environment, "--env");
    if (!environment)
        return environment.error();
    if (!environment->empty())
        body["environment"] = std::move(*environment);
    for (const auto& [key, value] : {std::pair<const char*, const std::string&>{"user", wanted.user},
                                     {"directory", wanted.directory},
                                     {"timeout", wanted.timeout},
                                     {"ttl", wanted.ttl}})
        if (!value.empty())
            body[key] = value;
    for (const auto& each : wanted.words)
        if (!base::is_utf8(each))
            return error("not_utf8", "the command is not UTF-8, so it cannot be sent as it is");
    return body;
}

std::string text_of(const json& from, const char* key) {
    const auto at = from.find(key);
    return at != from.end() && at->is_string() ? at->get<std::string>() : std::string();
}

/// Follows one command.
class watcher {
  public:
    watcher(std::size_t total, bool quiet)
        : total_(total)
        , quiet_(quiet)
        , progress_(!quiet && total > 1 && ::isatty(STDERR_FILENO) != 0)
        , output_([this](bool err, std::string_view text) { write(err, text); }) {}

    void take(const stream_event& event) {
        const auto data = json::parse(event.data, nullptr, false);
        if (!data.is_object())
            return;
        const auto agent = text_of(data, "agent");
        const auto shown = total_ > 1 ? agent : std::string();
        if (event.name == "output" && !quiet_) {
            const auto offset = data.value("offset", std::size_t{0});
            const auto stream = text_of(data, "stream");
            auto& told = told_[agent + "/" + stream];
            auto text = std::string_view(data["text"].get_ref<const std::string&>());
            if (offset + text.size() <= told)
                return; // the stream began anew
            text.remove_prefix(offset < told ? told - offset : 0);
            told += text.size();
            output_.take(shown, stream == "stderr", text);
        } else if (event.name == "result" && ended_.emplace(agent, data).second) {
            output_.finish(shown);
            if (!quiet_ && (data.value("stdout_truncated", false) || data.value("stderr_truncated", false)))
                std::fprintf(stderr, "[the output of %s was cut at the agent's limit]\n", agent.c_str());
            show_progress();
        }
    }

    int sum_up() {
        table rows({"AGENT", "STATE", "EXIT", "ERROR"});
        std::size_t good = 0;
        for (const auto& [agent, task] : ended_) {
            const auto state = text_of(task, "state");
            good += state == "succeeded" ? 1U : 0U;
            const auto code = task.find("exit_code");
            if (state != "succeeded")
                rows.add({agent, state,
                          code != task.end() && code->is_number_integer() ? std::to_string(code->get<int>()) : "-",
                          error_line(task)});
        }
        std::fflush(stdout);
        if (!quiet_) {
            clear_progress();
            if (!rows.empty())
                std::fputs(rows.text().c_str(), stderr);
            if (total_ > 1)
                std::fprintf(stderr, "%zu of %zu succeeded\n", good, total_);
        }
        return good == total_ ? success : failed;
    }

    [[nodiscard]] json results() const {
        json all = json::array();
        for (const auto& [agent, task] : ended_)
            all.push_back(task);
        return all;
    }

  private:
    void write(bool err, std::string_view text) {
        clear_progress();
        std::fwrite(text.data(), 1, text.size(), err ? stderr : stdout);
        std::fflush(stdout);
        show_progress();
    }

    void clear_progress() {
        if (progress_)
            std::fputs("\r\033[K", stderr);
    }

    void show_progress() {
        if (progress_ && ended_.size() < total_)
            std::fprintf(stderr, "\r%zu of %zu done", ended_.size(), total_);
    }

    std::size_t total_;
    bool quiet_;
    bool progress_;
    command_output output_;
    std::map<std::string, std::size_t> told_;
    std::map<std::string, json> ended_;
};

// Over the stream, which is begun anew when a connection ends early.
result<json> follow(api_client& client, const std::string& id, watcher& into) {
    const auto path = "/api/v1/commands/" + escape(id);
    for (;;) {
        bool ended = false;
        const auto followed = client.follow(path + "/stream", [&into, &ended](const stream_event& event) {
            into.take(event);
            ended = event.name == "end";
            return !ended;
        });
        if (!followed)
            return followed.error();
        if (ended)
            return client.get(path);
    }
}

result<json> all_results(api_client& client, const std::string& id) {
    json all = json::array();
    std::string cursor;
    do {
        auto page = client.get("/api/v1/commands/" + escape(id) + "/results?limit=100" + cursor);
        if (!page)
            return page;
        for (auto& each : (*page)["items"])
            all.push_back(std::move(each));
        const auto next = text_of(*page, "next");
        cursor = next.empty() ? std::string() : "&cursor=" + escape(next);
    } while (!cursor.empty());
    return all;
}

// Otherwise it would seem to hang until they come, or until its time is over.
void say_who_is_away(api_client& client, const json& command) {
    const auto counts = command.find("counts");
    const auto queued = counts == command.end() || !counts->is_object() ? 0 : counts->value("queued", 0);
    if (queued == 0)
        return;
    constexpr std::size_t most_names = 5;
    std::vector<std::string> names;
    if (const auto all = all_results(client, text_of(command, "id")))
        for (const auto& each : *all)
            if (text_of(each, "state") == "queued" && names.size() < most_names)
                names.push_back(printable(text_of(each, "agent")));
    auto named = base::join(names, ", ");
    if (names.size() < static_cast<std::size_t>(queued))
        named += named.empty() ? std::to_string(queued) + " agents"
                               : " and " + std::to_string(static_cast<std::size_t>(queued) - names.size()) + " more";
    std::fprintf(stderr, "[waiting until %s for agents that are away: %s]\n", text_of(command, "not_after").c_str(),
                 named.c_str());
}

int watch(api_client& client, const json& command, bool as_json) {
    const auto id = text_of(command, "id");
    if (!as_json)
        say_who_is_away(client, command);
    say_last_words("\nferrule: interrupted; the command goes on. To end it: ferrule command cancel " + id + "\n");
    watcher seen(command.value("total", std::size_t{0}), as_json);
    auto last = follow(client, id, seen);
    if (!last)
        return report(last.error());
    if (as_json) {
        auto results = all_results(client, id);
        if (!results)
            return report(results.error());
        (*last)["results"] = std::move(*results);
        std::printf("%s\n", last->dump(2).c_str());
    }
    return seen.sum_up();
}

} // namespace

int run_command(api_client& client, const command_wish& wanted) {
    const auto body = body_of(wanted);
    if (!body) {
        const auto code = report(body.error());
        return body.error().code() == "usage" ? usage : code;
    }
    const auto accepted = client.post("/api/v1/commands", *body, {"Idempotency-Key: " + base::random_token(16)});
    if (!accepted)
        return report(accepted.error());
    if (wanted.no_wait) {
        std::printf("%s\n", wanted.as_json ? accepted->dump(2).c_str() : text_of(*accepted, "id").c_str());
        return success;
    }
    return watch(client, *accepted, wanted.as_json);
}

int watch_command(api_client& client, const std::string& id, bool as_json) {
    const auto known = client.get("/api/v1/commands/" + escape(id));
    return known ? watch(client, *known, as_json) : report(known.error());
}

} // namespace ferrule::app::cli
