// SPDX-License-Identifier: Apache-2.0
#include "ssh/session/replies.hpp"

#include <ferrule/sdk/json_writer.hpp>

namespace ferrule::ssh {

namespace {

std::string failed(const sdk::error& why) {
    return sdk::json_object().add("code", why.code()).add("message", why.message()).text();
}

} // namespace

sdk::error rejected(const std::string& command, const std::string& refusal) {
    return {"command_rejected", "The device refused '" + command + "': " + refusal};
}

sdk::error ended_badly(const std::string& command, int exit_status) {
    return {"command_failed", "'" + command + "' ended with exit status " + std::to_string(exit_status) + "."};
}

std::string command_reply(const std::string& command, int exit_status, const output& out) {
    sdk::json_object reply;
    if (exit_status >= 0) {
        reply.add("exit_status", exit_status);
    }
    if (out.refusal()) {
        reply.add_json("failed", failed(rejected(command, *out.refusal())));
    } else if (exit_status > 0) {
        reply.add_json("failed", failed(ended_badly(command, exit_status)));
    }
    return reply.text();
}

std::string refused_reply(const sdk::error& why) {
    return sdk::json_object().add_json("failed", failed(why)).text();
}

std::string config_reply(const config_log& log) {
    sdk::json_array all;
    for (const auto& line : log) {
        sdk::json_object one;
        one.add("command", line.command).add("output", line.output);
        if (line.failed) {
            one.add_json("failed", failed(*line.failed));
        }
        if (line.skipped) {
            one.add("skipped", true);
        }
        all.add_json(one.text());
    }
    return sdk::json_object().add_json("lines", all.text()).text();
}

sdk::error broken_off(const sdk::error& why, const config_log& log) {
    return log.empty() ? why : sdk::error(why.code(), why.message(), why.retryable(), config_reply(log));
}

} // namespace ferrule::ssh
