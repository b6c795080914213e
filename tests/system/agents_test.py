"""A controller and two agents, each agent in a network namespace of its own: they join, are seen with metrics, come back after a
restart, are refused when their certificates are revoked, expired or another fleet's, and open no port."""

import json
import re
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import own_network
from daemon import Daemon
from fleet import make_certificate
from surroundings import FERRULE, LIMIT_S, SystemTest, lint_metrics, main

LISTENING = "0A"  # state of a TCP socket in /proc/net/tcp


def run(*line: str) -> str:
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout


def is_open(connection: socket.socket) -> bool:
    """Whether the other end has not ended it."""
    try:
        return connection.recv(1, socket.MSG_DONTWAIT) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


class Namespace:
    """A network of its own, joined to this one by a cable: 10.77.N.1 here, 10.77.N.2 there."""

    def __init__(self, number: int) -> None:
        self.here = f"10.77.{number}.1"
        self.keeper = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo up; exec sleep infinity"], stdout=subprocess.PIPE, text=True)
        assert self.keeper.stdout is not None
        self.keeper.stdout.readline()
        near, far = f"near{number}", f"far{number}"
        run("ip", "link", "add", near, "type", "veth", "peer", "name", far)
        run("ip", "link", "set", far, "netns", str(self.keeper.pid))
        run("ip", "address", "add", f"{self.here}/24", "dev", near)
        run("ip", "link", "set", near, "up")
        for line in (f"link set lo up", f"address add 10.77.{number}.2/24 dev {far}", f"link set {far} up"):
            run(*self.enter(), "ip", *line.split())

    def enter(self) -> list[str]:
        return ["nsenter", "--net", "--target", str(self.keeper.pid)]

    def close(self) -> None:
        self.keeper.kill()
        self.keeper.wait()
        assert self.keeper.stdout is not None
        self.keeper.stdout.close()


class Agent(Daemon):
    """`ferrule run` in the role agent, in a namespace."""

    def __init__(self, folder: Path, network: Namespace, name: str, token: str) -> None:
        super().__init__(folder, {"role": "agent", "agent": {
            "name": name, "controllers": [f"{network.here}:8521"], "join_token": "!token", "labels": {"site": name},
            "region": "lab", "heartbeat": "500ms", "reconnect_max": "1s"}})
        del self.settings["http"]
        self.network = network
        (folder / "join.token").write_text(token)
        (folder / "join.token").chmod(0o600)

    def write_settings(self) -> None:
        text = json.dumps(self.settings, indent=1).replace('"!token"', "!file join.token")
        self.file.write_text(text)
        self.file.chmod(0o600)

    def prepare(self) -> None:
        """Its files, as they are before its first start."""
        self.write_settings()
        starter = self.folder / "in-namespace"
        starter.write_text(f'#!/bin/sh\nexec {" ".join(self.network.enter())} {FERRULE} "$@"\n')
        starter.chmod(0o700)
        self.program = starter

    def start(self) -> "Agent":
        self.prepare()
        self.spawn()
        self.line(r"app: ready ")
        return self

    def listening(self) -> list[str]:
        """Sockets of its namespace to which others can send: TCP that listens, UDP without a peer."""
        found = []
        for kind in ("tcp", "tcp6", "udp", "udp6"):
            for line in Path(f"/proc/{self.pid}/net/{kind}").read_text().splitlines()[1:]:
                fields = line.split()
                peerless = set(fields[2].partition(":")[0]) == {"0"}
                if (fields[3] == LISTENING) if kind.startswith("tcp") else peerless:
                    found.append(f"{kind} {line}")
        return found


class Agents(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.controller = Daemon(self.scratch / "controller", {"role": "controller", "fleet": {"listen": ["0.0.0.0:8521"]}})
        self.controller.write_settings()
        self.ca = json.loads(self.offline("ca", "init", "-c", str(self.controller.file), "--json"))
        self.controller.start()
        self.addCleanup(self.controller.close)

    def offline(self, *line: str) -> str:
        return run(str(FERRULE), *line)

    def cli(self, *line: str) -> str:
        return subprocess.run([FERRULE, *line], check=True, capture_output=True, text=True, env=self.controller.client_env()).stdout

    def network(self, number: int) -> Namespace:
        made = Namespace(number)
        self.addCleanup(made.close)
        return made

    def agent(self, number: int, name: str, **more: Any) -> Agent:
        token = self.cli("agent", "token", "create", "--label", "from=token")
        made = Agent(self.scratch / name, self.network(number), name, token)
        made.settings["agent"].update(more)
        made.start()
        self.addCleanup(made.close)
        self.controller.line(rf"fleet: an agent is connected agent={name} ")
        return made

    def metrics(self) -> str:
        with self.controller.api() as api:
            return api("GET", "/metrics", expect=200).text

    def shown(self, name: str) -> Any:
        return json.loads(self.cli("agent", "show", name))

    def test_agents_join_are_seen_with_metrics_open_no_port_and_come_back_after_a_restart(self) -> None:
        agents = [self.agent(1, "edge1"), self.agent(2, "edge2")]
        with self.controller.api() as api, self.controller.api() as listening:
            happened = listening.stream("/api/v1/events?topics=agent")
            next(happened)
            self.assertEqual([each["name"] for each in api.items("/api/v1/agents?state=online")], ["edge1", "edge2"])
            self.assertEqual([each["name"] for each in api.items("/api/v1/agents?label=site%3Dedge2")], ["edge2"])
            self.assertEqual([each["name"] for each in api.get("/api/v1/nodes")["items"]], ["test", "edge1", "edge2"])
            for agent in agents:
                self.assertEqual(agent.listening(), [])
                mode = (Path(agent.settings["data_dir"]) / "fleet" / "identity.pem").stat().st_mode & 0o777
                self.assertEqual(mode, 0o600)
            agents[0].stop()
            while (event := next(happened).data)["state"] != "offline":
                pass
            self.assertEqual(event["name"], "edge1")
        after = len(self.controller.log)
        agents[0].start()
        self.controller.line(r"agent=edge1 state=online", after)
        shown = self.shown("edge2")
        self.assertEqual((shown["state"], shown["region"], shown["labels"]), ("online", "lab", {"site": "edge2", "from": "token"}))
        metrics = shown["metrics"]
        self.assertGreater(metrics["memory"]["total"], 0)
        self.assertGreaterEqual(metrics["cpu"]["cores"], 1)
        self.assertGreater(metrics["agent"]["memory"], 0)
        self.assertIn("far2", metrics["network"])
        passed = shown["traffic"]["far2"]
        self.assertTrue(passed["present"])
        for way in ("received", "sent"):
            self.assertEqual([passed[f"{way}_{what}"] >= 0 for what in ("packets", "errors", "dropped", "per_second")], [True] * 4)

        page = self.metrics()
        self.assertEqual(lint_metrics(page), "")
        figures = dict(line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
        self.assertEqual([figures[f'ferrule_agents{{state="{each}"}}'] for each in ("online", "late", "offline", "revoked")], ["2", "0", "0", "0"])
        self.assertEqual(figures["ferrule_agent_connections_total"], "3")
        self.assertEqual(figures["ferrule_agent_disconnections_total"], "1")
        self.assertGreater(float(figures["ferrule_agent_heartbeats_total"]), 2)
        self.assertEqual((figures['ferrule_agent_up{agent="edge1"}'], figures["ferrule_agents_deliveries_lost"]), ("1", "0"))
        self.assertLess(float(figures["ferrule_agent_longest_silence_seconds"]), 60)
        self.assertGreater(float(figures['ferrule_agent_last_seen_timestamp_seconds{agent="edge2"}']), 1.7e9)
        self.assertGreater(float(figures["ferrule_agent_first_certificate_expiry_timestamp_seconds"]), 1.7e9)
        self.assertEqual((figures["ferrule_agent_series_left_out"], figures["ferrule_command_tasks_unfinished"]), ("0", "0"))

        self.assertEqual(self.controller.stop(), 0)
        for agent in agents:
            agent.line(r"no connection to the controller .*code=controller_stopping")
        self.controller.start()
        for name in ("edge1", "edge2"):
            self.controller.line(rf"fleet: an agent is connected agent={name} ")
            self.assertEqual(self.shown(name)["state"], "online")
        for agent in agents:
            self.assertTrue(agent.running())

    def test_an_agent_runs_no_more_measurements_at_once_than_its_file_says_and_is_chosen_by_its_region(self) -> None:
        network = self.network(1)
        made = Agent(self.scratch / "edge1", network, "edge1", self.cli("agent", "token", "create"))
        made.settings["probes"] = {"max_running": 1}
        made.settings["agent"]["region"] = "elsewhere"
        made.start()
        self.addCleanup(made.close)
        self.controller.line(r"fleet: an agent is connected agent=edge1 ")
        listening = socket.create_server((network.here, 0))
        self.addCleanup(listening.close)
        listening.settimeout(LIMIT_S)
        with self.controller.api() as api:
            api("POST", "/api/v1/checks", {
                "name": "slow", "probe": "tcp", "interval": "500ms", "timeout": "400ms", "nodes": {"region": "lab"},
                "settings": {"steps": [{"expect": "a word that never comes"}]},
                "targets": [{"name": str(n), "host": network.here, "port": listening.getsockname()[1]} for n in range(4)]}, expect=201)
        made.stop()
        made.settings["agent"]["region"] = "lab"
        made.start()
        taken: list[socket.socket] = []
        for _ in range(8):
            taken.append(listening.accept()[0])
            self.assertEqual(sum(map(is_open, taken)), 1)
        for each in taken:
            each.close()

    def test_a_probe_at_once_runs_on_the_agents_of_a_label_and_on_no_other_node(self) -> None:
        agents = [self.agent(1, "edge1"), self.agent(2, "edge2")]
        here = agents[0].network.here

        def probed(*words: str, status: int = 0) -> list[Any]:
            done = self.run_program(str(FERRULE), "probe", *words, "--json", env=self.controller.client_env(), status=status)
            return [json.loads(each) for each in done.stdout.splitlines()]

        found = probed("icmp", here, "--from", "site=edge1", "--count", "2", "--interval", "10ms")
        self.assertEqual([(each["node"], each["success"], each["metrics"]["packets_lost"]) for each in found], [("edge1", True, 0)] * 2)
        # It is the agent's network that is measured: the other one has no way there.
        found = probed("icmp", here, "--from", "site=edge2", status=1)
        self.assertEqual([(each["node"], each["success"]) for each in found], [("edge2", False)])
        found = probed("tcp", f"{here}:8521", "--from", "from=token", "--region", "lab", status=1)
        self.assertEqual(sorted((each["node"], each["success"]) for each in found), [("edge1", True), ("edge2", False)])
        (answered,) = probed("tcp", f"{here}:8521", "--from", "edge1")
        self.assertEqual((answered["node"], answered["target"]), ("edge1", f"{here}:8521"))

    def test_an_agent_without_controllers_complains_once_of_each(self) -> None:
        network = self.network(1)
        made = Agent(self.scratch / "lone", network, "lone", self.cli("agent", "token", "create"))
        made.settings["agent"]["controllers"] = [f"{network.here}:{port}" for port in (9, 10)]
        made.settings["log"] = {"level": "debug"}
        made.start()
        self.addCleanup(made.close)
        said: list[str] = []
        at = 0
        while len(said) < 8:
            line = made.line(r"no connection to the controller", at)
            at = made.log.index(line, at) + 1
            said.append(line)
        loud = [re.search(r"controller=(\S+)", each)[1] for each in said if " debug " not in each.lower()]  # type: ignore[index]
        self.assertEqual(sorted(loud), sorted(made.settings["agent"]["controllers"]))

    def test_an_agent_at_work_has_no_socket_that_listens(self) -> None:
        here = "10.77.1.1"
        probes: dict[str, Any] = {
            "icmp": {"targets": [{"host": here}]}, "tcp": {"targets": [{"host": here, "port": 8521}]},
            "udp": {"targets": [{"host": here, "port": 9}], "settings": {"send": "x", "expect": "y", "attempts": 3}},
            "dns": {"targets": [{"host": here}], "settings": {"query_name": "example.net"}},
            "http": {"targets": [{"url": f"http://{here}:8520/"}]}}
        agent = self.agent(1, "edge1", exec={"enabled": True, "shell": True})
        seen: set[str] = set()
        looks = 0
        with self.controller.api() as api, self.controller.api() as listening:
            happened = listening.stream("/api/v1/events?topics=check.sample")
            next(happened)
            for probe, what in probes.items():
                api("POST", "/api/v1/checks", {"name": probe, "probe": probe, "interval": "200ms", "timeout": "200ms", "nodes": {"names": ["edge1"]}, **what},
                    expect=201)
            while seen != set(probes) or looks < 25:
                seen.add(next(happened).data["check"])
                looks += 1
                self.assertEqual(agent.listening(), [])
        # As a program on its host sees it, and so while a command runs. Unix sockets are those of its namespace too; a raw socket for ICMP,
        # where the host allows no datagram socket, has no port.
        done = self.cli("command", "run", "--on", "edge1", "--shell", "--", "ss -Hlntupx; echo looked")
        self.assertEqual(done, "looked\n")

    def test_a_revoked_agent_is_cut_off_and_refused_and_may_join_again_with_a_new_token(self) -> None:
        agent = self.agent(1, "edge1")
        self.run_program(str(FERRULE), "agent", "revoke", "edge1", "--forget", "--unknown", status=2, env=self.controller.client_env())
        self.assertEqual(self.shown("edge1")["state"], "online")
        self.cli("agent", "revoke", "edge1")
        self.controller.line(r"an agent's connection has ended agent=edge1 .*was revoked")
        self.controller.line(r"an agent's certificate is refused agent=edge1 serial=\w+ address=10\.77\.1\.2:\d+ reason=\"the certificate is revoked\"")
        agent.line(r"no connection to the controller .*code=certificate_revoked")
        agent.line(r"no connection to the controller .*code=join_token_used")
        self.assertEqual(self.shown("edge1")["state"], "revoked")
        self.assertEqual(agent.stop(), 0)
        (agent.folder / "join.token").write_text(self.cli("agent", "token", "create"))
        after = len(self.controller.log)
        agent.start()
        self.controller.line(r"fleet: an agent has joined agent=edge1 ", after)
        self.controller.line(r"fleet: an agent is connected agent=edge1 ", after)
        self.assertEqual(self.shown("edge1")["state"], "online")

    def test_an_agent_enrols_ahead_of_its_first_start_and_is_told_what_is_wrong(self) -> None:
        agent = Agent(self.scratch / "edge1", self.network(1), "edge1", self.cli("agent", "token", "create"))
        agent.prepare()

        def enrol(*more: str, typed: str = "", status: int = 0) -> "subprocess.CompletedProcess[str]":
            return self.run_program(str(agent.program), "agent", "enrol", "-c", str(agent.file), *more, typed=typed, status=status)

        made = enrol()
        self.assertRegex(made.stdout, rf"^name +edge1\nserial +[0-9a-f]+\nvalid until +\S+Z\nfolder +{agent.folder}/data/fleet\n$")
        self.assertIn("Joined the fleet", made.stderr)
        self.assertEqual(self.shown("edge1")["state"], "offline")
        serial = self.shown("edge1")["certificate"]["serial"]
        again = enrol("--json")
        self.assertIn("has joined its fleet already", again.stderr)
        self.assertEqual((json.loads(again.stdout)["serial"], json.loads(again.stdout)["joined"]), (serial, False))
        agent.start()
        self.controller.line(r"fleet: an agent is connected agent=edge1 ")
        self.assertNotRegex(agent.all_log, "joined the fleet")
        self.assertEqual(agent.stop(), 0)

        self.cli("agent", "revoke", "edge1")
        refused = enrol("--again", status=1)
        self.assertRegex(refused.stderr, r"10\.77\.1\.1:8521: the join token was already used by edge1.*\nferrule: edge1 has not joined the fleet\n")
        token = self.cli("agent", "token", "create")
        anew = json.loads(enrol("--again", "--json", "--token-file", "-", typed=token).stdout)
        self.assertTrue(anew["joined"])
        self.assertNotEqual(anew["serial"], serial)
        self.assertNotIn(token.strip(), self.controller.all_log)
        enrol("--again", "--token-file", "-", status=2)
        self.controller.stop()
        self.assertIn("10.77.1.1:8521: ", enrol("--again", status=1).stderr)
        self.assertIn("role: agent", self.run_program(str(FERRULE), "agent", "enrol", "-c", str(self.controller.file), status=1).stderr)

    def dial(self, folder: Path) -> None:
        """The controller must end it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        with socket.create_connection(("127.0.0.1", 8521), timeout=60) as plain, self.assertRaises(ssl.SSLError):
            with context.wrap_socket(plain) as wire:
                wire.sendall(b"GET /fleet HTTP/1.1\r\n\r\n")
                wire.recv(1)

    def test_expired_and_foreign_certificates_are_refused_with_the_reason_in_the_log(self) -> None:
        ours = Path(self.ca["folder"])
        self.dial(make_certificate(self.scratch / "late", ours, "late", "-startdate", "20240101000000Z", "-enddate", "20240201000000Z"))
        self.controller.line(r"an agent's certificate is refused agent=late .*reason=\"certificate has expired\"")
        foreign = self.scratch / "foreign.yaml"
        foreign.write_text(f"data_dir: {self.scratch}/foreign\nrun_dir: {self.scratch}/foreign-run\n")
        theirs = Path(json.loads(self.offline("ca", "init", "-c", str(foreign), "--json"))["folder"])
        self.dial(make_certificate(self.scratch / "stranger", theirs, "stranger"))
        self.controller.line(r"an agent's certificate is refused agent=stranger .*reason=\"unable to get local issuer certificate\"")
        self.assertIn("\nferrule_agent_certificates_refused_total 2\n", self.metrics())

    def test_agents_beyond_the_limit_have_no_series_and_are_counted(self) -> None:
        self.assertEqual(self.controller.stop(), 0)
        self.controller.settings["probes"] = {"max_series": 1}
        self.controller.start()
        for number, name in enumerate(("edge1", "edge2"), 1):
            self.agent(number, name)
        page = self.metrics()
        self.assertIn('ferrule_agent_up{agent="edge1"} 1', page)
        self.assertNotIn('agent="edge2"', page)
        self.assertIn("\nferrule_agent_series_left_out 1\n", page)
        self.assertIn('ferrule_agents{state="online"} 2', page)


if __name__ == "__main__":
    own_network.enter()
    main()
