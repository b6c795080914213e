// The YAML form, the control language, and the executable that joins them.
#include "simdevice/control.hpp"
#include "simdevice/spec_yaml.hpp"
#include "simdevice/testing.hpp"

#include <nlohmann/json.hpp>

#include <catch2/catch.hpp>

using namespace ferrule::simdevice;
using namespace ferrule::simdevice::testing;
using nlohmann::json;

TEST_CASE("a YAML file describes devices, with templates and counts") {
    const auto made = read_simulation(R"(
threads: 2
templates:
  - name: ios
    flavour: cisco_ios
    enable_password: s3cret
    commands:
      - {exact: show clock, output: "12:00\n"}
    users:
      - {name: ops, password: pw}
devices:
  - name: leaf${index}
    hostname: LEAF-${index}
    template: ios
    count: 3
    echo: wrapped
    echo_delay: 2s
    commands:
      - prefix: "ping "
        output: "!!!!!\n"
        chunk: 1
        chunk_delay: 10ms
        then: hang
        ask:
          - {prompt: "Sure? ", expect: y, single_key: true}
  - name: vmx
    flavour: junos
    pager: {lines: 24, text: "---(more)---", erase: carriage_return}
)",
                                      "devices.yaml");
    CHECK(made.threads == 2);
    REQUIRE(made.devices.size() == 4);
    const auto& leaf = made.devices[1];
    CHECK(leaf.name == "leaf2");
    CHECK(leaf.hostname == "LEAF-2");
    CHECK(leaf.echo == echo_kind::wrapped);
    CHECK(leaf.echo_delay == milliseconds(2000));
    REQUIRE(leaf.commands.size() == 2);
    CHECK(leaf.commands[0].text == "ping ");
    CHECK(leaf.commands[0].chunk_delay == milliseconds(10));
    CHECK(leaf.commands[0].then == ending::hang);
    CHECK(leaf.commands[0].ask.front().expect == "y");
    CHECK(leaf.commands[1].text == "show clock");
    CHECK(leaf.users.front().password == "pw");
    CHECK(made.devices[3].kind == flavour::junos);
    CHECK(made.devices[3].pager->erase == pager_spec::erase_kind::carriage_return);
}

TEST_CASE("each mistake in a YAML file is told with its place") {
    struct row {
        const char* yaml;
        const char* message;
    };

    const std::vector<row> rows{
        {"devices:\n  - name: a\n    echoo: none\n", "f.yaml:3:5: devices[0].echoo: is not a key that exists here"},
        {"devices:\n  - name: a\n    echo: loud\n",
         "f.yaml:3:11: devices[0].echo: is none of: strict, none, wrapped, ansi, delayed"},
        {"devices:\n  - name: a\n    auth_delay: 5\n",
         "f.yaml:3:17: devices[0].auth_delay: wants a duration such as 200ms, 5s or 1m"},
        {"devices:\n  - name: a\n    port: many\n",
         "f.yaml:3:11: devices[0].port: wants a whole number that is not negative"},
        {"devices:\n  - name: a\n    commands: [{output: x}]\n",
         "f.yaml:3:16: devices[0].commands[0]: wants one of the keys exact, prefix, regex"},
        {"devices:\n  - name: a\n    name: b\n", "f.yaml:3:5: devices[0].name: is given twice"},
        {"devices:\n  - name: a\n    template: t\n", "f.yaml:2:5: devices[0]: no template is called 't'"},
        {"devices:\n  - {}\n", "f.yaml:2:5: devices[0]: a device wants a name"},
        {"devices: 5\n", "f.yaml:1:10: devices: wants a list"},
        {"devices:\n  - name: a\n    motd: [b]\n", "f.yaml:3:11: devices[0].motd: wants a text"},
        {"devices: [\n", "f.yaml:2:1: end of sequence flow not found"},
    };
    for (const auto& [yaml, message] : rows) {
        INFO(yaml);
        CHECK_THROWS_WITH(read_simulation(yaml, "f.yaml"), message);
    }
    CHECK_THROWS_WITH(read_simulation_file("/nowhere.yaml"), Catch::StartsWith("/nowhere.yaml: cannot be read"));
}

TEST_CASE("the control language acts on devices and answers in JSON") {
    simulator devices({small_device()});
    client ops(devices.port("core1"));
    ops.login().open_shell().read_to("core1#");
    ops.command("show version", "core1#");
    const auto ask = [&](const std::string& line) { return json::parse(control(devices, line)); };

    CHECK(ask("transcript core1")["transcript"] ==
          json::parse(R"([{"session":1,"kind":"command","mode":"exec","text":"show version"}])"));
    CHECK(ask("sessions core1")["sessions"][0]["user"] == "admin");
    CHECK(ask("counters core1")["counters"]["commands"] == 1);
    CHECK(ask("port core1")["port"] == devices.port("core1"));
    const auto key = devices.host_keys("core1");
    CHECK(ask("rotate core1")["host_keys"] != key);
    CHECK(ask("drop core1") == json::parse(R"({"ok":true})"));
    CHECK(ops.read_to_end().empty());
    CHECK(ask("drop core9") == json::parse(R"({"ok":false,"error":"no simulated device is called 'core9'"})"));
    CHECK(ask("dance core1")["error"].get<std::string>().starts_with("unknown command 'dance'; there are: devices,"));
}

TEST_CASE("the executable reports its ports, obeys lines on stdin and ends with it") {
    const scratch_directory place;
    const auto file = place.write("devices.yaml", "devices: [{name: a}, {name: b}]\n");
    const auto result = run({FERRULE_SIMDEVICE, file}, "counters a\n");
    CHECK(result.status == 0);
    const auto ready = json::parse(result.output.substr(0, result.output.find('\n')));
    CHECK(ready["ready"] == true);
    CHECK(ready["devices"].size() == 2);
    CHECK(ready["devices"]["a"]["port"].get<int>() > 0);
    CHECK(json::parse(result.output.substr(result.output.find('\n')))["counters"]["connections"] == 0);

    const auto wrong = run({FERRULE_SIMDEVICE, place.write("wrong.yaml", "devices: [{nam: a}]\n")});
    CHECK(wrong.status == 1);
    CHECK(wrong.output.find("wrong.yaml:1:12: devices[0].nam: is not a key") != std::string::npos);
}

TEST_CASE("the executable ends with SIGTERM while stdin stays open") {
    const scratch_directory place;
    const auto file = place.write("devices.yaml", "devices: [{name: a}]\n");
    // The reader of the first line kills the writer's process, whose exit status the shell then reports.
    const auto result = run({"sh", "-c",
                             "mkfifo \"$2\"; exec 3<>\"$2\"; mkfifo \"$2.out\"; \"$0\" \"$1\" <&3 >\"$2.out\" & "
                             "read -r line <\"$2.out\"; kill -TERM $!; wait $!",
                             FERRULE_SIMDEVICE, file, place.path("fifo")});
    CHECK(result.status == 0);
}
