#include "app/convert.hpp"

#include "base/json.hpp"

namespace ferrule::app {

namespace {

// Names of API credentials cannot hold a colon, so these never meet one.
std::string own_credential(const std::string& device) {
    return "device:" + device;
}

std::string options_of(const config::json_text& from) {
    return from.text == "{}" ? std::string() : from.text;
}

model::role role_of(config::token_role from) {
    switch (from) {
    case config::token_role::viewer:
        return model::role::viewer;
    case config::token_role::operator_:
        return model::role::operator_;
    case config::token_role::admin:
        break;
    }
    return model::role::admin;
}

} // namespace

std::vector<model::device> devices_of(const config::settings& from) {
    std::vector<model::device> all;
    for (const auto& each : from.inventory.devices) {
        model::device made;
        made.name = each.name;
        made.at.driver = each.driver;
        made.at.platform = each.platform;
        made.at.host = each.host;
        made.at.port = each.port;
        made.at.credential = each.username.empty() ? each.credential : own_credential(each.name);
        made.at.options = options_of(each.options);
        for (const auto& hop : each.jump) {
            model::jump_host next;
            next.host = hop.host;
            next.port = hop.port;
            next.credential = hop.credential;
            next.options = options_of(hop.options);
            made.at.jump.push_back(std::move(next));
        }
        made.tags = each.label;
        made.origin = "file";
        made.enabled = each.enabled;
        if (each.session_ttl.count() > 0)
            made.session_ttl = each.session_ttl;
        all.push_back(std::move(made));
    }
    return all;
}

std::vector<model::credential> credentials_of(const config::settings& from) {
    std::vector<model::credential> all;
    for (const auto& each : from.inventory.credentials) {
        model::credential made;
        made.name = each.name;
        made.username = each.username;
        made.password = each.password;
        made.private_key = each.private_key;
        made.passphrase = each.passphrase;
        made.agent_socket = each.agent_socket;
        made.enable_password = each.enable_password;
        for (const auto& answer : each.answers) {
            model::prompt_reply reply;
            reply.pattern = answer.pattern;
            reply.reply = answer.reply;
            made.answers.push_back(std::move(reply));
        }
        all.push_back(std::move(made));
    }
    for (const auto& each : from.inventory.devices) {
        if (each.username.empty())
            continue;
        model::credential made;
        made.name = own_credential(each.name);
        made.username = each.username;
        made.password = each.password;
        all.push_back(std::move(made));
    }
    return all;
}

std::vector<model::token> tokens_of(const config::settings& from) {
    std::vector<model::token> all;
    for (const auto& each : from.tokens) {
        model::token made;
        made.id = "config:" + each.name;
        made.name = each.name;
        made.may = role_of(each.role);
        made.hash = each.hash;
        all.push_back(std::move(made));
    }
    return all;
}

plugins::settings plugin_settings_of(const config::settings& from) {
    plugins::settings made;
    made.folders = from.plugins.folders;
    made.run_folder = from.run_dir / "plugins";
    made.cancel_grace = from.plugins.cancel_grace;
    made.callback_limit = from.plugins.callback_warn;
    made.output_limit = from.jobs.output_limit;
    made.blocking_threads = from.plugins.blocking_per_plugin;
    made.config = [all = from.plugins.settings, chooser = from.scheduler](plugins::kind which, std::string_view name) {
        const bool scheduling = which == plugins::kind::scheduler && name == chooser.plugin;
        const auto at = all.find(std::string(name));
        const auto& text = scheduling ? chooser.settings.text : at == all.end() ? std::string("{}") : at->second.text;
        return base::json::parse(text, nullptr, false);
    };
    return made;
}

} // namespace ferrule::app
