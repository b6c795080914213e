// Devices and credentials.
#include "config/schema/builder.hpp"
#include "config/schema/checks.hpp"
#include "config/schema/declared.hpp"

namespace ferrule::config::schema {

namespace {

constexpr std::string_view options_text = "Options of the driver.";

} // namespace

template <>
const shape& shape_of<model::prompt_reply>() {
    static const auto built =
        builder<model::prompt_reply>()
            .add("pattern", &model::prompt_reply::pattern, "Regex (PCRE2, caseless) of the question.",
                 {.example = "verification code:", .required = true, .check = check_regex})
            .add("reply", &model::prompt_reply::reply, "What to answer.", {.required = true})
            .build();
    return built;
}

template <>
const shape& shape_of<credential_entry>() {
    using entry = credential_entry;
    const auto within = [](auto member) {
        return [member](entry & all) -> auto& {
            return all.credential.*member;
        };
    };
    using model::credential;
    static const auto built =
        builder<entry>()
            .add("name", within(&credential::name), "What devices call it.",
                 {.example = "lab", .required = true, .check = check_name, .pattern = name_pattern})
            .add("username", within(&credential::username), "The user.", {.example = "netops"})
            .add("password", within(&credential::password), "The password.", {.example = "${LAB_PASSWORD}"})
            .add("private_key", within(&credential::private_key), "The text of a private key.",
                 {.example = "!file keys/lab_ed25519"})
            .add("private_key_file", &entry::key_file, "A file with a private key, in place of `private_key`.",
                 {.example = "keys/lab_ed25519"})
            .add("passphrase", within(&credential::passphrase), "The passphrase of the private key.")
            .add("agent_socket", within(&credential::agent_socket), "Socket of an SSH agent that holds the key.",
                 {.example = "${SSH_AUTH_SOCK}"})
            .add("enable_password", within(&credential::enable_password), "The secret for the privileged mode.")
            .add("answers", within(&credential::answers),
                 "Answers to further questions of a keyboard-interactive login.")
            .build();
    return built;
}

template <>
const shape& shape_of<model::jump_host>() {
    using jump = model::jump_host;
    static const auto built = builder<jump>()
                                  .add("host", &jump::host, "Name or address.", {.required = true, .check = check_host})
                                  .add("port", &jump::port, "Port.", {.least = 1})
                                  .add("credential", &jump::credential, "Name of the credential for this hop.",
                                       {.required = true, .check = check_name, .pattern = name_pattern})
                                  .add_free("options", &jump::options, std::string(options_text))
                                  .build();
    return built;
}

template <>
const shape& shape_of<model::node_selector>() {
    using selector = model::node_selector;
    static const auto built =
        builder<selector>()
            .add("names", &selector::names, "Names of nodes; any when there are none.",
                 {.example = "[agent1]", .check = check_name})
            .add("region", &selector::region, "The region that they are in.")
            .add("labels", &selector::tags, "Labels that they all carry.", {.example = "{site: fra1}"})
            .build();
    return built;
}

template <>
const shape& shape_of<device_entry>() {
    using entry = device_entry;
    const auto device = [](auto member) {
        return [member](entry & all) -> auto& {
            return all.device.*member;
        };
    };
    const auto at = [](auto member) {
        return [member](entry & all) -> auto& {
            return all.device.at.*member;
        };
    };
    static const auto built =
        builder<entry>()
            .add("name", device(&model::device::name), "What jobs call it.",
                 {.example = "frr1", .required = true, .check = check_name, .pattern = name_pattern})
            .add("host", at(&model::target::host), "Name or address.",
                 {.example = "192.0.2.1", .required = true, .check = check_host})
            .add("port", at(&model::target::port), "Port.", {.least = 1})
            .add("driver", at(&model::target::driver), "The driver plugin.",
                 {.check = check_name, .pattern = name_pattern})
            .add("platform", at(&model::target::platform), "The platform; needed by drivers that read prompts.",
                 {.example = "frr", .check = check_name, .pattern = name_pattern})
            .add("credential", at(&model::target::credential), "Name of the credential.",
                 {.example = "lab", .check = check_name, .pattern = name_pattern})
            .add("username", &entry::username, "The user, for a login that only this device has.")
            .add("password", &entry::password, "The password, in place of `credential`.")
            .add_free("options", at(&model::target::options), std::string(options_text))
            .add("labels", device(&model::device::tags), "Labels to select devices by.",
                 {.example = "{site: lab, role: core}"})
            .add("nodes", device(&model::device::nodes),
                 "The nodes that its jobs may run on, such as the agents that are near; any when it is not given.")
            .add("jump", at(&model::target::jump), "Hosts to go through, the first one is reached directly.")
            .add("session_ttl", device(&model::device::session_ttl),
                 "How long an idle pinned session stays open, in place of `jobs.session_ttl`.",
                 {.least = span(1s), .most = span(8760h)})
            .add("enabled", device(&model::device::enabled), "Whether jobs may use it.")
            .build();
    return built;
}

template <>
const shape& shape_of<inventory_entries>() {
    static const auto built =
        builder<inventory_entries>()
            .add("credentials", &inventory_entries::credentials, "Logins that devices refer to.")
            .add("devices", &inventory_entries::devices, "The devices.")
            .add("checks", &inventory_entries::checks, "What is measured again and again; see checks.md.")
            .build();
    return built;
}

} // namespace ferrule::config::schema
