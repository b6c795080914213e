#include "config/load.hpp"

#include "base/json.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <set>

#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

using namespace ferrule;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

config::load_options with(std::map<std::string, std::string> variables) {
    config::load_options options;
    options.variables = [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
        const auto found = variables.find(std::string(name));
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
    return options;
}

config::settings must_load(std::string_view text, const config::load_options& options = {}) {
    auto loaded = config::load_text(text, "test.yaml", "/etc/ferrule", options);
    if (!loaded)
        FAIL(loaded.error().message());
    return std::move(*loaded);
}

std::string message_of(std::string_view text, const config::load_options& options = {}) {
    const auto loaded = config::load_text(text, "test.yaml", "/etc/ferrule", options);
    return loaded ? "it loaded" : loaded.error().message();
}

} // namespace

TEST_CASE("an empty file gives the defaults, completed") {
    for (const auto* text : {"", "# nothing\n", "{}", "http:\njobs: {}\ndevices:\n"}) {
        const auto settings = must_load(text);
        CHECK(settings.role == config::role::standalone);
        CHECK(settings.http.listen == std::vector<std::string>{"127.0.0.1:8520"});
        CHECK(settings.jobs.default_ttl == 10min);
        CHECK_FALSE(settings.node.empty());
        CHECK(settings.store.path == settings.data_dir / "ferrule.db");
        CHECK(settings.secrets.key_file == settings.data_dir / "secret.key");
        CHECK(settings.warnings.empty());
    }
    CHECK(config::defaults().store.path == config::defaults().data_dir / "ferrule.db");
}

TEST_CASE("every kind of value reaches its setting") {
    const auto settings = must_load(R"(
role: controller
node: east
data_dir: data
log: {level: debug, format: json}
runtime: {threads: 2, shutdown_grace: 1m30s}
http:
  listen: ["[::1]:0", "0.0.0.0:8520"]
  max_body: 64KiB
  max_header: 2048
  tls: {cert: tls/server.pem, key: /keys/server.key, min_version: "1.3"}
  auth: {anonymous_metrics: true}
store: {durability: full, settings: {cache: 12, wal: true, name: "7", ratio: 0.5, none: null, list: [a, 1]}}
plugins: {folders: [/opt/plugins], settings: {ssh: {known_hosts: k}}}
jobs: {auth_hold_back: 0, keepalive: {probe: 45s}}
tokens: [{name: ci, role: operator, hash: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}]
)");
    CHECK(settings.role == config::role::controller);
    CHECK(settings.node == "east");
    CHECK(settings.data_dir == "/etc/ferrule/data");
    CHECK(settings.run_dir == "/etc/ferrule/data/run");
    CHECK(settings.store.path == "/etc/ferrule/data/ferrule.db");
    CHECK(settings.log.level == base::log::level::debug);
    CHECK(settings.log.format == config::log_format::json);
    CHECK(settings.runtime.threads == 2);
    CHECK(settings.runtime.shutdown_grace == 90s);
    CHECK(settings.http.listen.size() == 2);
    CHECK(settings.http.max_body == 65536);
    CHECK(settings.http.max_header == 2048);
    CHECK(settings.http.tls.enabled());
    CHECK(settings.http.tls.cert == "/etc/ferrule/tls/server.pem");
    CHECK(settings.http.tls.key == "/keys/server.key");
    CHECK(settings.http.tls.min_version == config::tls_version::tls_1_3);
    CHECK(settings.http.auth.anonymous_metrics);
    CHECK(settings.http.auth.anonymous_health);
    CHECK(settings.store.durability == config::durability::full);
    CHECK(settings.store.settings.text ==
          R"({"cache":12,"list":["a",1],"name":"7","none":null,"ratio":0.5,"wal":true})");
    CHECK(settings.plugins.folders == std::vector<fs::path>{"/opt/plugins"});
    CHECK(settings.plugins.settings.at("ssh").text == R"({"known_hosts":"k"})");
    CHECK(settings.jobs.auth_hold_back == 0s);
    CHECK(settings.jobs.keepalive.probe == 45s);
    CHECK(settings.jobs.keepalive.ssh == 30s);
    REQUIRE(settings.tokens.size() == 1);
    CHECK(settings.tokens.front().role == model::role::operator_);
}

TEST_CASE("devices and credentials become what the inventory takes") {
    const auto settings = must_load(R"(
credentials:
  - {name: lab, username: netops, password: hunter2, answers: [{pattern: 'code:', reply: "12"}]}
devices:
  - name: r1
    host: 192.0.2.1
    port: 2222
    platform: frr
    credential: lab
    options: {strict: true}
    labels: {site: north}
    session_ttl: 20s
    jump: [{host: bastion, credential: lab, options: {a: 1}}]
  - {name: r2, host: r2.example.net, username: root, password: toor, enabled: false}
  - {name: r3, host: r3.example.net, driver: netconf}
)");
    const auto& all = settings.inventory;
    REQUIRE(all.devices.size() == 3);
    REQUIRE(all.credentials.size() == 2);
    CHECK(all.credentials[0].password.reveal() == "hunter2");
    CHECK(all.credentials[0].answers.at(0).reply.reveal() == "12");
    CHECK(all.devices[0].origin == "file");
    CHECK(all.devices[0].at.port == 2222);
    CHECK(all.devices[0].at.driver == "ssh");
    CHECK(all.devices[0].at.options == R"({"strict":true})");
    CHECK(all.devices[0].at.jump.at(0).port == 22);
    CHECK(all.devices[0].at.jump.at(0).options == R"({"a":1})");
    CHECK(all.devices[0].tags.at("site") == "north");
    CHECK(all.devices[0].session_ttl == 20s);
    CHECK(all.devices[1].at.credential == "device:r2");
    CHECK_FALSE(all.devices[1].enabled);
    CHECK_FALSE(all.devices[1].session_ttl);
    CHECK(all.credentials[1].name == "device:r2");
    CHECK(all.credentials[1].username == "root");
    CHECK(all.credentials[1].password.reveal() == "toor");
    CHECK(all.devices[2].at.credential.empty());
    CHECK(all.devices[2].at.options.empty());
}

TEST_CASE("values come from the environment, with defaults and an escape") {
    const auto options = with({{"NAME", "north"}, {"EMPTY", ""}, {"COUNT", "3"}, {"TRAP", "${NAME}"}});
    const auto settings = must_load(R"(
node: node-${NAME}
runtime: {threads: "${COUNT}"}
log: {level: "${LEVEL:-warn}"}
store:
  path: /d/${EMPTY:-else}/$${NAME}/${TRAP}/$x
  settings:
    a: "${COUNT}"
    b: ${COUNT}
)",
                                    options);
    CHECK(settings.node == "node-north");
    CHECK(settings.runtime.threads == 3);
    CHECK(settings.log.level == base::log::level::warn);
    CHECK(settings.store.path == "/d/else/${NAME}/${NAME}/$x");
    CHECK(settings.store.settings.text == R"({"a":"3","b":3})");
}

TEST_CASE("!file reads a value from a file beside the configuration, and anyone's eyes on it give a warning") {
    const test::scratch_folder folder;
    (void)folder.write("secrets/one", "hunter2\n");
    (void)folder.write("secrets/two", "with\nlines\r\n", 0644);
    const auto file = folder.write("ferrule.yaml",
                                   "credentials:\n"
                                   "  - {name: a, username: u, password: !file secrets/one}\n"
                                   "  - {name: b, username: u, private_key_file: secrets/two}\n"
                                   "  - {name: c, username: u, password: !file secrets/two}\n",
                                   0644);
    const auto loaded = config::load(file);
    REQUIRE(loaded);
    CHECK(loaded->file == file);
    CHECK(loaded->inventory.credentials.at(0).password.reveal() == "hunter2");
    CHECK(loaded->inventory.credentials.at(1).private_key.reveal() == "with\nlines\r\n");
    CHECK(loaded->inventory.credentials.at(2).password.reveal() == "with\nlines");
    CHECK(loaded->warnings == std::vector<std::string>{file.string() + ":4:38: credentials[2].password: " +
                                                       (folder.path() / "secrets/two").string() +
                                                       " can be read by everybody: chmod 600 it"});
}

TEST_CASE("settings of checks and of their targets name secrets as everything else does") {
    const test::scratch_folder folder;
    (void)folder.write("token", "hush\n");
    const auto file = folder.write("ferrule.yaml", R"(checks:
  - name: shop
    probe: http
    interval: 1m
    targets:
      - {url: "https://a.example/", settings: {bearer_token: !file token}}
      - {url: "https://b.example/", settings: {headers: {X-Key: "${FERRULE_TEST_KEY:-else}"}}}
    settings: {proxy_url: "socks5://me:${FERRULE_TEST_KEY:-other}@proxy", body: '$${plain}'}
)");
    const auto loaded = config::load(file);
    REQUIRE(loaded);
    const auto& check = loaded->inventory.checks.at(0);
    CHECK(check.settings == R"({"body":"${plain}","proxy_url":"socks5://me:other@proxy"})");
    CHECK(check.targets.at(0).settings == R"({"bearer_token":"hush"})");
    CHECK(check.targets.at(1).settings == R"({"headers":{"X-Key":"else"}})");
    (void)folder.write("wrong.yaml",
                       "checks:\n  - name: a\n    probe: tcp\n    interval: 1m\n    targets: [{host: a}]\n"
                       "    settings: {steps: [{send: !file gone}]}\n");
    const auto wrong = config::load(folder.path() / "wrong.yaml");
    REQUIRE_FALSE(wrong);
    CHECK_THAT(wrong.error().message(), Catch::Contains(":6:31: checks[0].settings.steps[0].send: cannot read " +
                                                        (folder.path() / "gone").string()));
}

TEST_CASE("paths in a file that is named from the working directory are whole all the same") {
    const test::scratch_folder folder;
    const auto file = folder.write("ferrule.yaml", "data_dir: data\nplugins: {folders: [plugins]}\n");
    const auto loaded = config::load(fs::proximate(file));
    REQUIRE(loaded);
    CHECK(loaded->data_dir == folder.path() / "data");
    CHECK(loaded->run_dir == folder.path() / "data/run");
    CHECK(loaded->plugins.folders == std::vector<fs::path>{folder.path() / "plugins"});
}

TEST_CASE("every form of address that the server can listen on is taken") {
    const auto settings = must_load(R"(
http:
  listen: ["127.0.0.1:8520", "localhost:0", "*:8520", "[::]:1", "[fe80::1%eth0]:65535", "unix:/run/ferrule/api.sock"]
)");
    CHECK(settings.http.listen.size() == 6);
}

TEST_CASE("an address that others can reach without TLS gives a warning") {
    const auto settings = must_load("http: {listen: ['127.0.0.1:1', 'unix:/run/f.sock', '*:8520', '192.0.2.1:1']}");
    REQUIRE(settings.warnings.size() == 2);
    CHECK(settings.warnings[0] ==
          "test.yaml:1:52: http.listen[2]: tokens and passwords cross the network in clear text: set http.tls, or "
          "listen on 127.0.0.1 or a Unix socket behind a proxy that speaks TLS");
    CHECK(must_load("http: {listen: ['*:1'], tls: {cert: a, key: b}}").warnings.empty());
}

TEST_CASE("a secret in clear text is taken, with a warning when everybody can read the file") {
    const test::scratch_folder folder;
    const std::string text = "credentials:\n  - {name: a, username: u, password: hunter2}\n";
    const auto open = folder.write("open.yaml", text, 0644);
    const auto closed = folder.write("closed.yaml", text, 0640);
    const auto warned = config::load(open);
    REQUIRE(warned);
    REQUIRE(warned->warnings.size() == 1);
    CHECK(warned->warnings.front() ==
          open.string() + ":2:38: a secret stands here in clear text and everybody can read the file: chmod 600 it, or "
                          "write ${VARIABLE} or !file path in its place");
    const auto silent = config::load(closed);
    REQUIRE(silent);
    CHECK(silent->warnings.empty());
}

TEST_CASE("an agent is told of every section that has no effect there") {
    const auto settings = must_load(R"(
role: agent
agent: {name: edge, controllers: ["c.example.net:8521"]}
store: {durability: full}
probes: {max_running: 5, max_series: 7}
jobs: {max_sessions: 5}
credentials: [{name: lab, username: u}]
devices: [{name: r1, host: 192.0.2.1, credential: lab}]
checks: [{name: c, probe: icmp, targets: [{host: 192.0.2.1}]}]
scheduler: {plugin: greedy}
commands: {operators: true}
http: {listen: ["127.0.0.1:1"]}
)");
    std::set<std::string> told;
    for (const auto& each : settings.warnings) {
        const auto path = each.substr(each.find(' ') + 1);
        told.insert(path.substr(0, path.find(':')));
        CHECK(path.find("it has no effect ") != std::string::npos);
    }
    CHECK(told == std::set<std::string>{"probes.max_series", "jobs", "credentials", "devices", "checks", "scheduler",
                                        "commands", "http"});
    CHECK(must_load("role: agent\nagent: {controllers: ['c:1'], jobs: {enabled: true}}\njobs: {max_sessions: 5}")
              .warnings.empty());
    CHECK(must_load("jobs: {max_sessions: 5}\nscheduler: {plugin: greedy}").warnings.empty());
}

TEST_CASE("inventory files are found by name and by pattern, and refer to each other") {
    const test::scratch_folder folder;
    (void)folder.write("inv/b.yaml", "devices: [{name: b, host: h, credential: c}]");
    (void)folder.write("inv/a.yaml", "devices: [{name: a, host: h, credential: c}]");
    (void)folder.write("keys/k", "KEY");
    (void)folder.write("keys/creds.yaml", "credentials: [{name: c, username: u, private_key_file: k}]");
    const auto file = folder.write("main.yaml", "inventory: ['inv/*.yaml', keys/creds.yaml]\n");
    const auto loaded = config::load(file);
    REQUIRE(loaded);
    REQUIRE(loaded->inventory.devices.size() == 2);
    CHECK(loaded->inventory.devices[0].name == "a");
    CHECK(loaded->inventory.devices[1].name == "b");
    // A path is relative to the file that it stands in.
    CHECK(loaded->inventory.credentials.at(0).private_key.reveal() == "KEY");
}

TEST_CASE("anchors and merge keys share settings between devices") {
    const auto settings = must_load(R"(
x-edge: &edge {platform: cisco_ios, port: 2022, labels: {role: edge}}
x-far: &far {host: far.example.net}
devices:
  - {<<: *edge, name: a, host: 192.0.2.1}
  - {name: b, <<: [*far, *edge], port: 22}
)");
    CHECK(settings.inventory.devices.at(0).at.port == 2022);
    CHECK(settings.inventory.devices.at(0).at.platform == "cisco_ios");
    CHECK(settings.inventory.devices.at(1).at.host == "far.example.net");
    CHECK(settings.inventory.devices.at(1).at.port == 22);
    CHECK(settings.inventory.devices.at(1).tags.at("role") == "edge");
}

TEST_CASE("all problems come at once, as text and as data") {
    const auto loaded = config::load_text("role: x\njobs: {default_ttl: soon}\n", "f.yaml", "/", {});
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code() == "invalid_config");
    CHECK(loaded.error().message() ==
          "f.yaml:1:7: role: expected one of standalone, controller, agent; found \"x\"\n"
          "f.yaml:2:21: jobs.default_ttl: expected a duration such as 500ms, 10s, 5m, 2h or 7d; found \"soon\"");
    const auto details = base::parse_json(loaded.error().details());
    REQUIRE(details);
    CHECK((*details)["problems"].size() == 2);
    CHECK((*details)["problems"][1]["line"] == 2);
    CHECK((*details)["problems"][1]["column"] == 21);
    CHECK((*details)["problems"][1]["path"] == "jobs.default_ttl");
    CHECK((*details)["problems"][1]["file"] == "f.yaml");
}

TEST_CASE("a file that is not there is named") {
    const auto loaded = config::load("/no/such/ferrule.yaml");
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().message() == "cannot read /no/such/ferrule.yaml: No such file or directory");
    const auto folder = config::load("/");
    REQUIRE_FALSE(folder);
    CHECK(folder.error().message() == "cannot read /: it is a directory");
}

TEST_CASE("no complaint quotes a secret") {
    const auto text =
        message_of("credentials: [{name: a, username: u, password: {hunter2: 1}}]\n"
                   "tokens: [{name: t, hash: hunter2hunter2}]\n"
                   "plugins: {settings: {ssh: {password: hunter2}}}\n",
                   [] {
                       config::load_options options;
                       options.plugin_schema = [](auto, auto, const auto&) {
                           return std::optional<std::string>(R"({"properties": {"password": {"type": "object"}}})");
                       };
                       return options;
                   }());
    CHECK(text.find("credentials[0].password") != std::string::npos);
    CHECK(text.find("tokens[0].hash") != std::string::npos);
    CHECK(text.find("plugins.settings.ssh.password: expected a map; found [redacted]") != std::string::npos);
    CHECK(text.find("hunter2") == std::string::npos);
}
