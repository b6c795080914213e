// ferrule probe: measures at once and shows it as it comes.
#include "app/cli/api_client.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/exit_code.hpp"
#include "app/cli/probe_request.hpp"
#include "app/cli/probe_table.hpp"
#include "app/cli/table.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"

#include <CLI/CLI.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ferrule::app::cli {

using base::json;

namespace {

volatile std::sig_atomic_t stopped = 0;

/// What of the run is on the screen: as much as fits, for what was broken into two lines or has left at the top could
/// not be taken away again.
class screen {
  public:
    void draw(const probe_table& now) {
        clear();
        const auto [rows, columns] = size();
        const auto text = now.text();
        for (const auto line : base::split(std::string_view(text), '\n')) {
            if (line.empty() || drawn_ + 2 >= rows)
                break;
            put(fitted(line, columns));
        }
        put(fitted(now.progress(), columns));
        std::fflush(stdout);
    }

    void clear() {
        if (drawn_ != 0)
            std::printf("\x1b[%zuA\x1b[J", drawn_); // back to its first line, and away with it
        drawn_ = 0;
    }

  private:
    static std::pair<std::size_t, std::size_t> size() {
        constexpr std::size_t any = std::numeric_limits<std::size_t>::max();
        winsize told{};
        if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &told) != 0)
            return {any, any};
        return {told.ws_row == 0 ? any : told.ws_row, told.ws_col == 0 ? any : told.ws_col};
    }

    void put(std::string_view line) {
        std::fwrite(line.data(), 1, line.size(), stdout);
        std::fputc('\n', stdout);
        ++drawn_;
    }

    std::size_t drawn_ = 0;
};

/// Follows the stream; each event changes the table.
class following {
  public:
    explicit following(const probe_request& asked)
        : live_(!asked.as_json && ::isatty(STDOUT_FILENO) != 0)
        , lines_(!asked.as_json && !live_)
        , as_json_(asked.as_json) {}

    bool take(const stream_event& event) {
        const auto told = json::parse(event.data, nullptr, false);
        if (event.name == "begin") {
            rows_.begin(told);
        } else if (event.name == "sample") {
            const auto line = rows_.add(told);
            if (as_json_)
                std::printf("%s\n", event.data.c_str());
            else if (lines_)
                std::printf("%s\n", line.c_str());
            std::fflush(stdout);
        } else if (event.name == "error") {
            problem_ = base::error_from_json(event.data, "internal");
            return false;
        } else if (event.name == "end") {
            ended_ = true;
        }
        if (live_ && !ended_)
            screen_.draw(rows_);
        return stopped == 0;
    }

    int finish() {
        screen_.clear();
        if (problem_)
            return report(*problem_);
        if (!as_json_)
            std::fputs(rows_.text().c_str(), stdout);
        if (stopped != 0)
            return interrupted;
        if (!ended_) {
            std::fprintf(stderr, "ferrule: the server ended the run before its end\n");
            return failed;
        }
        return rows_.all_answered() ? success : failed;
    }

  private:
    const bool live_;
    const bool lines_;
    const bool as_json_;
    probe_table rows_;
    screen screen_;
    std::optional<error> problem_;
    bool ended_ = false;
};

int measure(const server_choice& server, const probe_request& asked) {
    const auto body = to_body(asked);
    if (!body) {
        std::fprintf(stderr, "ferrule: %s\n", body.error().message().c_str());
        return usage;
    }
    auto client = api_client::open(server);
    if (!client)
        return report(client.error());
    std::signal(SIGINT, [](int) { stopped = 1; }); // what came so far is summed up
    following shown(asked);
    const auto followed =
        client->follow("/api/v1/probes/run", *body, [&shown](const stream_event& event) { return shown.take(event); });
    if (!followed && stopped == 0)
        return report(followed.error());
    return shown.finish();
}

} // namespace

void add_probe(CLI::App& root, action& chosen) {
    auto* command = root.add_subcommand("probe", "Measure targets at once, from this server's node or others");
    const auto server = std::make_shared<server_choice>();
    const auto asked = std::make_shared<probe_request>();
    command->add_option("PROBE", asked->probe, "The probe, such as icmp, tcp or dns")->required();
    command->add_option("TARGET", asked->targets, "HOST, HOST:PORT or URL")->required();
    command->add_option("--from", asked->from, "A node by name, or nodes by label, such as site=fra1")->take_all();
    command->add_option("--region", asked->region, "Only nodes in this region");
    command->add_option("--nodes", asked->nodes, "So many of the nodes that match, instead of all");
    command->add_option("--count", asked->count, "How many rounds; 1 if not given")->check(CLI::Range(1, 10'000));
    command->add_option("--interval", asked->interval, "From round to round, such as 200ms; 1s if not given");
    command->add_option("--timeout", asked->timeout, "Limit of one measurement; 5s if not given");
    command->add_option("--set", asked->settings, "A setting of the probe, such as count=5 or tls_config.verify=false")
        ->take_all();
    command->add_option("--settings", asked->settings_file,
                        "File with settings, YAML or JSON, in which ${NAME} and !file name secrets; --set wins");
    command->add_flag("--json", asked->as_json, "Each result as a line of JSON");
    add_server_options(*command, *server);
    command->callback([server, asked, &chosen] { chosen = [server, asked] { return measure(*server, *asked); }; });
}

} // namespace ferrule::app::cli
