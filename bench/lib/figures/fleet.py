"""A fleet of agents on one controller."""

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Protocol

from daemon import Daemon, config_file, running
from figure import Figure, Goal
from herd import Herd, bare, complain_unless_complete, herd
from workshop import BenchError, Workshop

AGENTS = int(os.environ.get("FERRULE_BENCH_AGENTS", "5000"))
ADDRESSES = int(os.environ.get("FERRULE_BENCH_AGENT_ADDRESSES", "8"))
ALL_BACK_WITHIN = 90
BEATS = 20  # seconds, two heartbeats of each
COMMANDS = 3


class Server(Protocol):
    def private_kb(self) -> float: ...
    def processor_seconds(self) -> float: ...


@dataclass
class Cost:
    """Of one server with all agents connected."""

    kb_an_agent: float = 0.0
    connect_ms: float = 0.0  # processor time
    core_share: float = 0.0
    commands: list[float] = field(default_factory=list)
    back: float = 0.0
    back_ms: float = 0.0
    core_share_after: float = 0.0


def fleet(shop: Workshop) -> list[Figure]:
    folder = shop.folder("fleet")
    port = _free_port()
    settings = {"fleet": {"listen": [f"127.0.0.1:{port}"]}}
    subprocess.run([str(shop.ferrule), "ca", "init", "-c", str(config_file(folder, settings))], check=True,
                   stdout=subprocess.DEVNULL)
    try:
        ours = _product(shop, folder, settings, port)
        least = _least(shop, folder / "data" / "fleet", port)
    except (OSError, KeyError, ValueError) as problem:
        raise BenchError(f"the fleet cannot be measured: {problem!r}") from problem
    about = f"{AGENTS} agents over mutual TLS from {ADDRESSES} address{'es' if ADDRESSES > 1 else ''}"
    return [
        Figure("fleet_memory", ours.kb_an_agent, "KiB", least.kb_an_agent, Goal("value", "<=", 60),
               f"private memory of the controller for each of {about}; baseline: asio::ssl::stream and Beast alone"),
        Figure("fleet_cpu", ours.core_share, "%", least.core_share, None,
               f"of one core, {about} with heartbeats every 10 s; baseline: the same messages read and dropped"),
        Figure("fleet_command", median(ours.commands), "s", median(least.commands), Goal("value", "<=", 2),
               "one signed command to all: asked, durable, sent, answered, durable; baseline: a message to all and back"),
        Figure("fleet_return", ours.back, "s", least.back, None,
               f"from the start of a killed controller until all are back, {about}; baseline: the same herd at the least server"),
        Figure("fleet_connect_cpu", ours.back_ms, "ms", least.back_ms, None,
               "processor time of the controller for each that comes back"),
    ]


def _product(shop: Workshop, folder: Path, settings: dict[str, Any], port: int) -> Cost:
    cost = Cost()
    with contextlib.ExitStack() as agents:
        with running(shop, folder, settings) as daemon:
            key = _ask(daemon, "GET", "/api/v1/command-key")["public_key"]
            before = daemon.private_kb()
            those = agents.enter_context(herd(shop, folder / "data" / "fleet", port, AGENTS, ADDRESSES, key))
            _settle(daemon, those, before, cost)
            for _ in range(COMMANDS):
                cost.commands.append(_command(daemon))
            daemon.kill()
        those.told.until(30, event="none")
        killed = time.monotonic()
        with running(shop, folder, settings) as daemon:
            cost.back = those.all_back(ALL_BACK_WITHIN) - killed
            cost.back_ms = daemon.processor_seconds() / AGENTS * 1000
            _command(daemon)
            counts = those.end()
    complain_unless_complete(counts, AGENTS, 2, AGENTS * (COMMANDS + 1))
    return cost


def _least(shop: Workshop, authority: Path, port: int) -> Cost:
    cost = Cost()
    with contextlib.ExitStack() as agents:
        with bare(shop, authority, port) as server:
            before = server.private_kb()
            those = agents.enter_context(herd(shop, authority, port, AGENTS, ADDRESSES))
            _settle(server, those, before, cost)
            cost.commands = [server.order(AGENTS) for _ in range(COMMANDS)]
            server.kill()
        those.told.until(30, event="none")
        killed = time.monotonic()
        with bare(shop, authority, port) as server:
            cost.back = those.all_back(ALL_BACK_WITHIN) - killed
            cost.back_ms = server.processor_seconds() / AGENTS * 1000
            complain_unless_complete(those.end(), AGENTS, 2, 0)
    return cost


def _settle(server: Server, those: Herd, before: float, cost: Cost) -> None:
    """Once all are there: memory after every agent has sent heartbeats, and what these cost."""
    at_first = server.processor_seconds()
    those.all_back(ALL_BACK_WITHIN)
    cost.connect_ms = (server.processor_seconds() - at_first) / AGENTS * 1000
    used, begin = server.processor_seconds(), time.monotonic()
    time.sleep(BEATS)
    cost.core_share = (server.processor_seconds() - used) / (time.monotonic() - begin) * 100
    cost.kb_an_agent = (server.private_kb() - before) / AGENTS


def _command(daemon: Daemon) -> float:
    """To all agents, until the last answer is stored."""
    begin = time.monotonic()
    seen = _ask(daemon, "POST", "/api/v1/commands?wait=30s", {"on": {"all": True}, "argv": ["/usr/bin/uptime"]})
    took = time.monotonic() - begin
    if seen["counts"].get("succeeded") != AGENTS:
        raise BenchError(f"the command did not succeed on all agents: {seen['counts']}")
    return took


def _ask(daemon: Daemon, method: str, path: str, body: object = None) -> Any:
    request = urllib.request.Request(f"http://127.0.0.1:{daemon.port}{path}", method=method,
                                     data=json.dumps(body).encode() if body else None,
                                     headers={"Authorization": "Bearer " + daemon.token_file.read_text().strip(),
                                              "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


FIGURES = [
    ("fleet", f"{AGENTS} agents on one controller: memory, heartbeats, a command to all, their return", fleet),
]
