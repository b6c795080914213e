"""Device jobs on agents, with real daemons on hosts of their own: the controller cannot reach the devices, the agents can. What the
devices were told is read there, so that what ran twice, or not at all, cannot hide."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cables
from api import Api, Event
from daemon import Daemon
from placed import Placed
from simdevices import SimDevices
from surroundings import FERRULE, MetricsTest, main

CONTROLLER, DEVICES = "192.0.2.1", "192.0.2.50"
AGENTS = {"edge1": ("192.0.2.11", "fra1", "eu"), "edge2": ("192.0.2.12", "nyc1", "us")}
PASSWORD = "never-on-an-agents-disk"
BIG = 3_000_000
TEMPLATE = {
    "name": "counting",
    "flavour": "cisco_ios",
    "address": DEVICES,
    "users": [{"name": "netops", "password": PASSWORD}],
    "commands": [
        {"prefix": "show step ", "output": "step ${rest}\n"},
        {"prefix": "set step ", "output": "done\n"},
        {"exact": "set slow", "output": "working\ndone\n", "chunk": 8, "chunk_delay": "2s"},
        {"exact": "show big", "generate": BIG},
        {"regex": "(show|set) stuck", "times": 1, "output": "working\n", "then": "hang"},
        {"regex": "(show|set) stuck", "output": "free\n"},
    ],
}
NAMES = {"west": {"labels": {"site": "fra1"}}, "east": {"region": "us"}, "named": {"names": ["edge2"]}, "any1": {}, "any2": {}}


class Agent(Placed):
    def __init__(self, folder: Path, host: cables.Host, site: str, region: str, token: str) -> None:
        super().__init__(folder, host, {"role": "agent", "jobs": {"output_limit": "4MiB"}, "agent": {
            "name": host.name, "controllers": [f"{CONTROLLER}:8521"], "join_token": token, "heartbeat": "500ms",
            "reconnect_max": "500ms", "labels": {"site": site}, "region": region, "jobs": {"enabled": True}}})
        del self.settings["http"]

    def start(self) -> "Agent":
        self.spawn()
        self.line(r"app: ready ")
        return self


class JobsOnAgents(MetricsTest):
    def setUp(self) -> None:
        super().setUp()
        self.net = cables.Network()
        self.addCleanup(self.net.close)
        farm = self.net.host("devices", DEVICES)
        self.devices = SimDevices(self.scratch / "devices", [{"name": name, "template": "counting"} for name in NAMES], [TEMPLATE],
                                  farm.command())
        self.addCleanup(self.devices.close)
        self.here = self.net.host("controller", CONTROLLER)
        self.hosts = {name: self.net.host(name, address) for name, (address, _, _) in AGENTS.items()}
        self.astray = self.net.lose(self.here, farm, cables.TCP)
        self.here.enter()
        entries = []
        for name, nodes in NAMES.items():
            entry = self.devices.entry(name, host=DEVICES, credential="lab", **({"nodes": nodes} if nodes else {}))
            entries.append(entry)
        self.controller = Daemon(self.scratch / "controller", {
            "role": "controller", "fleet": {"listen": ["0.0.0.0:8521"]}, "devices": entries,
            "credentials": [{"name": "lab", "username": "netops", "password": PASSWORD}],
            "jobs": {"local": {"enabled": False}, "node_timeout": "1s", "default_timeout": "5m", "idle_timeout": "2m"}})
        self.controller.write_settings()
        subprocess.run([FERRULE, "ca", "init", "-c", self.controller.file], check=True, capture_output=True)
        self.controller.start()
        self.addCleanup(self.controller.close)
        self.agents: dict[str, Agent] = {}

    def cli(self, *line: str) -> str:
        return subprocess.run([FERRULE, *line], check=True, capture_output=True, text=True, env=self.controller.client_env()).stdout

    def agent(self, name: str) -> Agent:
        """A new agent that the controller counts among its nodes."""
        _, site, region = AGENTS[name]
        made = Agent(self.scratch / name, self.hosts[name], site, region, self.cli("agent", "token", "create").strip())
        self.agents[name] = made
        self.addCleanup(made.close)
        self.has_room(name, made.start)
        return made

    def has_room(self, name: str, cause: Any) -> None:
        """Until the node takes jobs, which `cause` leads to."""
        with self.listening("node") as events:
            cause()
            next(each for each in events if each.name == "node" and each.data == {"name": name, "online": True})

    class Listening:
        def __init__(self, api: Api, topics: str) -> None:
            self.api = api
            self.events = api.stream(f"/api/v1/events?topics={topics}")
            next(self.events)  # the greeting: from here on nothing is missed

        def __enter__(self) -> Iterator[Event]:
            return self.events

        def __exit__(self, *_: object) -> None:
            self.api.close()

    def listening(self, topics: str) -> "JobsOnAgents.Listening":
        return self.Listening(self.controller.api(), topics)

    def told(self, device: str) -> list[str]:
        """What reached the device, without what a session begins with."""
        return [each for each in self.devices.commands(device) if each.startswith(("show ", "set "))]

    def until_working(self, events: Iterator[Event], *jobs: str) -> None:
        waited = set(jobs)
        while waited:
            event = next(events)
            if event.name == "job.output" and "working" in event.data["text"]:
                waited.discard(event.data["job"])

    def test_jobs_run_on_the_agents_that_a_device_allows_and_its_login_stays_in_memory(self) -> None:
        for name in AGENTS:
            self.agent(name)
        with self.controller.api() as api:
            self.assertEqual(sorted(each["name"] for each in api.get("/api/v1/nodes")["items"] if each["capacity"]), list(AGENTS))
            for device, node in (("west", "edge1"), ("east", "edge2"), ("named", "edge2")):
                done = api.run(device, "show step 1")
                self.assertEqual((done["state"], done["node"], done["results"][0]["output"]), ("succeeded", node, "step 1"), done)
            shown = json.loads(self.cli("job", "show", done["id"]))
            self.assertEqual(shown["node"], "edge2")
            self.assertEqual({each["node"] for each in api.get("/api/v1/sessions")["items"]}, {"edge1", "edge2"})
            self.assert_clean(api("GET", "/metrics", expect=200).text, "ferrule_jobs_finished_total", "ferrule_sessions_opened_total",
                              "ferrule_agent_up", "ferrule_agent_load")
        by_cli = json.loads(self.cli("exec", "west", "show step 2", "--json"))
        self.assertEqual((by_cli["state"], by_cli["node"]), ("succeeded", "edge1"))
        self.assertEqual(self.told("west"), ["show step 1", "show step 2"])
        self.assertEqual(self.devices("counters", "west")["counters"]["logins"], 1)
        self.assertEqual(self.astray.seen, 0, "the controller reached for a device itself")
        for name, agent in self.agents.items():
            self.assertNotIn(PASSWORD, agent.all_log)
            for file in (self.scratch / name).rglob("*"):
                if file.is_file():
                    self.assertNotIn(PASSWORD.encode(), file.read_bytes(), file)
        self.assertNotIn(PASSWORD, self.controller.all_log)

    def test_after_kill_9_of_an_agent_its_devices_are_taken_over_in_order_and_no_change_runs_twice(self) -> None:
        lost = self.agent("edge1")
        with self.controller.api() as api, self.listening("job.output") as events:
            change = api.submit({"device": "any1", "commands": ["set stuck"], "change": True})
            behind = [api.submit({"device": "any1", "commands": [f"{'set' if i % 2 else 'show'} step {i}"], "change": bool(i % 2)})
                      for i in range(6)]
            reading = api.submit({"device": "any2", "commands": ["show stuck"]})
            self.until_working(events, change, reading)
            self.agent("edge2")
            lost.kill()
            ended = api.ended(change)
            self.assertEqual((ended["state"], ended["error"]["code"], ended["node"]), ("unknown", "node_lost", "edge1"))
            for job in (*behind, reading):
                ended = api.ended(job)
                self.assertEqual((ended["state"], ended["node"]), ("succeeded", "edge2"), ended)
            steps = [f"{'set' if i % 2 else 'show'} step {i}" for i in range(6)]
            self.assertEqual(self.told("any1"), ["set stuck", *steps])
            self.assertEqual(self.told("any2"), ["show stuck", "show stuck"])
            # It comes back: what it ran is over, and its devices stay where they are.
            self.has_room("edge1", lost.start)
            self.assertEqual(api.run("any1", "show step 6")["node"], "edge2")
            self.assertEqual(api.get(f"/api/v1/jobs/{change}")["state"], "unknown")
            self.assertEqual(self.told("any1"), ["set stuck", *steps, "show step 6"])

    def test_an_agent_that_is_killed_and_back_at_once_keeps_its_queue_and_tells_what_it_lost(self) -> None:
        agent = self.agent("edge1")
        with self.controller.api() as api, self.listening("job.output") as events:
            change = api.submit({"device": "any1", "commands": ["set stuck"], "change": True})
            behind = api.submit({"device": "any1", "commands": ["set step 1"], "change": True})
            reading = api.submit({"device": "any2", "commands": ["show stuck"]})
            self.until_working(events, change, reading)
            agent.kill()
            agent.start()
            self.assertEqual(api.ended(change)["state"], "unknown")
            self.assertEqual(api.ended(behind)["state"], "succeeded")
            self.assertEqual(api.ended(reading)["state"], "succeeded")
        self.assertEqual(self.told("any1"), ["set stuck", "set step 1"])
        self.assertEqual(self.told("any2"), ["show stuck", "show stuck"])

    def test_what_a_cut_off_agent_finished_corrects_unknown_once_it_is_back(self) -> None:
        self.agent("edge1")
        with self.controller.api() as api, self.listening("job,job.output") as events:
            change = api.submit({"device": "west", "commands": ["set slow"], "change": True})
            self.until_working(events, change)
            cut = [self.net.lose(self.here, self.hosts["edge1"], cables.TCP), self.net.lose(self.hosts["edge1"], self.here, cables.TCP)]
            self.assertEqual(api.ended(change)["state"], "unknown")
            self.assertEqual(self.told("west"), ["set slow"], "the agent still reaches the device")
            for rule in cut:
                self.net.remove(rule)
            corrected = next(each for each in events if each.name == "job" and each.data["id"] == change and each.data["state"] == "succeeded")
            self.assertEqual(corrected.data["node"], "edge1")
            shown = api.get(f"/api/v1/jobs/{change}")
            self.assertEqual((shown["state"], shown["error"], shown["results"][0]["output"]), ("succeeded", None, "working\ndone"))
            self.assertEqual(api.run("west", "show step 1")["state"], "succeeded")
        self.assertEqual(self.told("west"), ["set slow", "show step 1"])

    def test_the_controller_is_killed_while_jobs_run_on_an_agent_and_their_ends_arrive_once(self) -> None:
        self.agent("edge1")
        with self.controller.api() as api, self.listening("job") as events:
            running = {api.submit({"device": "west", "commands": ["set slow"], "change": True}),
                       api.submit({"device": "any1", "commands": ["show big"]})}
            behind = api.submit({"device": "west", "commands": ["set step 1"], "change": True})
            begun: set[str] = set()
            while not begun >= running:
                event = next(events)
                if event.name == "job" and event.data["state"] == "running":
                    begun.add(event.data["id"])
        self.controller.kill()
        self.controller.settings["jobs"]["node_timeout"] = "2m"  # it is to come back, however slow the machine
        self.controller.start()
        with self.controller.api() as api:
            ended = {job: api.ended(job) for job in (*running, behind)}
            self.assertEqual({each["state"] for each in ended.values()}, {"succeeded"}, ended)
            big = next(each for each in ended.values() if each["results"][0]["command"] == "show big")["results"][0]
            self.assertFalse(big["truncated"])
            self.assertEqual(self.told("west"), ["set slow", "set step 1"])
            self.assertEqual(self.told("any1"), ["show big"])
            whole = api.run("any1", "show big")["results"][0]
            self.assertFalse(whole["truncated"])
            self.assertGreater(len(whole["output"]), BIG // 2)
            self.assertEqual(big["output"], whole["output"])


if __name__ == "__main__":
    cables.require()
    main()
