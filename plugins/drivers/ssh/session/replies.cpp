// SPDX-License-Identifier: Apache-2.0
#include "ssh/session/replies.hpp"

#include <ferrule/sdk/json_writer.hpp>

#include <utility>

namespace ferrule::ssh {

namespace {

std::string failed(const std::string& code, const std::string& message) {
    return sdk::json_object().add("code", code).add("message", message).text();
}

std::string rejected(const std::string& command, const std::string& refusal) {
    return failed("command_rejected", "The device refused '" + command + "': " + refusal);
}

std::string texts(const std::vector<std::string>& all) {
    sdk::json_array out;
    for (const auto& each : all) {
        out.add(each);
    }
    return out.text();
}

} // namespace

std::string command_reply(const std::string& command, int exit_status, const output& out) {
    sdk::json_object reply;
    if (exit_status >= 0) {
        reply.add("exit_status", exit_status);
    }
    if (out.refusal()) {
        reply.add_json("failed", rejected(command, *out.refusal()));
    } else if (exit_status > 0) {
        reply.add_json("failed", failed("command_failed", "'" + command + "' ended with exit status " +
                                                              std::to_string(exit_status) + "."));
    }
    if (!out.warnings().empty()) {
        reply.add_json("warnings", texts(out.warnings()));
    }
    return reply.text();
}

std::string refused_reply(const sdk::error& why) {
    return sdk::json_object().add_json("failed", failed(why.code(), why.message())).text();
}

std::string config_reply(const std::vector<std::pair<std::string, line_outcome>>& lines) {
    sdk::json_array all;
    for (const auto& [line, outcome] : lines) {
        sdk::json_object one;
        one.add("command", line).add("output", outcome.output);
        if (outcome.refusal) {
            one.add_json("failed", rejected(line, *outcome.refusal));
        }
        if (!outcome.warnings.empty()) {
            one.add_json("warnings", texts(outcome.warnings));
        }
        if (outcome.skipped) {
            one.add("skipped", true);
        }
        all.add_json(one.text());
    }
    return sdk::json_object().add_json("lines", all.text()).text();
}

} // namespace ferrule::ssh
