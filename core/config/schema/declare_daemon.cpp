// Settings of the process itself: role, folders, log, event loop, plugins, store, scheduler, secrets, platforms,
// tokens.
#include "config/schema/builder.hpp"
#include "config/schema/checks.hpp"
#include "config/schema/declared.hpp"

namespace ferrule::config::schema {

template <>
struct choices_of<config::role> {
    static constexpr std::array<std::pair<std::string_view, config::role>, 3> all{
        {{"standalone", role::standalone}, {"controller", role::controller}, {"agent", role::agent}}};
};

template <>
struct choices_of<base::log::level> {
    using level = base::log::level;
    static constexpr std::array<std::pair<std::string_view, level>, 5> all{{{"trace", level::trace},
                                                                            {"debug", level::debug},
                                                                            {"info", level::info},
                                                                            {"warn", level::warn},
                                                                            {"error", level::error}}};
};

template <>
struct choices_of<log_format> {
    static constexpr std::array<std::pair<std::string_view, log_format>, 2> all{
        {{"text", log_format::text}, {"json", log_format::json}}};
};

template <>
struct choices_of<config::durability> {
    static constexpr std::array<std::pair<std::string_view, config::durability>, 2> all{
        {{"normal", durability::normal}, {"full", durability::full}}};
};

template <>
struct choices_of<model::role> {
    static constexpr std::array<std::pair<std::string_view, model::role>, 3> all{
        {{"viewer", model::role::viewer}, {"operator", model::role::operator_}, {"admin", model::role::admin}}};
};

template <>
const shape& shape_of<log_settings>() {
    static const auto built = builder<log_settings>()
                                  .add("level", &log_settings::level, "The least important lines that are written.")
                                  .add("format", &log_settings::format,
                                       "`text` for people, `json` for one JSON object a line. Lines go to stderr.")
                                  .build();
    return built;
}

template <>
const shape& shape_of<runtime_settings>() {
    static const auto built =
        builder<runtime_settings>()
            .add("threads", &runtime_settings::threads,
                 "Threads of the event loop. One is the fastest on small machines.", {.least = 1, .most = 256})
            .add("blocking_threads", &runtime_settings::blocking_threads,
                 "Threads for work that blocks, such as plugins that declare it. They start with the first such work.",
                 {.least = 1, .most = 1024})
            .add("shutdown_grace", &runtime_settings::shutdown_grace,
                 "How long running work may go on when the process is told to stop.", {.most = span(1h)})
            .build();
    return built;
}

template <>
const shape& shape_of<plugins_settings>() {
    static const auto built =
        builder<plugins_settings>()
            .add(
                "folders", &plugins_settings::folders,
                "Where plugins are looked for; the first file that offers a name wins. New and replaced files are seen "
                "without a restart.",
                {.default_text = "`lib/ferrule/plugins` beside the `bin` of the program"})
            .add("settings", &plugins_settings::settings,
                 "Settings by plugin name, checked against the schema that the plugin carries.",
                 {.example = "{ssh: {known_hosts: /etc/ferrule/known_hosts}}"})
            .add("callback_warn", &plugins_settings::callback_warn,
                 "A plugin that holds its strand for longer is named in the log.", {.least = span(1ms)})
            .add("cancel_grace", &plugins_settings::cancel_grace,
                 "How long a cancelled operation may take to end before it is abandoned.", {.least = span(1ms)})
            .add("blocking_per_plugin", &plugins_settings::blocking_per_plugin,
                 "Threads for blocking work that one plugin may occupy at once.", {.least = 1, .most = 1024})
            .build();
    return built;
}

template <>
const shape& shape_of<retention_settings>() {
    static const auto built = builder<retention_settings>()
                                  .add("jobs", &retention_settings::jobs,
                                       "How long finished jobs and their output are kept; 0 keeps them for ever.",
                                       {.least = span(1min), .zero = true})
                                  .add("audit", &retention_settings::audit,
                                       "How long the record of who did what is kept; 0 keeps it for ever.",
                                       {.least = span(1min), .zero = true})
                                  .add("commands", &retention_settings::commands,
                                       "How long finished commands and their output are kept; 0 keeps them for ever.",
                                       {.least = span(1min), .zero = true})
                                  .add("samples", &retention_settings::samples,
                                       "How long the single results of checks are kept; 0 keeps them for ever.",
                                       {.least = span(1h), .zero = true})
                                  .add("rollups", &retention_settings::rollups,
                                       "How long the hourly figures of checks are kept; 0 keeps them for ever.",
                                       {.least = span(24h), .zero = true})
                                  .build();
    return built;
}

template <>
const shape& shape_of<store_settings>() {
    static const auto built =
        builder<store_settings>()
            .add("plugin", &store_settings::plugin, "The store plugin.", {.check = check_name, .pattern = name_pattern})
            .add("durability", &store_settings::durability,
                 "`normal`: what was accepted survives a crash of the process. `full`: and a power cut; one fsync a "
                 "commit.")
            .add("path", &store_settings::path, "Where an embedded store keeps its file.",
                 {.default_text = "`<data_dir>/ferrule.db`"})
            .add("retention", &store_settings::retention, "How long records are kept.")
            .add("settings", &store_settings::settings, "Further settings of the store plugin.")
            .build();
    return built;
}

template <>
const shape& shape_of<scheduler_settings>() {
    static const auto built =
        builder<scheduler_settings>()
            .add("plugin", &scheduler_settings::plugin,
                 "The plugin that chooses a node for each job: `least_load`, `least_load_random`, "
                 "`load_weighted_random`, `greedy`, or one of your own.",
                 {.check = check_name, .pattern = name_pattern})
            .add("settings", &scheduler_settings::settings, "Settings of the scheduler plugin.")
            .build();
    return built;
}

template <>
const shape& shape_of<secrets_settings>() {
    static const auto built =
        builder<secrets_settings>()
            .add("key_file", &secrets_settings::key_file,
                 "The key that encrypts stored secrets; made with mode 0600 on the first start. Back it up apart from "
                 "the data.",
                 {.default_text = "`<data_dir>/secret.key`"})
            .build();
    return built;
}

template <>
const shape& shape_of<platforms_settings>() {
    static const auto built =
        builder<platforms_settings>()
            .add("folders", &platforms_settings::folders,
                 "Folders of platform files. A platform in a later folder replaces the one of the same name in an "
                 "earlier one.",
                 {.default_text =
                      "`share/ferrule/platforms` and `etc/ferrule/platforms` beside the `bin` of the program, "
                      "`/etc/ferrule/platforms`"})
            .build();
    return built;
}

template <>
const shape& shape_of<token_settings>() {
    static const auto built =
        builder<token_settings>()
            .add("name", &token_settings::name, "Whose token it is.",
                 {.example = "ci", .required = true, .check = check_name, .pattern = name_pattern})
            .add("role", &token_settings::role, "`viewer`, `operator` or `admin`; api.md says what each may.")
            .add("hash", &token_settings::hash, "BLAKE2b-256 of the token in hexadecimal; never the token itself.",
                 {.required = true, .check = check_token_hash, .pattern = hash_pattern})
            .build();
    return built;
}

template <>
const shape& shape_of<file_entries>() {
    const auto within = [](auto member) {
        return [member](file_entries & all) -> auto& {
            return all.values.*member;
        };
    };
    static const auto built =
        builder<file_entries>()
            .add("role", within(&settings::role),
                 "`standalone` and `controller`: the daemon with the API, which also executes, and takes agents where "
                 "`fleet.listen` is set; the two differ in name only. `agent`: executes for a controller and opens no "
                 "port.")
            .add("node", within(&settings::node), "The name of this process among the nodes.",
                 {.check = check_name, .pattern = name_pattern, .default_text = "the host name"})
            .add("data_dir", within(&settings::data_dir), "Where everything lasting is kept.",
                 {.default_text =
                      "`$STATE_DIRECTORY` (systemd), else `/var/lib/ferrule` for root, else `~/.local/share/ferrule`"})
            .add(
                "run_dir", within(&settings::run_dir),
                "Where what need not outlive the process is kept. Plugins are loaded from copies in it, so it must not "
                "be on a file system that is mounted noexec, as /run often is.",
                {.default_text = "`<data_dir>/run`"})
            .add("log", within(&settings::log), "What is logged, and how.")
            .add("runtime", within(&settings::runtime), "Threads and shutdown.")
            .add("http", within(&settings::http), "The HTTP API.")
            .add("plugins", within(&settings::plugins), "Where plugins are, and what they are told.")
            .add("store", within(&settings::store), "Where jobs and inventory are kept.")
            .add("scheduler", within(&settings::scheduler), "Who chooses the node for a job.")
            .add("jobs", within(&settings::jobs), "Device jobs: limits and deadlines.")
            .add("secrets", within(&settings::secrets), "How stored secrets are protected.")
            .add("platforms", within(&settings::platforms), "Descriptions of device platforms.")
            .add("probes", within(&settings::probes), "How checks are measured and kept.")
            .add("exporter", within(&settings::exporter), "`GET /probe` as blackbox_exporter has it.")
            .add("fleet", within(&settings::fleet), "How a controller takes agents.")
            .add("agent", within(&settings::agent), "What an agent is told; for `role: agent`.")
            .add("commands", within(&settings::commands),
                 "Commands on the hosts of agents, as a controller gives them out.")
            .add("tokens", within(&settings::tokens), "Bearer tokens, beside those made by the API.")
            .add("inventory", within(&settings::inventory_files),
                 "Files with further `devices`, `credentials` and `checks`; names or patterns, relative to this file.",
                 {.example = "[inventory/*.yaml]", .check = check_not_empty})
            .add(
                "credentials", [](file_entries & all) -> auto& { return all.inventory.credentials; },
                "Logins that devices refer to.")
            .add(
                "devices", [](file_entries & all) -> auto& { return all.inventory.devices; }, "The devices.")
            .add(
                "checks", [](file_entries & all) -> auto& { return all.inventory.checks; },
                "What is measured again and again; see checks.md.")
            .build();
    return built;
}

} // namespace ferrule::config::schema
