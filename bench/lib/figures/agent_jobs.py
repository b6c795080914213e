"""How many device jobs a second go over the link to an agent, run there, and end on the controller's disk."""

import contextlib
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import machine
from daemon import Daemon, config_file, job_bodies, running
from figure import Figure
from figures.throughput import CONNECTIONS, DEVICES, ROUNDS, SECONDS, WARM_UP
from workshop import BenchError, Workshop, started

PORT = re.compile(r"fleet: awaiting agents address=\S*:(\d+)")


def jobs_per_second_agent(shop: Workshop) -> list[Figure]:
    folders = [str(each) for each in shop.plugins_with_noop()]
    devices = [{"name": f"noop{i}", "host": "127.0.0.1", "port": 1000 + i, "driver": "noop"} for i in range(DEVICES)]
    here = _measure(shop, folders, devices, away=False)
    away = _measure(shop, folders, devices, away=True)
    note = (f"pinned; p50 {away['p50_ms']:.2f} ms, p99 {away['p99_ms']:.2f} ms; processor time of the agent "
            f"{away['agent_us']:.0f} us a job; baseline: the same jobs in the controller")
    return [Figure("jobs_per_second_agent", away["per_second"], "1/s", here["per_second"], None, note),
            Figure("job_cpu_agent", away["cpu_us"], "us", here["cpu_us"], None, "of the controller, for each job; baseline as above")]


def _measure(shop: Workshop, folders: list[str], devices: list[dict[str, Any]], away: bool) -> dict[str, float]:
    folder = shop.folder("agent-jobs")
    settings: dict[str, Any] = {"role": "controller", "plugins": {"folders": folders}, "devices": devices,
                                "fleet": {"listen": ["127.0.0.1:0"]}, "jobs": {"local": {"enabled": not away}}}
    made = subprocess.run([shop.ferrule, "ca", "init", "-c", config_file(folder, settings)], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise BenchError("there is no authority for the agent: " + made.stderr)
    bodies = job_bodies(folder, [{"device": each["name"], "commands": ["show version"]} for each in devices])
    with running(shop, folder, settings) as controller, contextlib.ExitStack() as more:
        agent = more.enter_context(_agent(shop, controller, folder, folders)) if away else None
        rounds = [_round(controller, agent, bodies) for _ in range(ROUNDS)]
    return {key: median(each[key] for each in rounds) for key in rounds[0]}


def _round(controller: Daemon, agent: int | None, bodies: Path) -> dict[str, float]:
    pids = [controller.pid, *([agent] if agent else [])]
    before = [machine.processor_seconds(each) for each in pids]
    seen = controller.jobs(bodies, connections=CONNECTIONS, seconds=SECONDS, warm_up=WARM_UP)
    used = [(machine.processor_seconds(each) - was) / seen["all"] * 1e6 for each, was in zip(pids, before, strict=True)]
    return {"per_second": seen["per_second"], "p50_ms": seen["p50_ms"], "p99_ms": seen["p99_ms"], "cpu_us": used[0],
            "agent_us": used[-1] if agent else 0.0}


@contextlib.contextmanager
def _agent(shop: Workshop, controller: Daemon, folder: Path, folders: list[str]) -> Iterator[int]:
    """An agent that takes jobs; its process."""
    found = PORT.search((folder / "ferrule.log").read_text())
    if found is None:
        raise BenchError("the controller awaits no agents")
    server = {"FERRULE_URL": f"http://127.0.0.1:{controller.port}", "FERRULE_TOKEN": controller.token_file.read_text().strip()}
    token = subprocess.run([shop.ferrule, "agent", "token", "create"], env=server, capture_output=True, text=True, check=False)
    if token.returncode != 0:
        raise BenchError("the agent gets no token: " + token.stderr)
    own = shop.folder("agent")
    (own / "join.token").write_text(token.stdout)
    (own / "join.token").chmod(0o600)
    config = config_file(own, {"role": "agent", "plugins": {"folders": folders}, "agent": {
        "name": "edge", "controllers": [f"127.0.0.1:{found[1]}"], "join_token": "!token", "jobs": {"enabled": True}}})
    config.write_text(re.sub(r'"http": {.*?},', "", config.read_text(), flags=re.DOTALL).replace('"!token"', "!file join.token"))
    # Its node is there once the controller says so.
    events = urllib.request.Request(server["FERRULE_URL"] + "/api/v1/events?topics=node",
                                    headers={"Authorization": "Bearer " + server["FERRULE_TOKEN"]})
    with (urllib.request.urlopen(events, timeout=60) as happened, (own / "ferrule.log").open("w") as log,
          started([str(shop.ferrule), "run", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=log) as process):
        if not any(b'"online":true' in line for line in happened):
            raise BenchError("the agent does not come: " + (own / "ferrule.log").read_text())
        yield process.pid


FIGURES = [
    ("jobs_per_second_agent", "the jobs of jobs_per_second on an agent beside the controller", jobs_per_second_agent),
]
