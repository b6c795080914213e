#include "app/cli/exec_request.hpp"

#include "app/cli/exit_code.hpp"
#include "base/id.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace ferrule::app::cli {

using base::json;

namespace {

result<std::vector<std::string>> read_lines(const std::string& file) {
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored))
        return error("config_file", "cannot read " + file + ": it is a directory");
    std::ifstream in;
    if (file != "-")
        in.open(file);
    if (file != "-" && !in)
        return error("config_file", "cannot read " + file + ": " + std::strerror(errno));
    std::istream& from = file == "-" ? std::cin : in;
    std::vector<std::string> lines;
    for (std::string line; std::getline(from, line);) {
        if (line.ends_with('\r'))
            line.pop_back();
        if (!line.empty())
            lines.push_back(std::move(line));
    }
    if (lines.empty())
        return error("config_file", file + " has no lines");
    return lines;
}

result<void> check_text(const std::vector<std::string>& lines, const std::string& what) {
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (!base::is_utf8(lines[i]))
            return error("not_utf8",
                         what + " " + std::to_string(i + 1) + " is not UTF-8, so it cannot be sent as it is");
    return ok();
}

// Read by the signal handler, so complete before the handler is set, and never changed after.
std::string last_words;

void on_interrupt(int) {
    static_cast<void>(!::write(STDERR_FILENO, last_words.data(), last_words.size()));
    ::_exit(interrupted);
}

} // namespace

result<json> job_body(const exec_request& wanted) {
    json body{{"strategy", wanted.fifo ? "fifo" : "pinned"}, {"stop_on_error", !wanted.keep_going}};
    if (!wanted.config_file.empty()) {
        auto lines = read_lines(wanted.config_file);
        if (!lines)
            return lines.error();
        if (auto good = check_text(*lines, "line"); !good)
            return good.error();
        body["config"] = *lines;
    } else {
        if (auto good = check_text(wanted.commands, "command"); !good)
            return good.error();
        body["commands"] = wanted.commands;
        body["change"] = wanted.change;
    }
    if (wanted.raw)
        body["raw"] = true;
    if (!wanted.timeout.empty())
        body["timeout"] = wanted.timeout;
    if (!wanted.ttl.empty())
        body["ttl"] = wanted.ttl;
    return body;
}

result<json> submit(api_client& client, const json& body) {
    return client.post("/api/v1/jobs", body, {"Idempotency-Key: " + base::random_token(16)});
}

bool is_over(const json& job) {
    const auto state = job.value("state", std::string());
    return state != "queued" && state != "running" && !state.empty();
}

// Over the stream, since the longest `wait` that the server allows is not known here.
result<json> wait_for_end(api_client& client, const std::string& id,
                          const std::function<void(const stream_event&)>& each) {
    const auto path = "/api/v1/jobs/" + escape(id);
    for (;;) {
        bool ended = false;
        const auto followed = client.follow(path + "/stream", [&each, &ended](const stream_event& event) {
            each(event);
            ended = event.name == "end";
            return !ended;
        });
        if (!followed)
            return followed.error();
        auto job = client.get(path);
        if (!job || ended || is_over(*job))
            return job;
    }
}

void say_when_interrupted(const std::vector<std::string>& ids) {
    constexpr std::size_t most = 20;
    last_words = ids.size() == 1 ? "\nferrule: interrupted; the job goes on. To end it: ferrule job cancel "
                                 : "\nferrule: interrupted; the jobs go on. To end one: ferrule job cancel ID\n";
    for (std::size_t i = 0; i < std::min(ids.size(), most); ++i)
        last_words += ids[i] + "\n";
    if (ids.size() > most)
        last_words += "and " + std::to_string(ids.size() - most) + " more: ferrule job list\n";
    std::signal(SIGINT, on_interrupt);
}

void say_last_words(std::string words) {
    last_words = std::move(words);
    std::signal(SIGINT, on_interrupt);
}

std::string error_line(const json& job) {
    const auto at = job.find("error");
    if (at == job.end() || !at->is_object())
        return {};
    return at->value("message", "") + " (" + at->value("code", "") + ")";
}

} // namespace ferrule::app::cli
