"""How long one command takes through everything, against libssh alone on the same device."""

from pathlib import Path
from statistics import median
from typing import Any

from daemon import Daemon, job_bodies, running
from devices import lab
from figure import Figure, Goal
from workshop import Workshop

ROUNDS = 7
COMMANDS = 300
GOALS = {"show interface brief": Goal("ratio", "<=", 2), "show version": None}


def pinned_latency(shop: Workshop) -> list[Figure]:
    folder = shop.folder("latency")
    figures = []
    with lab(shop) as router, running(shop, folder, {"inventory": [str(router.inventory)]}) as daemon:
        login = (router.host, router.port, "netops", router.password_file)
        for command, goal in GOALS.items():
            turns = [shop.program("command_turns", *login, daemon.port, daemon.token_file, "frr1", COMMANDS, command)
                     for _ in range(ROUNDS)]
            name = "pinned_latency" if goal else "pinned_latency_" + command.replace(" ", "_")
            figures.append(Figure(name, median(each["whole_p50_ms"] for each in turns), "ms",
                                  median(each["bare_p50_ms"] for each in turns), goal,
                                  f"'{command}' on frr1: HTTP to job to durable store and back; baseline: libssh alone, "
                                  "one of each in turn"))
        figures.append(_in_loops(shop, folder, login, daemon, next(iter(GOALS))))
    return figures


def _in_loops(shop: Workshop, folder: Path, login: tuple[Any, ...], daemon: Daemon, command: str) -> Figure:
    """The same where each has the machine's caches to itself for hundreds of commands."""
    jobs = job_bodies(folder, [{"device": "frr1", "commands": [command], "strategy": "pinned"}])
    whole, bare = [], []
    for _ in range(ROUNDS):
        bare.append(shop.program("ssh_loop", *login, COMMANDS, command)["p50_ms"])
        whole.append(daemon.jobs(jobs, requests=COMMANDS)["p50_ms"])
    return Figure("pinned_latency_in_loops", median(whole), "ms", median(bare), None,
                  f"'{command}' on frr1 as before, each in a loop of its own")


FIGURES = [("pinned_latency", "a command on a pinned session through HTTP, job, store and back", pinned_latency)]
