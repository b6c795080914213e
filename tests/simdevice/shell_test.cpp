// The command line as a state machine, with no network and no clock.
#include "simdevice/shell.hpp"
#include "simdevice/testing.hpp"

#include <catch2/catch.hpp>

using namespace ferrule::simdevice;
using namespace ferrule::simdevice::testing;
using what = shell_outcome::what;

namespace {

/// A shell with everything it refers to. Pauses are taken at once and noted.
struct bench {
    explicit bench(device_spec spec, bool pty = true)
        : script(std::move(spec))
        , state(script.spec().hostname, script.rules())
        , record(1000)
        , session(record.connected())
        , line(script, state, record, {session, "ops", pty, 80}) {}

    std::string start() {
        line.start();
        return read();
    }

    std::string type(const std::string& bytes) {
        line.feed(bytes);
        return read();
    }

    std::string read() {
        std::string out;
        for (int i = 0; i < 10'000; ++i) {
            last = line.advance(out, 4096);
            if (last.next == what::wait) {
                pauses.push_back(last.pause);
                line.resume(last.wait_id);
            } else if (last.next == what::flush) {
                ++flushes;
            } else {
                return out;
            }
        }
        FAIL("the shell does not come to rest");
        return out;
    }

    std::vector<std::string> commands() const {
        std::vector<std::string> texts;
        for (const auto& entry : record.transcript()) {
            texts.push_back(entry.text);
        }
        return texts;
    }

    program script;
    device_state state;
    journal record;
    std::uint64_t session;
    shell line;
    shell_outcome last;
    std::vector<milliseconds> pauses;
    int flushes = 0;
};

device_spec of(flavour kind) {
    auto device = small_device("r1");
    device.kind = kind;
    return device;
}

std::string lines(int count) {
    std::string text;
    for (int i = 1; i <= count; ++i) {
        text += "row " + std::to_string(i) + "\n";
    }
    return text;
}

std::string trimmed_end(const std::string& line) {
    return line.substr(0, line.find_last_not_of(' ') + 1);
}

/// What a terminal would show: backspace and CR move, escape sequences vanish, blanks at the end cannot be seen.
std::string rendered(const std::string& raw) {
    std::string all;
    std::string line;
    std::size_t column = 0;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        const char c = raw[i];
        if (c == '\x1b') {
            i = raw.find_first_of("mKDC", i);
        } else if (c == '\b') {
            column -= column > 0 ? 1 : 0;
        } else if (c == '\r') {
            column = 0;
        } else if (c == '\n') {
            all += trimmed_end(line) + "\n";
            line.clear();
            column = 0;
        } else {
            line.resize(std::max(line.size(), column + 1), ' ');
            line[column++] = c;
        }
    }
    return all + trimmed_end(line);
}

} // namespace

TEST_CASE("a Cisco-like device walks through its modes") {
    auto device = of(flavour::cisco_ios);
    device.start_mode = "user";
    device.enable_password = "s3cret";
    device.config_reject = {"bogus.*"};
    bench it(device);
    CHECK(it.start() == "r1>");
    CHECK(it.type("enable\n") == "enable\r\nPassword: ");
    CHECK(it.type("s3cret\n") == "\r\nr1#");
    CHECK(it.type("configure terminal\n") ==
          "configure terminal\r\nEnter configuration commands, one per line.  End with CNTL/Z.\r\nr1(config)#");
    CHECK(it.type("interface lo0\n") == "interface lo0\r\nr1(config-if)#");
    CHECK(it.type(" description x\n") == " description x\r\nr1(config-if)#");
    CHECK(it.type("bogus line\n").find("% Invalid input detected") != std::string::npos);
    CHECK(it.type("exit\n") == "exit\r\nr1(config)#");
    CHECK(it.type("hostname a-name-of-more-than-twenty-characters\n") ==
          "hostname a-name-of-more-than-twenty-characters\r\na-name-of-more-than-(config)#");
    CHECK(it.type("end\n") == "end\r\na-name-of-more-than-twenty-characters#");
    CHECK(it.type("exit\n") == "exit\r\n");
    CHECK(it.last.next == what::close);
    CHECK(it.commands() == std::vector<std::string>{"enable", "***", "configure terminal", "interface lo0",
                                                    "description x", "bogus line", "exit",
                                                    "hostname a-name-of-more-than-twenty-characters", "end", "exit"});
}

TEST_CASE("a wrong enable password is refused three times and the prompt comes back") {
    auto device = of(flavour::cisco_ios);
    device.start_mode = "user";
    device.enable_password = "s3cret";
    bench it(device);
    it.start();
    it.type("enable\n");
    CHECK(it.type("a\n") == "\r\n% Access denied\r\nPassword: ");
    it.type("b\n");
    CHECK(it.type("c\n") == "\r\n% Access denied\r\nr1>");
}

TEST_CASE("Junos-like, Huawei-like and Linux-like devices have their own prompts and errors") {
    bench junos(of(flavour::junos));
    CHECK(junos.start() == "ops@r1> ");
    CHECK(junos.type("configure\n") == "configure\r\nEntering configuration mode\r\n\r\n[edit]\r\nops@r1# ");
    CHECK(junos.type("set system x\n") == "set system x\r\n\r\n[edit]\r\nops@r1# ");
    CHECK(junos.type("bogus\n").find("syntax error.\r\n") != std::string::npos);
    CHECK(junos.type("commit\n") == "commit\r\ncommit complete\r\n\r\n[edit]\r\nops@r1# ");

    bench huawei(of(flavour::huawei_vrp));
    CHECK(huawei.start() == "<r1>");
    CHECK(huawei.type("system-view\n").ends_with("[r1]"));
    CHECK(huawei.type("interface GE 0/0/1\n").ends_with("[r1-GE0/0/1]"));
    CHECK(huawei.type("return\n").ends_with("<r1>"));
    CHECK(huawei.type("bogus\n").find("Error: Unrecognized command") != std::string::npos);

    bench shell(of(flavour::linux_shell));
    CHECK(shell.start() == "ops@r1:~$ ");
    CHECK(shell.type("bogus -x\n") == "bogus -x\r\n-bash: bogus: command not found\r\nops@r1:~$ ");
    CHECK(shell.type("echo $?\n") == "echo $?\r\n127\r\nops@r1:~$ ");
    CHECK(shell.type("stty -echo; PS1='>unique< '\n").ends_with("\r\n>unique< "));
    CHECK(shell.type("whoami\n") == "ops\r\n>unique< ");
}

TEST_CASE("long output stops at --More-- and goes on by page, by line, or not at all") {
    auto device = of(flavour::cisco_ios);
    device.commands.push_back(says("show rows", lines(10)));
    device.pager = pager_spec{4, " --More-- ", pager_spec::erase_kind::backspace};
    bench it(device);
    it.start();
    CHECK(it.type("show rows\n") == "show rows\r\nrow 1\r\nrow 2\r\nrow 3\r\nrow 4\r\n --More-- ");
    const auto line = it.type("\r");
    CHECK(line == std::string(10, '\b') + std::string(10, ' ') + std::string(10, '\b') + "row 5\r\n --More-- ");
    CHECK(rendered(it.type(" ")) == "row 6\nrow 7\nrow 8\nrow 9\n --More--");
    CHECK(rendered(it.type("q")) == "r1#");
    it.type("terminal length 0\n");
    CHECK(it.type("show rows\n").find("--More--") == std::string::npos);
}

TEST_CASE("each echo quirk shows the command as it was typed, once rendered") {
    const std::string command = "show a-command-that-is-long-enough-to-reach-the-edge-of-a-narrow-terminal";
    auto device = of(flavour::cisco_ios);
    device.commands.push_back(says(command, "done\n"));
    device.width = 40;
    const auto answer = [&](echo_kind kind) {
        device.echo = kind;
        bench it(device);
        it.start();
        return it.type(command + "\n");
    };
    CHECK(answer(echo_kind::strict) == command + "\r\ndone\r\nr1#");
    CHECK(answer(echo_kind::none) == "done\r\nr1#");
    CHECK(answer(echo_kind::delayed) == command + "\r\ndone\r\nr1#");
    const auto ansi = answer(echo_kind::ansi);
    CHECK(ansi.find("\x1b[") != std::string::npos);
    CHECK(rendered(ansi) == command + "\ndone\nr1#");
    // The prompt takes three of the forty columns.
    CHECK(answer(echo_kind::wrapped) == command.substr(0, 37) + " \r" + command.substr(37) + "\r\ndone\r\nr1#");
}

TEST_CASE("delayed echo waits") {
    auto device = of(flavour::cisco_ios);
    device.echo = echo_kind::delayed;
    device.echo_delay = milliseconds(70);
    bench it(device);
    it.start();
    it.type("show version\n");
    CHECK(it.pauses == std::vector<milliseconds>{milliseconds(70)});
}

TEST_CASE("output comes in chunks with pauses, and stops where the script drops the connection") {
    auto device = of(flavour::cisco_ios);
    auto slow = says("show slow", lines(4));
    slow.delay = milliseconds(5);
    slow.chunk = 10;
    slow.chunk_delay = milliseconds(3);
    auto cut = says("show cut", lines(4));
    cut.drop_after = 9;
    device.commands = {slow, cut};
    bench it(device);
    it.start();
    CHECK(it.type("show slow\n") == "show slow\r\nrow 1\r\nrow 2\r\nrow 3\r\nrow 4\r\nr1#");
    CHECK(it.pauses == std::vector<milliseconds>{milliseconds(5), milliseconds(3), milliseconds(3)});
    CHECK(it.type("show cut\n") == "show cut\r\nrow 1\r\nro");
    CHECK(it.last.next == what::drop);
}

TEST_CASE("generated output has exactly the size asked for, and endless output ends with Ctrl-C") {
    auto device = of(flavour::cisco_ios);
    auto big = says("show big", "");
    big.generate = 100'001;
    auto endless = says("show endless", "");
    endless.endless = true;
    device.commands = {big, endless};
    bench it(device);
    it.start();
    const auto out = it.type("show big\n");
    CHECK(out.size() == std::string("show big\r\n").size() + 100'001 + std::string("r1#").size());
    CHECK(out.ends_with("\r\nr1#"));

    it.line.feed("show endless\n");
    std::string endless_output;
    for (int i = 0; i < 50; ++i) {
        CHECK(it.line.advance(endless_output, 4096).next == what::flush);
    }
    CHECK(endless_output.size() > 200'000);
    CHECK(it.type("\x03") == "^C\r\nr1#");
    CHECK(it.type("show version\n").find("Simulated") == std::string::npos); // its rule was replaced above
}

TEST_CASE("questions in the middle of a command are asked, answered and recorded") {
    auto device = of(flavour::cisco_ios);
    auto reload = says("reload", "Reloading\n");
    ask_spec proceed;
    proceed.prompt = "Proceed? [confirm]";
    proceed.single_key = true;
    proceed.expect = "y";
    proceed.otherwise = "Aborted\n";
    reload.ask.push_back(proceed);
    reload.then = ending::drop;
    device.commands.push_back(reload);
    bench it(device);
    it.start();
    CHECK(it.type("reload\n") == "reload\r\nProceed? [confirm]");
    CHECK(it.type("n") == "n\r\nAborted\r\nr1#");
    it.type("reload\n");
    CHECK(it.type("y") == "y\r\nReloading\r\n");
    CHECK(it.last.next == what::drop);
    CHECK(it.commands() == std::vector<std::string>{"reload", "n", "reload", "y"});
}

TEST_CASE("a login may begin with a motd that looks like a prompt and with dialogs") {
    auto device = of(flavour::huawei_vrp);
    device.motd = "<r1>\nnot yet\n";
    ask_spec accept;
    accept.prompt = "Press a to accept";
    accept.expect = "a";
    accept.single_key = true;
    accept.disconnect = true;
    ask_spec change;
    change.prompt = "The password needs to be changed. Change now? [Y/N]:";
    change.expect = "N";
    device.login_dialog = {accept, change};
    bench it(device);
    CHECK(it.start() == "<r1>\r\nnot yet\r\nPress a to accept");
    CHECK(it.type("a") == "a\r\nThe password needs to be changed. Change now? [Y/N]:");
    CHECK(it.type("N\n") == "N\r\n<r1>");

    bench refused(device);
    refused.start();
    refused.type("x");
    CHECK(refused.last.next == what::close);
}

TEST_CASE("a hung shell says nothing, and a command may hang it") {
    auto device = of(flavour::cisco_ios);
    device.shell = shell_kind::hung;
    bench silent(device);
    CHECK(silent.start().empty());
    CHECK(silent.type("show version\n").empty());

    device.shell = shell_kind::normal;
    auto hang = says("show hang", "working\n");
    hang.then = ending::hang;
    device.commands.push_back(hang);
    bench it(device);
    it.start();
    CHECK(it.type("show hang\n") == "show hang\r\nworking\r\n");
    CHECK(it.type("\nshow version\n\x03").empty());
}

TEST_CASE("rules match by text, beginning and pattern, in order, and may be used up") {
    auto device = of(flavour::cisco_ios);
    auto once = says("show flaky", "% Timeout\n");
    once.times = 1;
    auto prefix = says("ping ", "ping to ${rest}\n");
    prefix.match = command_spec::match_kind::prefix;
    auto regex = says("show (ip|ipv6) route (\\S+)", "${1} via ${2}, ${count}\n");
    regex.match = command_spec::match_kind::regex;
    device.commands = {once, says("show flaky", "fine\n"), prefix, regex};
    bench it(device);
    it.start();
    CHECK(it.type("show flaky\n") == "show flaky\r\n% Timeout\r\nr1#");
    CHECK(it.type("show flaky\n") == "show flaky\r\nfine\r\nr1#");
    CHECK(it.type("ping 10.0.0.1\n") == "ping 10.0.0.1\r\nping to 10.0.0.1\r\nr1#");
    CHECK(it.type("show ipv6 route x\n") == "show ipv6 route x\r\nipv6 via x, 4\r\nr1#");
}

TEST_CASE("type-ahead waits its turn, and returns are counted apart from commands") {
    bench it(of(flavour::cisco_ios));
    it.start();
    CHECK(it.type("\n\r\nshow version\r\n") ==
          "\r\nr1#\r\nr1#show version\r\nSimulated IOS on r1\r\nuptime is 1 day\r\nr1#");
    CHECK(it.record.counters().returns == 2);
    CHECK(it.record.counters().commands == 1);
    CHECK(it.type("shw\bow version\n").find("Simulated") != std::string::npos);
    CHECK(it.commands().back() == "show version");
}

TEST_CASE("a session ends on its n-th command, unanswered or answered") {
    auto device = of(flavour::cisco_ios);
    device.drop_on_command = 2;
    bench unanswered(device);
    unanswered.start();
    unanswered.type("show version\n");
    CHECK(unanswered.type("show version\n") == "show version\r\n");
    CHECK(unanswered.last.next == what::drop);

    device.drop_on_command = 0;
    device.close_after_commands = 1;
    bench answered(device);
    answered.start();
    CHECK(answered.type("show version\n").ends_with("r1#"));
    CHECK(answered.last.next == what::drop);
}

TEST_CASE("a script that makes no sense is refused with the device's name") {
    auto device = of(flavour::cisco_ios);
    auto wrong = says("x(", "");
    wrong.match = command_spec::match_kind::regex;
    device.commands = {wrong};
    CHECK_THROWS_WITH(program(device), Catch::Contains("device 'r1': pattern 'x(' is wrong at character"));
    device.commands = {says("x", "")};
    device.commands.front().to_mode = "nowhere";
    CHECK_THROWS_WITH(program(device), "device 'r1': no mode 'nowhere'; it has: exec, user, config, config-sub");
}
