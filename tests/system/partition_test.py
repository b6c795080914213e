"""Three agents watch one target, each from a network of its own, and the test decides what gets through: losses are told exactly, one
agent that is cut off brings no false "down", and what it measured meanwhile arrives later with its true times."""

import json
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import cables
from daemon import Daemon
from surroundings import FERRULE, SystemTest, main

CONTROLLER, TARGET = "192.0.2.1", "192.0.2.50"
AGENTS = {"north": "192.0.2.11", "east": "192.0.2.12", "south": "192.0.2.13"}
BURST = 10
INTERVAL = timedelta(seconds=1)
SERVER = """
import socket
listening = socket.create_server(("0.0.0.0", 8080), backlog=64)
print("up", flush=True)
while True:
    listening.accept()[0].close()
"""


class Placed(Daemon):
    """A daemon on a host of the network."""

    def __init__(self, folder: Path, host: cables.Host, settings: dict[str, Any]) -> None:
        super().__init__(folder, settings)
        starter = folder / "on-its-host"
        starter.write_text(f'#!/bin/sh\nexec {" ".join(host.command(str(FERRULE)))} "$@"\n')
        starter.chmod(0o700)
        self.program = starter


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


class Partition(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.net = cables.Network()
        self.addCleanup(self.net.close)
        self.target = self.net.host("target", TARGET)
        server = self.target.popen("/usr/bin/python3", "-c", SERVER, stdout=subprocess.PIPE)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        assert server.stdout is not None
        self.addCleanup(server.stdout.close)
        server.stdout.readline()
        here = self.net.host("controller", CONTROLLER)
        self.agents = {name: self.net.host(name, address) for name, address in AGENTS.items()}
        here.enter()
        everywhere = {"nodes": {"names": list(AGENTS)}, "flapping": {"enabled": False}, "quorum": {"agree": 2}}
        self.controller = Daemon(self.scratch / "controller", {
            "role": "controller", "fleet": {"listen": ["0.0.0.0:8521"]}, "probes": {"write_interval": "200ms"},
            "checks": [
                {"name": "ping", "probe": "icmp", "targets": [{"host": TARGET}], "interval": "1h", "timeout": "30s", **everywhere,
                 "settings": {"count": BURST, "interval": "10ms", "timeout": "10s"}},
                {"name": "web", "probe": "tcp", "targets": [{"host": TARGET, "port": 8080}], "interval": "1s", "retry_interval": "250ms",
                 "max_attempts": 2, **everywhere}]})
        self.controller.write_settings()
        subprocess.run([FERRULE, "ca", "init", "-c", self.controller.file], check=True, capture_output=True)
        self.controller.start()
        self.addCleanup(self.controller.close)
        for name, host in self.agents.items():
            token = subprocess.run([FERRULE, "agent", "token", "create"], check=True, capture_output=True, text=True,
                                   env=self.controller.client_env()).stdout.strip()
            agent = Agent(self.scratch / name, host, token)
            agent.start()
            self.addCleanup(agent.close)
            self.controller.line(rf"fleet: an agent is connected agent={name} ")
            agent.line(r"checks: assigned targets=2")

    def ping_once(self) -> dict[str, Any]:
        """What each agent measured, by its name."""
        with self.controller.api() as api, self.controller.api() as listening:
            arriving = listening.stream("/api/v1/events?topics=check.sample")
            next(arriving)
            api("POST", "/api/v1/checks/ping/run", {})
            found: dict[str, Any] = {}
            while set(found) != set(AGENTS):
                event = next(arriving)
                if event.data["check"] == "ping":
                    found[event.data["node"]] = event.data["metrics"]
            return found

    def test_losses_are_told_packet_by_packet(self) -> None:
        clean = self.ping_once()
        self.assertEqual({name: each["packets_lost"] for name, each in clean.items()}, dict.fromkeys(AGENTS, 0))
        lossy = self.net.lose(self.target, self.agents["north"], cables.ICMP, every=5)
        self.net.delay(self.target, self.agents["east"], 0.1)
        found = self.ping_once()
        self.assertEqual((lossy.seen, lossy.lost), (BURST, BURST // 5))
        self.assertEqual({name: each["packets_lost"] for name, each in found.items()}, {"north": 2, "east": 0, "south": 0})
        self.assertEqual(found["north"]["loss_ratio"], 0.2)
        self.assertGreaterEqual(found["east"]["rtt_min_ms"], 100)

    def test_an_agent_that_is_cut_off_makes_nothing_down_and_tells_later_what_it_measured(self) -> None:
        with self.controller.api() as listening:
            arriving = listening.stream("/api/v1/events?topics=check.state,check.sample")
            next(arriving)
            told: list[Any] = []

            def until(wanted: Any) -> Any:
                for event in arriving:
                    told.append(event)
                    if event.name == "check.sample" and event.data["check"] == "web" and wanted(event.data):
                        return event.data
                raise AssertionError("the stream ended")

            seen: set[str] = set()
            until(lambda each: each["success"] and not seen.add(each["node"]) and seen == set(AGENTS))  # type: ignore[func-returns-value]
            cut_at = datetime.now(timezone.utc) - INTERVAL  # of the run that was under way
            self.net.cut(self.agents["north"])
            others: dict[str, int] = {}

            def five_of_each(each: Any) -> bool:
                others[each["node"]] = others.get(each["node"], 0) + 1
                return others.get("east", 0) >= 5 and others.get("south", 0) >= 5

            until(five_of_each)
            healed_at = datetime.now(timezone.utc) - INTERVAL  # what began later may have seen the healing
            self.net.heal(self.agents["north"])
            late = until(lambda each: each["node"] == "north" and not each["success"])
            self.assertTrue(cut_at <= time_of(late["at"]) <= healed_at, late)
            again = until(lambda each: each["node"] == "north" and each["success"] and time_of(each["at"]) > healed_at + INTERVAL)
            self.assertTrue(again["success"])
            agreed = [each.data for each in told if each.name == "check.state" and "location" not in each.data]
            self.assertEqual([each for each in agreed if each["to"] not in ("ok", "pending")], [])
            north = [time_of(each.data["at"]) for each in told if each.name == "check.sample" and each.data["node"] == "north"]
            self.assertEqual(north, sorted(north), "results come in the order in which they were measured")
        with self.controller.api() as api:
            kept = [each for each in api.items("/api/v1/checks/web/results?location=north")
                    if cut_at + 2 * INTERVAL <= time_of(each["at"]) <= healed_at]
            self.assertGreaterEqual(len(kept), 1)
            self.assertEqual([each["success"] for each in kept], [False] * len(kept))


if __name__ == "__main__":
    cables.require()
    main()
