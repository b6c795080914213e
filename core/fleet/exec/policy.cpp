#include "fleet/exec/policy.hpp"

#include "base/strings.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace ferrule::fleet::exec {

namespace {

std::string in_quotes(std::string_view text) {
    return "\"" + base::shortened(text, 80) + "\"";
}

bool covers(const std::string& rule, std::string_view name) {
    if (rule.ends_with('*'))
        return name.starts_with(std::string_view(rule).substr(0, rule.size() - 1));
    return rule == name;
}

// A folder or something below it. The path is taken as it is written, so one with `..` is below nothing.
bool is_below(const std::string& folder, const std::string& path) {
    if (std::filesystem::path(path).lexically_normal().native() != path)
        return false;
    return path == folder || folder == "/" || path.starts_with(folder + "/");
}

} // namespace

policy::policy(config::exec_settings wanted, std::string file)
    : wanted_(std::move(wanted))
    , file_(file.empty() ? "the agent's configuration" : std::move(file)) {}

result<policy> policy::make(const config::exec_settings& wanted, std::string file) {
    policy made(wanted, std::move(file));
    for (const auto& each : wanted.allow) {
        program read;
        read.path = each.program;
        read.users = each.users.empty() ? wanted.users : each.users;
        for (const auto& text : each.args) {
            auto compiled = pattern::compile(text);
            if (!compiled)
                return compiled.error().within("agent.exec.allow: " + each.program);
            read.args.push_back(std::move(*compiled));
        }
        if (!each.more_args.empty()) {
            auto compiled = pattern::compile(each.more_args);
            if (!compiled)
                return compiled.error().within("agent.exec.allow: " + each.program);
            read.more.push_back(std::move(*compiled));
        }
        made.allowed_.push_back(std::move(read));
    }
    return made;
}

error policy::refuse(const char* code, std::string what, std::string_view setting, std::string_view remedy) const {
    return error(code, std::move(what) + ": " + std::string(setting) + " in " + file_ + " on the agent " +
                           std::string(remedy));
}

result<void> policy::judge(const model::command_spec& asked) const {
    if (!wanted_.enabled)
        return refuse("exec_disabled", "this agent runs no commands", "agent.exec.enabled",
                      "is false; only there can it be turned on");
    const auto users = judge_program(asked);
    if (!users)
        return users.error();
    if (auto good = judge_user(asked.user, *users); !good)
        return good;
    return judge_surroundings(asked);
}

result<std::vector<std::string>> policy::judge_program(const model::command_spec& asked) const {
    if (!asked.shell.empty()) {
        if (!wanted_.shell)
            return refuse("shell_not_allowed", "this agent runs no lines of the shell", "agent.exec.shell", "is false");
        return wanted_.users;
    }
    std::string nearest; // why the last rule for this program does not fit
    for (std::size_t i = 0; i < allowed_.size(); ++i) {
        const auto& rule = allowed_[i];
        if (asked.argv.empty() || rule.path != asked.argv.front())
            continue;
        const auto name = "agent.exec.allow[" + std::to_string(i) + "]";
        const auto given = asked.argv.size() - 1;
        if (given < rule.args.size() || (given > rule.args.size() && rule.more.empty())) {
            nearest = name + " wants " + std::to_string(rule.args.size()) + (rule.more.empty() ? "" : " or more") +
                      " arguments, not " + std::to_string(given);
            continue;
        }
        std::size_t at = 0;
        const auto fits = [&rule, &asked](std::size_t k) {
            const auto& wanted = k < rule.args.size() ? rule.args[k] : rule.more.front();
            return wanted.matches(asked.argv[k + 1]);
        };
        while (at < given && fits(at))
            ++at;
        if (at == given)
            return rule.users;
        nearest = name + " does not allow " + in_quotes(asked.argv[at + 1]) + " as argument " + std::to_string(at + 1);
    }
    const auto asked_for = asked.argv.empty() ? std::string() : asked.argv.front();
    if (!nearest.empty())
        return refuse("arguments_not_allowed", "these arguments of " + in_quotes(asked_for) + " are not allowed",
                      nearest + "; rules are set under agent.exec.allow", "and nowhere else");
    return refuse("program_not_allowed", in_quotes(asked_for) + " is not allowed", "agent.exec.allow",
                  "does not name it");
}

result<void> policy::judge_user(const std::string& user, const std::vector<std::string>& allowed) const {
    if (user.empty() || std::find(allowed.begin(), allowed.end(), user) != allowed.end())
        return ok();
    return refuse("user_not_allowed", "it may not run as " + in_quotes(user),
                  "agent.exec.users (or users of the program)",
                  allowed.empty() ? std::string("names no user") : "names " + base::join(allowed, ", ") + " only");
}

result<void> policy::judge_surroundings(const model::command_spec& asked) const {
    const auto& folders = wanted_.directories;
    if (!asked.directory.empty() && std::none_of(folders.begin(), folders.end(), [&asked](const auto& each) {
            return is_below(each, asked.directory);
        }))
        return refuse("directory_not_allowed", "it may not run in " + in_quotes(asked.directory),
                      "agent.exec.directories", "does not hold it");
    for (const auto& [name, value] : asked.environment) {
        const auto& rules = wanted_.environment;
        if (std::none_of(rules.begin(), rules.end(), [&name = name](const auto& rule) { return covers(rule, name); }))
            return refuse("environment_not_allowed", "it may not set the variable " + in_quotes(name),
                          "agent.exec.environment", "does not name it");
    }
    if (asked.timeout > wanted_.max_timeout)
        return refuse("timeout_not_allowed", "a timeout of " + base::to_text(asked.timeout) + " is too long",
                      "agent.exec.max_timeout", "is " + base::to_text(wanted_.max_timeout));
    return ok();
}

} // namespace ferrule::fleet::exec
