// SPDX-License-Identifier: Apache-2.0
#include "ssh/platform/platform_reader.hpp"

#include <array>
#include <random>

namespace ferrule::ssh {

namespace {

constexpr const char* bad = "invalid_platform";

/// A word that no device prints by chance. Not a secret: it only has to be new.
std::string fresh_token() {
    static constexpr char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    std::random_device source;
    std::string token;
    for (int i = 0; i < 12; ++i) {
        token += letters[source() % 32u];
    }
    return token;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
    return text;
}

echo_kind echo_named(json_reader& in) {
    const auto name = in.text("echo", "strict");
    if (name == "strict") {
        return echo_kind::strict;
    }
    if (name == "fuzzy") {
        return echo_kind::fuzzy;
    }
    if (name == "none") {
        return echo_kind::none;
    }
    in.wrong("echo", "one of strict, fuzzy, none");
}

} // namespace

regex platform_reader::pattern(json_reader& in, const std::string& key, const std::string& text) {
    auto compiled = regex::compile(text);
    if (!compiled) {
        throw sdk::failure(sdk::error(in.code(), "'" + in.place(key) + "': " + compiled.error().message()));
    }
    return *std::move(compiled);
}

std::vector<regex> platform_reader::patterns(json_reader& in, const std::string& key) {
    std::vector<regex> out;
    for (const auto& text : in.texts(key)) {
        out.push_back(pattern(in, key, text));
    }
    return out;
}

question platform_reader::one_question(const json& object, const std::string& path) {
    json_reader in(object, path, bad);
    question q(pattern(in, "pattern", in.text("pattern")));
    const auto answer = in.text("answer");
    q.reply = in.text("reply");
    q.bare = in.flag("bare", false);
    q.secret = in.flag("secret", !answer.empty());
    q.repeat = in.flag("repeat", false);
    if (answer == "password") {
        q.answer = question::source::password;
    } else if (answer == "enable") {
        q.answer = question::source::enable;
    } else if (!answer.empty()) {
        in.wrong("answer", "one of password, enable");
    }
    in.object("fail", [&](const json& fail, const std::string& place) {
        json_reader f(fail, place, bad);
        q.answer = question::source::fail;
        q.fail_code = f.text("code", "login_dialog");
        q.fail_message = f.text("message");
        f.finish();
    });
    in.finish();
    if (q.pattern.pattern().empty()) {
        in.wrong("pattern", "a regular expression");
    }
    return q;
}

std::vector<question> platform_reader::questions(json_reader& in, const std::string& key) {
    std::vector<question> out;
    in.objects(key, [&](const json& object, const std::string& path) { out.push_back(one_question(object, path)); });
    return out;
}

std::shared_ptr<platform> platform_reader::prompt() {
    std::shared_ptr<platform> made;
    const auto* value = in_.find("prompt");
    if (value == nullptr) {
        in_.wrong("prompt", "an object with a pattern");
    }
    json_reader p(*value, "prompt", bad);
    const auto text = p.text("pattern");
    if (text.empty()) {
        p.wrong("pattern", "a regular expression");
    }
    made.reset(new platform(pattern(p, "pattern", text)));
    made->prompt_exclude = patterns(p, "exclude");
    made->prompt_ends = p.text("ends");
    p.finish();
    made->prompt_lines = in_.number("prompt_lines", 1, 1, 4);
    made->settle = in_.duration("settle", 60 * millisecond);
    return made;
}

void platform_reader::behaviour(platform& p) {
    p.line_return = in_.text("return", "\r");
    p.interrupt = in_.text("interrupt", "\x03");
    p.username_suffix = in_.text("username_suffix");
    p.echo = echo_named(in_);
    p.two_phase = in_.flag("two_phase", false);
    in_.object("terminal", [&](const json& object, const std::string& path) {
        json_reader t(object, path, bad);
        p.width = static_cast<std::uint16_t>(t.number("width", 511, 0, 32767));
        p.height = static_cast<std::uint16_t>(t.number("height", 0, 0, 32767));
        p.terminal = t.text("type", "vt100");
        t.finish();
    });
    in_.object("keepalive", [&](const json& object, const std::string& path) {
        json_reader k(object, path, bad);
        p.probe = k.text("probe");
        p.keepalive_timeout = k.duration("timeout", 10 * second);
        k.finish();
    });
}

void platform_reader::texts(platform& p) {
    p.login_dialogs = questions(in_, "login_dialogs");
    p.on_open = in_.texts("on_open");
    p.on_close = in_.texts("on_close");
    p.pager = questions(in_, "pager");
    for (auto& q : p.pager) {
        q.bare = true;
        q.repeat = true;
    }
    p.confirm = questions(in_, "confirm");
    for (auto& q : p.confirm) {
        q.repeat = true;
    }
    p.fatal = patterns(in_, "fatal");
    p.redact = patterns(in_, "redact");
    for (const auto* key : {"inherits", "summary"}) { // for people, and for the core
        in_.find(key);
    }
}

void platform_reader::one_mode(platform& p, const json& object, const std::string& path) {
    json_reader in(object, path, bad);
    const auto text = in.text("pattern");
    mode m(in.text("name"), pattern(in, "pattern", text));
    if (m.name.empty()) {
        in.wrong("name", "a name");
    }
    if (text.empty()) {
        in.wrong("pattern", "a regular expression");
    }
    m.fatal = patterns(in, "fatal");
    in.object("to", [&](const json& ways, const std::string& place) {
        json_reader check(ways, place, bad);
        for (const auto& way : ways.items()) {
            json_reader w(way.value(), place + "." + way.key(), bad);
            dialogue d;
            d.lines = w.texts("send");
            d.questions = questions(w, "prompts");
            w.finish();
            if (d.lines.empty()) {
                w.wrong("send", "a line, or a list of lines");
            }
            m.to.emplace(way.key(), std::move(d));
        }
    });
    in.finish();
    p.modes.push_back(std::move(m));
}

void platform_reader::modes(platform& p) {
    in_.objects("modes", [&](const json& object, const std::string& path) { one_mode(p, object, path); });
    for (const auto& m : p.modes) {
        for (const auto& [name, way] : m.to) {
            if (p.mode_named(name) == platform::npos) {
                in_.wrong("modes", "consistent: mode '" + m.name + "' leads to '" + name + "', which is not defined");
            }
        }
    }
    p.default_mode = in_.text("default_mode");
    if (!p.default_mode.empty() && p.mode_named(p.default_mode) == platform::npos) {
        in_.wrong("default_mode", "the name of a mode");
    }
}

void platform_reader::config(platform& p) {
    in_.object("config", [&](const json& object, const std::string& path) {
        json_reader c(object, path, bad);
        auto& rules = p.config;
        rules.mode = c.text("mode");
        rules.enter = c.texts("enter");
        rules.exit = c.texts("exit");
        rules.commit = c.texts("commit");
        rules.abort = c.texts("abort");
        if (const auto text = c.text("commit_prompt"); !text.empty()) {
            rules.commit_prompt = pattern(c, "commit_prompt", text);
        }
        rules.window = c.number("window", 1, 1, 256);
        c.finish();
        if (!rules.mode.empty() && p.mode_named(rules.mode) == platform::npos) {
            c.wrong("mode", "the name of a mode");
        }
        if (rules.commit.empty() && (!rules.abort.empty() || rules.commit_prompt)) {
            c.wrong("commit", "given where abort or commit_prompt is");
        }
    });
}

void platform_reader::own(platform& p) {
    in_.object("own_prompt", [&](const json& object, const std::string& path) {
        json_reader o(object, path, bad);
        const auto token = fresh_token();
        std::vector<std::string> lines;
        for (const auto& line : o.texts("send")) {
            lines.push_back(replaced(line, "{token}", token));
        }
        const auto text = replaced(o.text("pattern"), "{token}", token);
        if (lines.empty()) {
            o.wrong("send", "the lines that set the prompt");
        }
        if (text.find(token) == std::string::npos) {
            o.wrong("pattern", "a regular expression that holds {token}");
        }
        p.own = own_prompt{.lines = std::move(lines), .pattern = pattern(o, "pattern", text)};
        o.finish();
    });
}

std::shared_ptr<const platform> platform_reader::read(const json& object) {
    platform_reader reader(object);
    auto name = reader.in_.text("name", "generic");
    auto made = reader.prompt();
    made->name = std::move(name);
    reader.behaviour(*made);
    reader.texts(*made);
    reader.modes(*made);
    reader.config(*made);
    reader.own(*made);
    reader.in_.finish();
    return made;
}

} // namespace ferrule::ssh
