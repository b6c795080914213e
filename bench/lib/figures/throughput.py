"""How many jobs a second are accepted, made durable, scheduled, run and recorded durably."""

from statistics import median
from typing import Any

from daemon import Daemon, job_bodies, running
from figure import Figure, Goal
from workshop import Workshop

CONNECTIONS = 64
DEVICES = 64
ROUNDS = 3
SECONDS = 4.0
WARM_UP = 1.0


def jobs_per_second(shop: Workshop) -> list[Figure]:
    return _measure(shop, "jobs_per_second", "pinned", {}, Goal("value", ">=", 25_000))


def jobs_per_second_fifo(shop: Workshop) -> list[Figure]:
    return _measure(shop, "jobs_per_second_fifo", "fifo", {}, None)


def jobs_per_second_full(shop: Workshop) -> list[Figure]:
    return _measure(shop, "jobs_per_second_full", "pinned", {"durability": "full"}, None)


def _measure(shop: Workshop, name: str, strategy: str, store: dict[str, Any], goal: Goal | None) -> list[Figure]:
    folder = shop.folder(name)
    devices = [{"name": f"noop{i}", "host": "127.0.0.1", "port": 1000 + i, "driver": "noop"} for i in range(DEVICES)]
    settings = {"plugins": {"folders": [str(each) for each in shop.plugins_with_noop()]}, "devices": devices,
                "store": store}
    jobs = job_bodies(folder, [{"device": each["name"], "commands": ["show version"], "strategy": strategy}
                               for each in devices])
    with running(shop, folder, settings) as daemon:
        done, empty = [], []
        for _ in range(ROUNDS):
            empty.append(_run(daemon, lambda: daemon.load(path="/healthz", expect="HTTP/1.1 200", **_length())))
            done.append(_run(daemon, lambda: daemon.jobs(jobs, **_length())))
    value = median(each["per_second"] for each in done)
    note = (f"{strategy}; p50 {median(each['p50_ms'] for each in done):.2f} ms, "
            f"p99 {median(each['p99_ms'] for each in done):.2f} ms; baseline: GET /healthz")
    cpu = Figure(name.replace("jobs_per_second", "job_cpu"), median(each["cpu_us"] for each in done), "us",
                 median(each["cpu_us"] for each in empty), None, "of the daemon, for each job; baseline: GET /healthz")
    return [Figure(name, value, "1/s", median(each["per_second"] for each in empty), goal, note), cpu]


def _length() -> dict[str, Any]:
    return {"connections": CONNECTIONS, "seconds": SECONDS, "warm_up": WARM_UP}


def _run(daemon: Daemon, load: Any) -> dict[str, Any]:
    before = daemon.processor_seconds()
    seen = load()
    seen["cpu_us"] = (daemon.processor_seconds() - before) / seen["all"] * 1e6
    return seen


FIGURES = [
    ("jobs_per_second", "jobs on pinned sessions of a driver that does nothing, 64 connections", jobs_per_second),
    ("jobs_per_second_fifo", "the same with a session for each job", jobs_per_second_fifo),
    ("jobs_per_second_full", "pinned, with an fsync for each commit", jobs_per_second_full),
]
