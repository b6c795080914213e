// SPDX-License-Identifier: Apache-2.0
#include "ssh/session/exec_request.hpp"

#include "ssh/platform/json_reader.hpp"
#include "ssh/platform/platform_reader.hpp"

#include <algorithm>

namespace ferrule::ssh {

namespace {

constexpr const char* bad = "invalid_request";

/// Control characters would be taken as keys by the device: a tab completes, Ctrl-C interrupts, a line feed runs half
/// of the text.
void check_line(json_reader& in, const std::string& key, const std::string& line, bool multiline) {
    const auto control = std::ranges::find_if(
        line, [&](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t' && !(multiline && c == '\n'); });
    if (control != line.end()) {
        in.wrong(key, multiline ? "lines without control characters"
                                : "one line without control characters; send several commands as several, and answer "
                                  "questions with prompts");
    }
}

} // namespace

exec_request exec_request::parse(std::string_view json) {
    const auto object = json_reader::parse(json, "The request", bad);
    json_reader in(object, "", bad);
    exec_request out;
    if (in.find("command") != nullptr) {
        out.command = in.text("command");
        check_line(in, "command", *out.command, false);
    }
    out.config = in.texts("config");
    for (const auto& line : out.config) {
        check_line(in, "config", line, true);
    }
    if (out.command.has_value() != out.config.empty()) {
        in.wrong("command", "given, or config, but not both");
    }
    in.objects("prompts", [&](const nlohmann::json& prompt, const std::string& path) {
        json_reader p(prompt, path, bad);
        question q(platform_reader::pattern(p, "pattern", p.text("pattern")));
        q.reply = p.text("reply");
        q.secret = p.flag("secret", false);
        p.finish();
        out.prompts.push_back(std::move(q));
    });
    out.idle = in.number("idle_timeout_ms", 30'000, 1, 24ull * 3600 * 1000) * millisecond;
    out.stop_on_error = in.flag("stop_on_error", true);
    out.raw = in.flag("raw", false);
    if (in.find("mode") != nullptr) {
        out.mode = in.text("mode");
    }
    return out;
}

} // namespace ferrule::ssh
