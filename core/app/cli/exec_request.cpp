#include "app/cli/exec_request.hpp"

#include "base/json.hpp"

#include <fstream>
#include <iostream>

namespace ferrule::app::cli {

using base::json;

namespace {

result<std::vector<std::string>> read_lines(const std::string& file) {
    std::ifstream in;
    if (file != "-")
        in.open(file);
    if (file != "-" && !in)
        return error("config_file", "cannot read " + file);
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

} // namespace

result<json> job_body(const exec_request& wanted) {
    json body{{"strategy", wanted.fifo ? "fifo" : "pinned"}, {"stop_on_error", !wanted.keep_going}};
    if (!wanted.config_file.empty()) {
        auto lines = read_lines(wanted.config_file);
        if (!lines)
            return lines.error();
        body["config"] = *lines;
    } else {
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

std::string error_line(const json& job) {
    const auto at = job.find("error");
    if (at == job.end() || !at->is_object())
        return {};
    return at->value("message", "") + " (" + at->value("code", "") + ")";
}

} // namespace ferrule::app::cli
