#include "simdevice/flavours.hpp"

#include <initializer_list>

namespace ferrule::simdevice {

namespace {

using kind_of_match = command_spec::match_kind;
using modes_of = std::vector<std::string>;

/// Collects rules in few words; the reference returned lets a caller set what is special about the last one.
class rule_list {
  public:
    command_spec& on(std::string text, modes_of modes, std::string output = {}) {
        return add(kind_of_match::exact, std::move(text), std::move(modes), std::move(output));
    }

    command_spec& starting(std::string text, modes_of modes, std::string output = {}) {
        return add(kind_of_match::prefix, std::move(text), std::move(modes), std::move(output));
    }

    void go(std::initializer_list<const char*> texts, const modes_of& modes, const std::string& to,
            const std::string& output = {}) {
        for (const auto* text : texts) {
            on(text, modes, output).to_mode = to;
        }
    }

    void leave(std::initializer_list<const char*> texts, const modes_of& modes) {
        for (const auto* text : texts) {
            on(text, modes).then = ending::close;
        }
    }

    std::vector<command_spec> take() { return std::move(rules_); }

  private:
    command_spec& add(kind_of_match match, std::string text, modes_of modes, std::string output) {
        auto& rule = rules_.emplace_back();
        rule.match = match;
        rule.text = std::move(text);
        rule.modes = std::move(modes);
        rule.output = std::move(output);
        return rule;
    }

    std::vector<command_spec> rules_;
};

ask_spec secret_question(const std::string& prompt, const std::string& answer, const std::string& otherwise,
                         int attempts) {
    ask_spec ask;
    ask.prompt = prompt;
    ask.expect = answer;
    ask.secret = true;
    ask.otherwise = otherwise;
    ask.attempts = attempts;
    return ask;
}

flavour_rules cisco_ios(const std::string& enable_password) {
    const std::string unknown = "${indent}^\n% Invalid input detected at '^' marker.\n\n";
    const modes_of exec_modes{"user", "exec"};
    const modes_of config_modes{"config", "config-sub"};
    rule_list rules;
    auto& enable = rules.on("enable", {"user"});
    enable.to_mode = "exec";
    if (!enable_password.empty()) {
        enable.ask.push_back(secret_question("Password: ", enable_password, "% Access denied\n", 3));
    }
    rules.go({"disable"}, {"exec"}, "user");
    rules.go({"configure terminal", "configure", "conf t", "config t"}, {"exec"}, "config",
             "Enter configuration commands, one per line.  End with CNTL/Z.\n");
    rules.go({"end", "\x1a"}, config_modes, "exec");
    rules.go({"exit", "quit"}, {"config-sub"}, "config");
    rules.go({"exit", "quit"}, {"config"}, "exec");
    rules.leave({"exit", "quit", "logout"}, exec_modes);
    rules.starting("hostname ", config_modes).set_hostname = "${rest}";
    for (const auto* opener : {"interface ", "router ", "vlan ", "line ", "route-map "}) {
        rules.starting(opener, config_modes).to_mode = "config-sub";
    }
    rules.on("terminal length 0", exec_modes).effect = command_spec::effect_kind::pager_off;
    rules.starting("terminal length ", exec_modes).effect = command_spec::effect_kind::pager_on;
    rules.starting("terminal width ", exec_modes);
    rules.on("write memory", {"exec"}, "Building configuration...\n[OK]\n");
    return {{{"exec", "${hostname}#", false, unknown},
             {"user", "${hostname}>", false, unknown},
             {"config", "${hostname:20}(config)#", true, unknown},
             {"config-sub", "${hostname:20}(config-if)#", true, unknown}},
            rules.take(),
            true};
}

flavour_rules junos() {
    rule_list rules;
    rules.go({"configure", "configure exclusive", "configure private", "edit"}, {"oper"}, "config",
             "Entering configuration mode\n");
    rules.go({"exit", "quit", "exit configuration-mode"}, {"config"}, "oper", "Exiting configuration mode\n");
    rules.go({"commit and-quit"}, {"config"}, "oper", "commit complete\nExiting configuration mode\n");
    rules.leave({"exit", "quit"}, {"oper"});
    for (const auto* verb : {"set ", "delete ", "edit ", "deactivate ", "activate ", "rename "}) {
        rules.starting(verb, {"config"}); // `set system host-name` takes effect at the commit, which is not simulated
    }
    rules.on("commit", {"config"}, "commit complete\n");
    rules.on("commit check", {"config"}, "configuration check succeeds\n");
    rules.starting("commit confirmed", {"config"},
                   "commit confirmed will be automatically rolled back in 10 minutes unless confirmed\n"
                   "commit complete\n");
    rules.starting("rollback", {"config"}, "load complete\n");
    rules.on("set cli screen-length 0", {"oper"}, "Screen length set to 0\n").effect =
        command_spec::effect_kind::pager_off;
    rules.starting("set cli screen-length ", {"oper"}, "Screen length set to ${rest}\n").effect =
        command_spec::effect_kind::pager_on;
    rules.starting("set cli screen-width ", {"oper"}, "Screen width set to ${rest}\n");
    rules.on("set cli complete-on-space off", {"oper"}, "Disabling complete-on-space\n");
    rules.on("set cli prompt", {"oper"});
    return {{{"oper", "${user}@${hostname}> ", false, "${indent}^\nunknown command.\n\n"},
             {"config", "\n[edit]\n${user}@${hostname}# ", false, "${indent}^\nsyntax error.\n"}},
            rules.take(),
            true};
}

flavour_rules huawei_vrp(const std::string& enable_password) {
    const std::string unknown = "${indent}^\nError: Unrecognized command found at '^' position.\n";
    const modes_of system_modes{"system", "view"};
    rule_list rules;
    rules.go({"system-view", "sys"}, {"user"}, "system", "Enter system view, return user view with return command.\n");
    rules.go({"return", "\x1a"}, system_modes, "user");
    rules.go({"quit"}, {"view"}, "system");
    rules.go({"quit"}, {"system"}, "user");
    rules.leave({"quit"}, {"user"});
    rules.starting("sysname ", {"system"}).set_hostname = "${rest}";
    auto& interface = rules.starting("interface ", system_modes);
    interface.to_mode = "view";
    interface.set_view = "${rest}";
    for (const auto* opener : {"vlan ", "ospf ", "bgp ", "acl "}) {
        auto& view = rules.starting(opener, system_modes);
        view.to_mode = "view";
        view.set_view = "${command}";
    }
    rules
        .on("screen-length 0 temporary", {"user"},
            "Info: The configuration takes effect on the current user terminal interface only.\n")
        .effect = command_spec::effect_kind::pager_off;
    auto& super = rules.on("super", {"user"}, "Now user privilege is level 3.\n");
    if (!enable_password.empty()) {
        super.ask.push_back(secret_question("Password:", enable_password, "Error: Password is incorrect.\n", 1));
    }
    auto& save = rules.on("save", {"user"}, "Info: The current configuration was saved successfully.\n");
    ask_spec sure;
    sure.prompt = "Warning: The current configuration will be written to the device. Continue? [Y/N]:";
    sure.expect = "Y";
    save.ask.push_back(sure);
    return {{{"user", "<${hostname}>", false, unknown},
             {"system", "[${hostname}]", true, unknown},
             {"view", "[${hostname}-${view}]", true, unknown}},
            rules.take(),
            true};
}

flavour_rules linux_shell(const std::string& enable_password) {
    const std::string unknown = "-bash: ${word}: command not found\n";
    rule_list rules;
    for (const auto* escalation : {"sudo -i", "su -", "sudo su -", "su"}) {
        auto& root = rules.on(escalation, {"user"});
        root.to_mode = "root";
        if (!enable_password.empty()) {
            root.ask.push_back(secret_question("Password: ", enable_password, "su: Authentication failure\n", 1));
        }
    }
    rules.go({"exit", "logout"}, {"root"}, "user", "logout\n");
    auto& leave = rules.on("exit", {"user"}, "logout\n");
    leave.then = ending::close;
    rules.on("logout", {"user"}).then = ending::close;
    for (const auto* assignment : {"PS1=", "export PS1="}) {
        rules.starting(assignment, {}).effect = command_spec::effect_kind::set_prompt;
    }
    rules.on("stty -echo", {}).effect = command_spec::effect_kind::echo_off;
    rules.on("stty echo", {}).effect = command_spec::effect_kind::echo_on;
    for (const auto* silent : {"export ", "unset ", "stty ", "set ", "cd ", "PS2=", "PROMPT_COMMAND=", "unalias ",
                               "bind ", "shopt ", "alias "}) {
        rules.starting(silent, {});
    }
    rules.on("true", {});
    rules.on("false", {}).exit_status = 1;
    rules.on("whoami", {"user"}, "${user}\n");
    rules.on("whoami", {"root"}, "root\n");
    rules.on("hostname", {}, "${hostname}\n");
    rules.on("echo $?", {}, "${status}\n");
    rules.starting("echo ", {}, "${rest}\n");
    return {{{"user", "${user}@${hostname}:~$ ", false, unknown}, {"root", "root@${hostname}:~# ", false, unknown}},
            rules.take(),
            false};
}

} // namespace

flavour_rules rules_of(flavour kind, const std::string& enable_password) {
    switch (kind) {
    case flavour::cisco_ios:
        return cisco_ios(enable_password);
    case flavour::junos:
        return junos();
    case flavour::huawei_vrp:
        return huawei_vrp(enable_password);
    case flavour::linux_shell:
        break;
    }
    return linux_shell(enable_password);
}

} // namespace ferrule::simdevice
