"""A check as a user has it: a server goes down and comes back, and the daemon is killed in between."""

import json
import re
import socket
import subprocess
import threading

from daemon import Daemon
from programs import free_port
from surroundings import LIMIT_S, ROOT, SystemTest, lint_metrics, main
from terminal import REDRAW, Shown


class Server:
    """Accepts connections on a port of loopback, which it keeps while it is down."""

    def __init__(self) -> None:
        self.port = 0
        self._kept: socket.socket | None = None
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self.up()

    def _bound(self) -> socket.socket:
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", self.port))
        return made

    def up(self) -> None:
        self._socket = self._kept or self._bound()
        self._kept = None
        self._socket.listen(64)
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, args=(self._socket,), daemon=True)
        self._thread.start()

    @staticmethod
    def _accept(on: socket.socket) -> None:
        while True:
            try:
                on.accept()[0].close()
            except OSError:
                return

    def down(self) -> None:
        assert self._socket is not None and self._thread is not None
        if self._kept is not None:
            return
        self._socket.shutdown(socket.SHUT_RDWR)
        # Bound and not listening it refuses connections, and nobody else gets the port meanwhile.
        self._kept = self._bound()
        self._socket.close()
        self._thread.join(LIMIT_S)

    def close(self) -> None:
        self.down()
        assert self._kept is not None
        self._kept.close()


class Checks(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.server = Server()
        self.addCleanup(self.server.close)
        self.daemon = Daemon(self.scratch / "ferrule", {
            "probes": {"write_interval": "200ms"},
            "checks": [{"name": "web", "probe": "tcp", "interval": "1s", "retry_interval": "100ms", "max_attempts": 3,
                        "flapping": {"enabled": False}, "targets": [{"name": "server", "host": "127.0.0.1", "port": self.server.port}]}]})
        self.addCleanup(self.daemon.close)
        self.daemon.start()

    def wait_for(self, events, change: str, state: str) -> dict:
        """The next transition of the agreement of this kind."""
        for event in events:
            if event.name == "check.state" and "location" not in event.data and (event.data["change"], event.data["to"]) == (change, state):
                return event.data
        raise AssertionError(f"the stream ended before {change} {state}")

    def cli(self, *words: str, code: int = 0) -> str:
        done = subprocess.run([self.daemon.program, *words], env=self.daemon.client_env(), capture_output=True, text=True,
                              timeout=LIMIT_S, check=False)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}{done.stderr}")
        return done.stdout

    def test_down_and_up_again_across_a_kill(self) -> None:
        with self.daemon.api() as api, self.daemon.api() as listening:
            events = listening.stream("/api/v1/events?topics=check.state")
            self.assertEqual(next(events).name, "hello")
            api("POST", "/api/v1/checks/web/run?wait=30s", expect=200)
            self.assertEqual(api.get("/api/v1/checks/web")["state"], "ok")

            self.server.down()
            seen = []
            for event in events:
                seen.append((event.data.get("location", ""), event.data["change"], event.data["to"], event.data["attempt"]))
                if seen[-1][:3] == ("", "hard", "critical"):
                    self.assertTrue(event.data["notify"])
                    self.assertIn("refused", event.data["reason"].lower())
                    break
            down = [each for each in seen if each[2] == "critical"]
            self.assertEqual(down, [("test", "soft", "critical", 1), ("test", "soft", "critical", 2), ("test", "hard", "critical", 3),
                                    ("", "hard", "critical", 1)])
            self.cli("check", "state", "web", code=1)
            before = {each["at"] for each in api.items("/api/v1/checks/web/results")}

        self.daemon.kill()
        self.daemon.start()
        with self.daemon.api() as api, self.daemon.api() as listening:
            state = api.get("/api/v1/checks/web/state")["targets"][0]
            self.assertEqual((state["state"], state["locations"][0]["attempt"]), ("critical", 3), "what was told outlives a kill")
            after = {each["at"] for each in api.items("/api/v1/checks/web/results")}
            self.assertLessEqual(before, after, "what was shown is on disk")
            events = listening.stream("/api/v1/events?topics=check.state")
            self.assertEqual(next(events).name, "hello")
            self.server.up()
            back = self.wait_for(events, "hard", "ok")
            self.assertEqual((back["from"], back["notify"]), ("critical", True))

            results = api.items("/api/v1/checks/web/results")  # figures of later contain all of these
            figures = api.get("/api/v1/checks/web/figures?window=1h&by=location")["items"][0]
            self.assertEqual(figures["location"], "test")
            self.assertGreaterEqual(figures["count"], len(before) + 1)
            good = sum(each["success"] for each in results)
            self.assertLess(figures["availability"], 1)
            self.assertGreater(figures["availability"], 0)
            self.assertLessEqual(good, figures["ok"])
            self.assertEqual(len({each["at"] for each in results}), len(results), "nothing is there twice")
        self.assertIn("web", self.cli("check", "list"))
        self.assertIn("server", self.cli("check", "state", "web"))
        self.cli("check", "run", "web")

    def test_the_example_of_the_page_is_measured_with_its_limits(self) -> None:
        """docs/checks.md, with this machine in the place of its targets and the checks that it depends on."""
        page = re.search(r"```yaml\n(checks:\n.*?)```", (ROOT / "docs" / "checks.md").read_text(), flags=re.S)[1]  # type: ignore[index]
        inventory = self.scratch / "page.yaml"
        inventory.write_text(page.replace("192.0.2.1", "127.0.0.1").replace("192.0.2.2", "127.0.0.2"))
        again = Daemon(self.scratch / "example", {"inventory": [str(inventory)], "jobs": {"local": {"region": "eu"}}, "checks": [
            {"name": name, "probe": "icmp", "targets": [{"name": "r1", "host": "127.0.0.1"}]} for name in ("uplink", "edge-router")]})
        self.addCleanup(again.close)
        again.start()
        with again.api() as api:
            api("POST", "/api/v1/checks/edge-ping/run?wait=30s", expect=200)
            for target in api.get("/api/v1/checks/edge-ping/state")["targets"]:
                self.assertEqual((target["locations"][0]["state"], target["locations"][0]["reason"]), ("ok", None))

    def test_metrics_are_as_prometheus_wants_them(self) -> None:
        with self.daemon.api() as api, self.daemon.api() as listening:
            events = listening.stream("/api/v1/events?topics=check.state")
            next(events)
            api("POST", "/api/v1/checks/web/run?wait=30s", expect=200)
            self.server.down()
            self.wait_for(events, "hard", "critical")
            self.server.up()
            page = api("GET", "/metrics", expect=200).text
        for series in ('ferrule_check_state{check="web",target="server"} 2', 'ferrule_check_results_total{check="web",location="test",outcome="up"',
                       'ferrule_check_latency_seconds_bucket{check="web",location="test",target="server",le="', "ferrule_check_lag_seconds_bucket",
                       "ferrule_check_ticks_missed_total", "ferrule_check_samples_stored_total"):
            self.assertIn(series, page)
        self.assertEqual(lint_metrics(page), "")

    def test_bursts_are_told_with_each_round_trip_and_their_losses(self) -> None:
        with self.daemon.api() as api:
            api("POST", "/api/v1/checks", {"name": "ping", "probe": "icmp", "interval": "24h", "targets": [{"host": "127.0.0.1"}],
                                           "settings": {"count": 3, "interval": "10ms"}}, expect=201)
            ran = json.loads(self.cli("check", "run", "ping", "--json"))["samples"]
            kept = json.loads(self.cli("check", "results", "ping", "--json"))
            figures = api.get("/api/v1/checks/ping/figures?window=1h")["items"][0]
            page = api("GET", "/metrics", expect=200).text
        self.assertIn(ran[0]["rtts_ms"], [each["rtts_ms"] for each in kept])
        for each in kept:
            rtts = sorted(each["rtts_ms"])
            self.assertEqual(len(rtts), 3)
            self.assertAlmostEqual(each["metrics"]["rtt_median_ms"], rtts[1], places=6)
        self.assertEqual((figures["packets_sent"], figures["packets_lost"], figures["loss_ratio"]), (3 * len(kept), 0, 0))
        for series in (f'ferrule_check_packets_sent_total{{check="ping",location="test",target="127.0.0.1"}} {3 * len(kept)}',
                       'ferrule_check_packets_lost_total{check="ping",location="test",target="127.0.0.1"} 0',
                       'ferrule_check_location_lag_seconds_count{location="test"}'):
            self.assertIn(series, page)
        self.assertEqual(lint_metrics(page), "")

    def test_checks_are_made_from_a_file_and_measured_at_once(self) -> None:
        file = self.scratch / "more.yaml"
        file.write_text(f"checks:\n  - name: more\n    probe: tcp\n    interval: 1h\n    targets: [{{host: 127.0.0.1, port: {self.server.port}}}]\n")
        self.assertIn("more is measured every 1h", self.cli("check", "create", "-f", str(file)))
        self.cli("check", "create", "-f", str(file), code=1)
        self.cli("check", "create", "--replace", "-f", str(file))
        self.assertIn('"origin": "api"', self.cli("check", "show", "more"))
        self.assertIn("ok", self.cli("check", "run", "more"))
        self.cli("check", "delete", "more")
        self.cli("check", "show", "more", code=1)
        self.cli("check", "delete", "web", code=1)

    def test_a_file_names_secrets_and_no_listing_shows_them(self) -> None:
        (self.scratch / "banner").write_text("hush-hush\\r\\n")
        (self.scratch / "banner").chmod(0o600)
        file = self.scratch / "secret.yaml"
        file.write_text(f"name: secret\nprobe: tcp\ninterval: 1h\ntargets: [{{host: 127.0.0.1, port: {self.server.port}}}]\n"
                        "settings: {steps: [{send: !file banner}]}\n")
        self.cli("check", "create", "-f", str(file))
        shown = self.cli("check", "show", "secret")
        self.assertIn('"send": "[redacted]"', shown)
        self.assertIn("ok", self.cli("check", "run", "secret"))
        settings = self.scratch / "settings.yaml"
        settings.write_text("steps: [{send: !file banner}]\n")
        once = self.cli("probe", "tcp", f"127.0.0.1:{self.server.port}", "--settings", str(settings), "--json")
        self.assertIn('"success":true', once)
        for told in (shown, once, self.cli("check", "list", "--json"), self.cli("check", "results", "secret", "--json"), self.daemon.all_log):
            self.assertNotIn("hush", told)
        (self.scratch / "banner").unlink()
        self.cli("check", "create", "--replace", "-f", str(file), code=2)

    def test_work_is_announced_and_a_problem_is_seen_to_from_the_command_line(self) -> None:
        self.assertRegex(self.cli("check", "announce", "web", "move", "--for", "2h"), r"^move: nobody is called for web, \S+Z to \S+Z\n$")
        self.cli("check", "announce", "web", "backups", "--days", "sat,sun", "--start", "02:30", "--for", "2h", "--utc-offset", "+08:00")
        self.cli("check", "announce", "web", "later", "--from", "2099-05-01T10:00:00Z", "--for", "90m")
        shown = self.cli("check", "windows", "web")
        self.assertRegex(shown, r"(?m)^move +\S+Z to \S+Z +announced")
        self.assertRegex(shown, r"(?m)^backups +s\w\w,s\w\w 02:30 for 2h \(UTC\+08:00\) +announced")
        self.assertRegex(shown, r"(?m)^later +2099-05-01T10:00:00\.000Z to 2099-05-01T11:30:00\.000Z +announced")
        self.cli("check", "run", "web")
        self.assertIn("maintenance", self.cli("check", "state", "web"))
        for window in ("move", "backups"):
            self.assertEqual(self.cli("check", "withdraw", "web", window), f"withdrew {window}\n")
        self.cli("check", "withdraw", "web", "move", code=1)
        self.assertEqual([each["name"] for each in json.loads(self.cli("check", "windows", "web", "--json"))["announced"]], ["later"])
        for wrong in (["--for", "2"], ["--days", "sat", "--for", "2h"], [], ["--start", "02:30", "--for", "2h"], ["--for", "1h", "--until", "x"]):
            self.cli("check", "announce", "web", "wrong", *wrong, code=2)
        self.cli("check", "announce", "web", "wrong", "--until", "yesterday", code=2)
        self.cli("check", "announce", "nosuch", "move", "--for", "2h", code=1)

        self.cli("check", "acknowledge", "web", code=1)  # there is no problem
        with self.daemon.api() as listening:
            events = listening.stream("/api/v1/events?topics=check.state")
            next(events)
            self.server.down()
            self.wait_for(events, "hard", "critical")
        said = self.cli("check", "acknowledge", "web", "--target", "server", "--comment", "on my way", "--for", "4h")
        self.assertEqual(said, "server is seen to by first\n")
        with self.daemon.api() as api:
            noted = api.get("/api/v1/checks/web/state")["targets"][0]["acknowledged"]
        self.assertEqual((noted["by"], noted["comment"]), ("first", "on my way"))
        self.assertIn("acknowledged", self.cli("check", "state", "web", code=1))
        self.cli("check", "unacknowledge", "web", "--target", "server")
        self.assertNotIn("acknowledged", self.cli("check", "state", "web", code=1))
        self.assertRegex(self.cli("check", "results", "web", "--limit", "1"), r"AT +TARGET +LOCATION +SUCCESS +ms +LOSS +REASON\n\S+Z +server +test +false")
        self.assertEqual(self.cli("check", "results", "web", "--location", "elsewhere", "--json"), "[]\n")

    def test_a_probe_from_the_command_line_says_what_it_found(self) -> None:
        good = f"127.0.0.1:{self.server.port}"
        out = self.cli("probe", "tcp", good, "--count", "3", "--interval", "10ms")
        self.assertEqual(out.count(f"{good} from test: ok, "), 3)
        self.assertRegex(out, rf"{good} +test +3/3 +0%")
        lines = [json.loads(line) for line in self.cli("probe", "tcp", good, "--json").splitlines()]
        self.assertEqual([each["success"] for each in lines], [True])
        self.server.down()
        self.assertIn("refused", self.cli("probe", "tcp", good, code=1).lower())
        self.server.up()
        self.cli("probe", "tcp", good, "--from", "nobody", code=1)
        self.cli("probe", "tcp", good, "--set", "nonsense", code=2)
        self.cli("probe", "pigeon", good, code=1)

    def on_terminal(self, *words: str, columns: int = 200) -> Shown:
        return Shown(self.daemon.program, *words, env=self.daemon.client_env(), columns=columns)

    def test_a_probe_on_a_terminal_draws_one_table_again_and_again(self) -> None:
        good = f"127.0.0.1:{self.server.port}"
        bad = f"127.0.0.1:{free_port()}"
        for columns in (200, 30):
            with self.subTest(columns=columns):
                shown = self.on_terminal("probe", "tcp", good, bad, "--count", "3", "--interval", "10ms", columns=columns)
                self.assertEqual((shown.status, shown.errors), (1, ""))
                *before, last = shown.drawings
                told = [each.splitlines()[-1] for each in before if each]
                self.assertEqual(told, [f"{n} of 6 measured" for n in range(7)])
                for each in before:
                    self.assertIn(len(each.splitlines()), (0, 4), each)
                rows = self.written_rows(shown)
                self.assertRegex(rows[0], r"^TARGET +NODE +OK +LOSS +LAST ms +MIN +AVG +MAX +LAST FAILURE$")
                self.assertRegex(rows[1], rf"^{good} +test +3/3 +0% +[\d.]+ .* -$")
                self.assertRegex(rows[2], rf"^{bad} +test +0/3 +100% +- +- +- +- +.*refused")
                self.assertEqual(last.replace("\n", ""), "".join(rows), "nothing is left of what was drawn before")
                self.assertEqual(shown.commands(), [])

    @staticmethod
    def written_rows(shown: Shown) -> list[str]:
        """Lines of the last table, however wide the screen."""
        return REDRAW.split(shown.written)[-1].split("\r\n")[:-1]

    def test_what_comes_from_outside_does_not_command_the_terminal(self) -> None:
        evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\x7f"

        def serve() -> None:
            while True:
                try:
                    client = listening.accept()[0]
                except OSError:
                    return
                with client:
                    client.sendall(evil.encode() + b"\r\n")

        listening = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=serve)
        thread.start()
        self.addCleanup(thread.join, LIMIT_S)
        self.addCleanup(listening.close)
        self.addCleanup(listening.shutdown, socket.SHUT_RDWR)
        place = {"host": "127.0.0.1", "port": listening.getsockname()[1]}
        settings = json.dumps([{"expect": "220 never"}])
        with self.daemon.api() as api:
            api("POST", "/api/v1/checks", {"name": "evil", "probe": "tcp", "interval": "1h", "targets": [place], "settings": {"steps": json.loads(settings)}}, expect=201)
        seen = []
        for words in (["probe", "tcp", f"127.0.0.1:{place['port']}", "--set", f"steps={settings}"], ["check", "run", "evil"], ["check", "state", "evil"],
                      ["check", "results", "evil"], ["probe", "tcp", f"{evil}:1"], ["check", "show", evil]):
            with self.subTest(words=words):
                shown = self.on_terminal(*words)
                self.assertEqual(shown.commands(), [])
                self.assertNotRegex(shown.errors, r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
                seen.append(shown.written + shown.errors)
        self.assertIn("owned", seen[1], "what the target said is told")
        with self.daemon.api() as api:
            self.assertIn(evil, api.items("/api/v1/checks/evil/results")[0]["reason"])


if __name__ == "__main__":
    main()
