#include "simdevice/spec_yaml.hpp"

#include "simdevice/text.hpp"
#include "simdevice/yaml_reader.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace ferrule::simdevice {

namespace {

using effect_kind = command_spec::effect_kind;

const yaml_names<flavour> flavour_names{{"cisco_ios", flavour::cisco_ios},
                                        {"junos", flavour::junos},
                                        {"huawei_vrp", flavour::huawei_vrp},
                                        {"linux", flavour::linux_shell}};
const yaml_names<ending> ending_names{{"prompt", ending::prompt},
                                      {"hang", ending::hang},
                                      {"drop", ending::drop},
                                      {"reset", ending::reset},
                                      {"close", ending::close}};
const yaml_names<echo_kind> echo_names{{"strict", echo_kind::strict},
                                       {"none", echo_kind::none},
                                       {"wrapped", echo_kind::wrapped},
                                       {"ansi", echo_kind::ansi},
                                       {"delayed", echo_kind::delayed}};
const yaml_names<shell_kind> shell_names{{"normal", shell_kind::normal},
                                         {"hung", shell_kind::hung},
                                         {"refuse", shell_kind::refuse_shell},
                                         {"refuse_pty", shell_kind::refuse_pty}};
const yaml_names<greeting_kind> greeting_names{{"ssh", greeting_kind::ssh},
                                               {"close", greeting_kind::close_at_once},
                                               {"not_ssh", greeting_kind::not_ssh},
                                               {"silent", greeting_kind::silent}};
const yaml_names<effect_kind> effect_names{
    {"none", effect_kind::none},         {"pager_on", effect_kind::pager_on}, {"pager_off", effect_kind::pager_off},
    {"echo_off", effect_kind::echo_off}, {"echo_on", effect_kind::echo_on},   {"set_prompt", effect_kind::set_prompt}};
const yaml_names<pager_spec::erase_kind> erase_names{{"backspace", pager_spec::erase_kind::backspace},
                                                     {"carriage_return", pager_spec::erase_kind::carriage_return},
                                                     {"cursor_left", pager_spec::erase_kind::cursor_left},
                                                     {"none", pager_spec::erase_kind::none}};

ask_spec read_ask(yaml_map& map) {
    ask_spec ask;
    map.read("prompt", ask.prompt);
    map.read("expect", ask.expect);
    map.read("secret", ask.secret);
    map.read("single_key", ask.single_key);
    map.read("attempts", ask.attempts);
    map.read("say", ask.say);
    map.read("otherwise", ask.otherwise);
    map.read("disconnect", ask.disconnect);
    return ask;
}

command_spec read_command(yaml_map& map) {
    command_spec command;
    int ways = 0;
    const std::vector<std::pair<const char*, command_spec::match_kind>> kinds{
        {"exact", command_spec::match_kind::exact},
        {"prefix", command_spec::match_kind::prefix},
        {"regex", command_spec::match_kind::regex}};
    for (const auto& [key, kind] : kinds) {
        if (map.has(key)) {
            ++ways;
            command.match = kind;
            map.read(key, command.text);
        }
    }
    if (ways != 1) {
        map.complain("wants one of the keys exact, prefix, regex");
    }
    map.read("modes", command.modes);
    map.read("times", command.times);
    map.read_list("ask", [&](yaml_map& ask) { command.ask.push_back(read_ask(ask)); });
    map.read("output", command.output);
    map.read("generate", command.generate);
    map.read("endless", command.endless);
    map.read("delay", command.delay);
    map.read("chunk", command.chunk);
    map.read("chunk_delay", command.chunk_delay);
    map.read("drop_after", command.drop_after);
    map.read("then", command.then, ending_names);
    map.read("exit_status", command.exit_status);
    map.read("to_mode", command.to_mode);
    map.read("set_hostname", command.set_hostname);
    map.read("set_view", command.set_view);
    map.read("effect", command.effect, effect_names);
    return command;
}

user_spec read_user(yaml_map& map) {
    user_spec user;
    map.read("name", user.name);
    map.read("password", user.password);
    map.read("any_password", user.any_password);
    map.read("authorized_keys", user.authorized_keys);
    map.read("require", user.require);
    map.read_list("challenges", [&](yaml_map& round) {
        challenge_spec challenge;
        round.read("name", challenge.name);
        round.read("instruction", challenge.instruction);
        round.read_list("prompts", [&](yaml_map& prompt) {
            challenge_spec::prompt question;
            prompt.read("text", question.text);
            prompt.read("echo", question.echo);
            prompt.read("answer", question.answer);
            challenge.prompts.push_back(question);
        });
        user.challenges.push_back(challenge);
    });
    return user;
}

void read_script(yaml_map& map, device_spec& device) {
    map.read("flavour", device.kind, flavour_names);
    map.read("start_mode", device.start_mode);
    map.read_list("modes", [&](yaml_map& item) {
        mode_spec mode;
        item.read("name", mode.name);
        item.read("prompt", mode.prompt);
        item.read("accepts_anything", mode.accepts_anything);
        item.read("unknown", mode.unknown);
        device.modes.push_back(mode);
    });
    std::vector<command_spec> commands;
    map.read_list("commands", [&](yaml_map& item) { commands.push_back(read_command(item)); });
    device.commands.insert(device.commands.begin(), commands.begin(), commands.end()); // before the template's
    map.read("config_reject", device.config_reject);
    map.read("enable_password", device.enable_password);
    map.read_map("pager", [&](yaml_map& item) {
        pager_spec pager;
        item.read("lines", pager.lines);
        item.read("text", pager.text);
        item.read("erase", pager.erase, erase_names);
        device.pager = pager;
    });
    map.read("motd", device.motd);
    map.read_list("login_dialog", [&](yaml_map& ask) { device.login_dialog.push_back(read_ask(ask)); });
    map.read("echo", device.echo, echo_names);
    map.read("echo_delay", device.echo_delay);
    map.read("width", device.width);
}

void read_device(yaml_map& map, device_spec& device) {
    map.read("hostname", device.hostname);
    map.read("address", device.address);
    map.read("port", device.port);
    read_script(map, device);
    map.read_list("users", [&](yaml_map& user) { device.users.push_back(read_user(user)); });
    map.read("host_key_types", device.host_key_types);
    map.read("host_key_files", device.host_key_files);
    map.read_map("algorithms", [&](yaml_map& lists) {
        lists.read("key_exchange", device.algorithms.key_exchange);
        lists.read("ciphers", device.algorithms.ciphers);
        lists.read("macs", device.algorithms.macs);
        lists.read("host_key", device.algorithms.host_key);
    });
    map.read("banner", device.banner);
    map.read("greeting", device.greeting, greeting_names);
    map.read("greeting_text", device.greeting_text);
    map.read("shell", device.shell, shell_names);
    map.read("allow_exec", device.allow_exec);
    map.read("allow_forwarding", device.allow_forwarding);
    map.read("connect_delay", device.connect_delay);
    map.read("auth_delay", device.auth_delay);
    map.read("prompt_delay", device.prompt_delay);
    map.read("idle_timeout", device.idle_timeout);
    map.read("drop_on_command", device.drop_on_command);
    map.read("close_after_commands", device.close_after_commands);
    map.read("max_sessions", device.max_sessions);
    map.read("transcript_limit", device.transcript_limit);
}

/// A device with `count: N` stands for N devices, told apart by `${index}`, 1 to N.
void multiply(const device_spec& device, std::uint16_t count, std::vector<device_spec>& all) {
    for (std::uint16_t i = 1; i <= count; ++i) {
        const auto index = [i](std::string_view name) {
            return name == "index" ? std::optional(std::to_string(i)) : std::nullopt;
        };
        auto& made = all.emplace_back(device);
        made.name = expand(device.name, index);
        made.hostname = expand(device.hostname, index);
        made.port = device.port == 0 ? std::uint16_t{0} : static_cast<std::uint16_t>(device.port + i - 1);
    }
}

} // namespace

simulation_spec read_simulation(const std::string& yaml, const std::string& file) {
    yaml_problems problems(file);
    simulation_spec made;
    try {
        yaml_map root(YAML::Load(yaml), "", problems);
        root.read("threads", made.threads);
        std::map<std::string, device_spec> templates;
        root.read_list("templates", [&](yaml_map& map) {
            std::string name;
            map.read("name", name);
            read_device(map, templates[name]);
        });
        root.read_list("devices", [&](yaml_map& map) {
            device_spec device;
            std::string base;
            map.read("template", base);
            if (const auto place = templates.find(base); place != templates.end()) {
                device = place->second;
            } else if (!base.empty()) {
                map.complain("no template is called '" + base + "'");
            }
            map.read("name", device.name);
            std::uint16_t count = 1;
            map.read("count", count);
            read_device(map, device);
            if (device.name.empty()) {
                map.complain("a device wants a name");
            }
            multiply(device, count, made.devices);
        });
        root.done();
    } catch (const YAML::Exception& problem) {
        throw std::invalid_argument(file + ":" + std::to_string(problem.mark.line + 1) + ":" +
                                    std::to_string(problem.mark.column + 1) + ": " + problem.msg);
    }
    std::string text;
    for (const auto& line : problems.all()) {
        text += (text.empty() ? "" : "\n") + line;
    }
    if (!text.empty()) {
        throw std::invalid_argument(text);
    }
    return made;
}

simulation_spec read_simulation_file(const std::string& path) {
    const std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) {
        throw std::invalid_argument(path + ": cannot be read; does it exist, and may this user read it?");
    }
    return read_simulation(text.str(), path);
}

} // namespace ferrule::simdevice
