"""The command line client: what each command prints, and the exit status that scripts rely on."""

import json
import os
import re
import signal
import socket
import subprocess

from daemon import Daemon
from simdevices import SimDevices
from surroundings import FERRULE, SystemTest, main

FAILED, USAGE, CONFIG, UNREACHABLE, REFUSED = 1, 2, 3, 4, 5
DEVICES = [
    {"name": "sw${index}", "template": "switch", "count": 3},
    {"name": "slow", "template": "switch", "commands": [{"exact": "show slow", "output": "begun\nand on\n", "then": "hang"}]},
]
TEMPLATE = {
    "name": "switch",
    "flavour": "cisco_ios",
    "commands": [{"exact": "show clock", "output": "12:00:00 UTC\n"}, {"exact": "show empty", "output": ""}],
}
ID = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"


class Cli(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.devices = SimDevices(self.scratch / "devices", DEVICES, [TEMPLATE])
        self.addCleanup(self.devices.close)
        settings = self.devices.inventory()
        next(each for each in settings["devices"] if each["name"] == "sw1")["labels"] = {"site": "north"}
        self.daemon = Daemon(self.scratch / "ferrule", settings)
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.env = self.daemon.client_env()

    def cli(self, *words: str, status: int = 0, typed: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        return self.run_program(str(FERRULE), *words, status=status, typed=typed, env={**self.env, **env})

    def test_exec_prints_the_output_and_nothing_else_on_standard_output(self) -> None:
        done = self.cli("exec", "sw1", "show clock")
        self.assertEqual((done.stdout, done.stderr), ("12:00:00 UTC\n", ""))
        self.assertEqual(self.cli("exec", "sw1", "show empty").stdout, "")
        done = self.cli("exec", "sw1", "-x", "show clock", "-x", "show empty", "-x", "show clock")
        self.assertEqual(done.stdout, "12:00:00 UTC\n12:00:00 UTC\n")
        self.assertEqual(done.stderr.splitlines(), ["── show clock", "── show empty", "── show clock"])

    def test_exec_on_a_refused_command_an_unknown_device_and_without_a_command(self) -> None:
        done = self.cli("exec", "sw1", "shew clock", status=FAILED)
        self.assertIn("%", done.stdout)
        self.assertRegex(done.stderr, rf"^ferrule: job {ID} is failed: .* \(command_rejected\)\n$")
        done = self.cli("exec", "sw9", "show clock", status=FAILED)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r'^ferrule: .*"sw9".*did you mean "sw[123]"\?.* \(device_not_found\)\n$')
        for words in (["sw1"], []):
            self.assertIn('ferrule exec frr1 "show version"', self.cli("exec", *words, status=USAGE).stderr)
        done = self.cli("exec", "sw1", "-x", "shew clock", "-x", "show clock", status=FAILED)
        self.assertNotIn("── show clock", done.stderr)  # it did not run
        self.assertIn("No such file", self.cli("exec", "sw1", "--config-file", "none.txt", status=FAILED).stderr)
        done = self.cli("exec", "sw1", status=USAGE)
        self.assertIn('ferrule exec frr1 "show version"', done.stderr)
        self.cli("exec", "sw1", "show clock", "--timeout", "5", status=USAGE)
        self.cli("exec", "--nonsense", status=USAGE)
        self.cli(status=USAGE)

    def test_exec_sends_what_was_typed_or_nothing(self) -> None:
        done = self.cli("exec", "sw1", "-x", "show clock", "-x", "show \udcff", status=FAILED)  # the byte 0xff
        self.assertEqual(done.stderr, "ferrule: command 2 is not UTF-8, so it cannot be sent as it is (not_utf8)\n")
        file = self.scratch / "lines"
        file.write_bytes(b"hostname caf\xe9\n")
        self.assertIn("line 1 is not UTF-8", self.cli("exec", "sw1", "--config-file", str(file), status=FAILED).stderr)
        self.assertIn("is a directory", self.cli("exec", "sw1", "--config-file", str(self.scratch), status=FAILED).stderr)
        self.assertEqual(json.loads(self.cli("job", "list", "--json").stdout), [], "nothing may have been submitted")

    def test_exec_waits_however_short_the_server_lets_it(self) -> None:
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.settings["http"]["max_wait"] = "1ms"
        self.daemon.start()
        url = {"FERRULE_URL": self.daemon.url}
        self.assertEqual(json.loads(self.cli("exec", "--json", "sw1", "show clock", **url).stdout)["state"], "succeeded")
        self.assertIn("2 of 2 succeeded", self.cli("exec", "sw1", "sw2", "show clock", **url).stderr)
        self.assertEqual(self.cli("exec", "sw1", "show clock", **url).stdout, "12:00:00 UTC\n")

    def test_ctrl_c_says_which_job_goes_on(self) -> None:
        with subprocess.Popen([FERRULE, "exec", "slow", "show slow"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env={**os.environ, **self.env}) as running:
            assert running.stdout is not None and running.stderr is not None
            self.assertEqual(running.stdout.readline(), "begun\n")
            running.send_signal(signal.SIGINT)
            told = re.search(rf"ferrule job cancel ({ID})$", running.stderr.read().strip())
            self.assertEqual(running.wait(), 130)
        assert told is not None
        self.assertEqual(json.loads(self.cli("job", "show", told[1]).stdout)["state"], "running")

    def test_exec_on_many_devices_shows_each_and_sums_up(self) -> None:
        done = self.cli("exec", "sw1", "sw2", "sw3", "show clock")
        self.assertEqual(done.stdout, "".join(f"── sw{n}: show clock\n12:00:00 UTC\n" for n in (1, 2, 3)))
        self.assertEqual(done.stderr.splitlines()[-1], "3 of 3 succeeded")
        self.devices("close", "sw2")
        self.devices("drop", "sw2")
        done = self.cli("exec", "sw1", "sw2", "nosuch", "show clock", status=FAILED)
        self.assertEqual(done.stdout, "── sw1: show clock\n12:00:00 UTC\n")
        rows = done.stderr.splitlines()
        self.assertRegex(rows[1], r"^sw2 +failed +.*\(connection_refused\)$")
        self.assertRegex(rows[2], r"^nosuch +refused +.*nosuch")
        self.assertEqual(rows[-1], "1 of 3 succeeded")

    def test_exec_as_json_is_json_alone(self) -> None:
        job = json.loads(self.cli("exec", "--json", "sw1", "show clock").stdout)
        self.assertEqual((job["state"], job["results"][0]["output"]), ("succeeded", "12:00:00 UTC"))
        job = json.loads(self.cli("exec", "--json", "sw1", "shew", status=FAILED).stdout)
        self.assertEqual(job["error"]["code"], "command_rejected")
        jobs = json.loads(self.cli("exec", "--json", "sw1", "nosuch", "show clock", status=FAILED).stdout)
        self.assertEqual([(each["device"], each["state"]) for each in jobs], [("sw1", "succeeded"), ("nosuch", "refused")])

    def test_exec_enters_configuration_from_a_file_and_from_standard_input(self) -> None:
        file = self.scratch / "lines"
        file.write_text("interface Ethernet1\n description uplink\n")
        self.cli("exec", "sw1", "--config-file", str(file))
        told = self.devices.commands("sw1")
        self.assertLess(told.index("interface Ethernet1"), told.index(next(each for each in told if "description uplink" in each)))
        self.cli("exec", "sw2", "--config-file", "-", typed="hostname sw2-new\n")
        self.assertIn("hostname sw2-new", self.devices.commands("sw2"))
        self.assertIn("cannot read", self.cli("exec", "sw1", "--config-file", str(self.scratch / "none"), status=FAILED).stderr)
        self.assertIn("has no lines", self.cli("exec", "sw1", "--config-file", "-", status=FAILED).stderr)

    def test_a_job_can_be_left_alone_listed_watched_shown_and_cancelled(self) -> None:
        job = self.cli("exec", "--no-wait", "slow", "show slow").stdout.strip()
        self.assertRegex(job, rf"^{ID}$")
        with subprocess.Popen([FERRULE, "job", "watch", job], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env={**os.environ, **self.env}) as watching:
            assert watching.stdout is not None and watching.stderr is not None
            self.assertEqual(watching.stdout.readline(), "begun\n", "output must come while the command still runs")
            rows = self.cli("job", "list", "--state", "running").stdout.splitlines()
            self.assertRegex(rows[0], r"^ID +STATE +DEVICE +STRATEGY +CREATED +ERROR$")
            self.assertRegex(rows[1], rf"^{job} +running +slow +pinned ")
            self.assertEqual(len(rows), 2)
            self.cli("job", "cancel", job)
            self.assertIn("cancelled", watching.stderr.read())
            self.assertEqual(watching.wait(), FAILED)
        shown = json.loads(self.cli("job", "show", job).stdout)
        self.assertEqual((shown["state"], shown["results"][0]["output"].strip()), ("cancelled", "begun\nand on"))
        self.assertRegex(self.cli("job", "cancel", job, status=FAILED).stderr, r"\(job_finished\)")
        self.assertRegex(self.cli("job", "show", "nothing", status=FAILED).stderr, r"\(job_not_found\)")
        self.assertIn("--limit", self.cli("job", "list", "--limit", "-1", status=USAGE).stderr)
        several = self.cli("exec", "--no-wait", "sw2", "-x", "show empty", "-x", "show clock").stdout.strip()
        watched = self.cli("job", "watch", several)
        self.assertEqual((watched.stdout, watched.stderr), ("12:00:00 UTC\n", "── show empty\n── show clock\n"))
        for _ in range(3):
            self.cli("exec", "sw1", "show clock")
        self.assertEqual(len(self.cli("job", "list", "--device", "sw1", "--limit", "2").stdout.splitlines()), 3)
        self.assertEqual(len(json.loads(self.cli("job", "list", "--json", "--limit", "0").stdout)), 5)

    def test_devices_sessions_and_nodes(self) -> None:
        rows = self.cli("device", "list").stdout.splitlines()
        self.assertRegex(rows[0], r"^NAME +DRIVER +PLATFORM +HOST +PORT +ORIGIN +LABELS")
        self.assertEqual([row.split()[0] for row in rows[1:]], ["slow", "sw1", "sw2", "sw3"])
        self.assertEqual(self.cli("device", "list", "--label", "site=north").stdout.splitlines()[1].split()[0], "sw1")
        self.assertEqual(json.loads(self.cli("device", "show", "sw1").stdout)["port"], self.devices.port("sw1"))
        self.assertRegex(self.cli("device", "test", "sw1").stdout, r"^sw1 answers: logged in after \d+\.\d ms\n$")
        self.devices("close", "sw3")
        self.assertRegex(self.cli("device", "test", "sw3", status=FAILED).stderr, r"sw3 cannot be used .*\(connection_refused\)")
        self.assertIn("configuration", self.cli("device", "remove", "sw1", status=FAILED).stderr)
        with self.daemon.api() as api:
            api("POST", "/api/v1/devices", {**self.devices.entry("sw1"), "name": "extra"}, expect=201)
        self.assertEqual(self.cli("device", "remove", "extra").stdout, "removed extra\n")
        self.assertRegex(self.cli("device", "show", "extra", status=FAILED).stderr, r"\(device_not_found\)")
        self.assertEqual(len(self.cli("session", "list").stdout.splitlines()), 1)
        self.cli("exec", "sw1", "show clock")
        session = json.loads(self.cli("session", "list", "--json").stdout)[0]
        self.assertEqual((session["device"], session["state"]), ("sw1", "idle"))
        self.assertEqual(self.cli("session", "close", session["id"]).stdout, f"closed {session['id']}\n")
        job = json.loads(self.cli("exec", "--json", "sw1", "show clock").stdout)
        self.assertFalse(job["session"]["reused"])
        self.assertRegex(self.cli("session", "close", session["id"], status=FAILED).stderr, r"\(session_not_found\)")
        self.assertRegex(self.cli("node", "list").stdout.splitlines()[1], r"^test +true +\d+ +\d+ +\d+\.\d\d$")
        self.assertRegex(self.cli("credential", "list").stdout, r"(?m)^sim +admin +password$")

    def test_a_command_that_does_not_exist_is_told_with_the_nearest_one(self) -> None:
        self.assertEqual(self.cli("exce", "sw1", "show clock", status=USAGE).stderr,
                         'ferrule has no command "exce"; did you mean "exec"?\n')
        self.assertEqual(self.cli("session", "show", status=USAGE).stderr,
                         'ferrule session has no command "show"; it has list, close\n')

    def test_the_token_goes_to_no_proxy_for_a_server_on_this_machine(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as proxy:
            address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
            self.cli("device", "list", http_proxy=address, all_proxy=address)
            proxy.setblocking(False)
            with self.assertRaises(BlockingIOError):
                proxy.accept()

    def test_a_unix_socket_is_an_address_too(self) -> None:
        self.assertEqual(self.daemon.stop(), 0)
        path = self.scratch / "api.sock"
        self.daemon.settings["http"]["listen"] = ["127.0.0.1:0", f"unix:{path}"]
        self.daemon.start()
        self.assertEqual(path.stat().st_mode & 0o777, 0o660)
        self.assertEqual(self.cli("exec", "sw1", "show clock", FERRULE_URL=f"unix:{path}").stdout, "12:00:00 UTC\n")
        self.assertEqual(self.daemon.stop(), 0)
        self.assertFalse(path.exists())
        self.assertIn("(unreachable)", self.cli("device", "list", status=UNREACHABLE, FERRULE_URL=f"unix:{path}").stderr)

    def test_tokens_are_made_used_revoked_and_hashed(self) -> None:
        made = self.cli("token", "create", "ci", "--role", "viewer", "--lifetime", "1h")
        token = made.stdout.strip()
        number = re.search(r"its id is (\S+)\.", made.stderr)
        assert number is not None
        self.cli("device", "list", FERRULE_TOKEN=token)
        refused = self.cli("exec", "sw1", "show clock", status=REFUSED, FERRULE_TOKEN=token)
        self.assertRegex(refused.stderr, r"operator.* \(forbidden\)")
        self.assertRegex(self.cli("token", "list").stdout, r"ci +viewer ")
        self.assertNotIn(token, self.cli("token", "list").stdout)
        self.assertEqual(self.cli("token", "revoke", number[1]).stdout, f"revoked {number[1]}\n")
        self.assertRegex(self.cli("device", "list", status=REFUSED, FERRULE_TOKEN=token).stderr, r"\(unauthorized\)")
        secret = "a-token-of-my-own-that-is-long-enough"
        hashed = self.cli("token", "hash", typed=secret + "\n").stdout.strip()
        self.assertRegex(hashed, r"^[0-9a-f]{64}$")
        self.assertIn("at least 32", self.cli("token", "hash", typed="short\n", status=USAGE).stderr)
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.settings["tokens"] = [{"name": "mine", "role": "admin", "hash": hashed}]
        self.daemon.start()
        self.cli("token", "list", FERRULE_URL=self.daemon.url, FERRULE_TOKEN=secret)

    def test_no_token_a_wrong_one_and_a_server_that_is_not_there(self) -> None:
        self.assertRegex(self.cli("device", "list", status=REFUSED, FERRULE_TOKEN="").stderr, r"FERRULE_TOKEN.*\(no_token\)")
        self.assertRegex(self.cli("device", "list", status=REFUSED, FERRULE_TOKEN="wrong" * 8).stderr, r"\(unauthorized\)")
        file = self.scratch / "token"
        file.write_text(self.env["FERRULE_TOKEN"] + "\n")
        self.cli("device", "list", "--token-file", str(file), FERRULE_TOKEN="")
        folder = self.scratch / ".config" / "ferrule"
        folder.mkdir(parents=True)
        (folder / "client.yaml").write_text(f"url: {self.daemon.url}/\ntoken_file: {file}\n")
        self.cli("device", "list", FERRULE_TOKEN="", FERRULE_URL="")
        (folder / "client.yaml").write_text("urll: x\n")
        self.assertIn('unknown key "urll"', self.cli("device", "list", status=FAILED, FERRULE_TOKEN="").stderr)
        (folder / "client.yaml").unlink()
        for url in (f"https://{self.daemon.address}", "foo://x"):  # what is there does not speak it
            self.assertRegex(self.cli("device", "list", status=UNREACHABLE, FERRULE_URL=url).stderr, r"http://.*\(unreachable\)")
        self.assertEqual(self.daemon.stop(), 0)
        for words in (["device", "list"], ["exec", "sw1", "show clock"], ["exec", "sw1", "sw2", "show clock"]):
            done = self.cli(*words, status=UNREACHABLE)
            self.assertIn(self.env["FERRULE_URL"], done.stderr)
            self.assertIn("(unreachable)", done.stderr)


if __name__ == "__main__":
    main()
