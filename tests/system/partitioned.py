"""Agents in networks of their own, and between them and what they watch a network that does what the test says."""

import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import cables
from api import Event
from daemon import Daemon
from placed import Placed
from surroundings import FERRULE, MetricsTest

CONTROLLER, TARGET, ANCHOR = "192.0.2.1", "192.0.2.50", "192.0.2.60"
AGENTS = {"north": "192.0.2.11", "east": "192.0.2.12", "south": "192.0.2.13"}
# For a check: at each of the agents, and said at once.
EVERYWHERE: dict[str, Any] = {"nodes": {"names": list(AGENTS)}, "flapping": {"enabled": False}}
WEB: dict[str, Any] = {"name": "web", "probe": "tcp", "targets": [{"host": TARGET, "port": 8080}], "interval": "1s", **EVERYWHERE}
SERVER = """
import socket
listening = socket.create_server(("0.0.0.0", 8080), backlog=64)
print("up", flush=True)
while True:
    listening.accept()[0].close()
"""


class Agent(Placed):
    def __init__(self, folder: Path, host: cables.Host, token: str) -> None:
        super().__init__(folder, host, {"role": "agent", "agent": {
            "name": host.name, "controllers": [f"{CONTROLLER}:8521"], "join_token": token, "heartbeat": "500ms", "reconnect_max": "1s"}})
        del self.settings["http"]

    def start(self) -> "Agent":
        self.spawn()
        self.line(r"app: ready ")
        return self


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class Listener:
    """Events of the controller; keeps all that have come."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self.told: list[Event] = []

    def until(self, wanted: Callable[[Event], Any]) -> Any:
        """What the first event says that is wanted."""
        for event in self._events:
            self.told.append(event)
            if wanted(event):
                return event.data
        raise AssertionError("the stream ended")

    def sample(self, check: str, wanted: Callable[[Any], Any]) -> Any:
        """The first result of a check that is wanted."""
        return self.until(lambda each: each.name == "check.sample" and each.data["check"] == check and wanted(each.data))

    def agreed(self) -> list[Any]:
        """Changes of what the locations agree on, so far."""
        return [each.data for each in self.told if each.name == "check.state" and "location" not in each.data]


class PartitionTest(MetricsTest):
    """A controller, which is where the test runs, a server, and an agent for each of the names."""

    PROBES: dict[str, Any] = {}
    CHECKS: list[dict[str, Any]] = []

    def setUp(self) -> None:
        super().setUp()
        self.net = cables.Network()
        self.addCleanup(self.net.close)
        self.target = self.net.host("target", TARGET)
        self.anchor = self.net.host("anchor", ANCHOR)
        server = self.target.popen("/usr/bin/python3", "-c", SERVER, stdout=subprocess.PIPE)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        assert server.stdout is not None
        self.addCleanup(server.stdout.close)
        server.stdout.readline()
        here = self.net.host("controller", CONTROLLER)
        self.agents = {name: self.net.host(name, address) for name, address in AGENTS.items()}
        here.enter()
        self.controller = Daemon(self.scratch / "controller", {
            "role": "controller", "fleet": {"listen": ["0.0.0.0:8521"]}, "probes": {"write_interval": "200ms", **self.PROBES}, "checks": self.CHECKS})
        self.controller.write_settings()
        subprocess.run([FERRULE, "ca", "init", "-c", self.controller.file], check=True, capture_output=True)
        self.controller.start()
        self.addCleanup(self.controller.close)
        self.daemons: dict[str, Agent] = {}
        for name, host in self.agents.items():
            token = subprocess.run([FERRULE, "agent", "token", "create"], check=True, capture_output=True, text=True,
                                   env=self.controller.client_env()).stdout.strip()
            agent = self.daemons[name] = Agent(self.scratch / name, host, token)
            agent.start()
            self.addCleanup(agent.close)
            self.controller.line(rf"fleet: an agent is connected agent={name} ")
            agent.line(rf"checks: assigned targets={len(self.CHECKS) + len(self.PROBES.get('anchors', []))}\b")

    def listen(self, topics: str) -> Listener:
        api = self.controller.api()
        self.addCleanup(api.close)
        arriving = api.stream(f"/api/v1/events?topics={topics}")
        next(arriving)
        return Listener(arriving)

    def location(self, check: str, name: str) -> tuple[Any, Any]:
        """What is agreed on the only target of a check, and what one location has to do with it."""
        with self.controller.api() as api:
            target = api.get(f"/api/v1/checks/{check}/state")["targets"][0]
        return target, next(each for each in target["locations"] if each["location"] == name)
