"""Thousands of simulated agents in one process, and the least that could serve them instead of the daemon."""

import contextlib
import json
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import machine
from workshop import BenchError, Workshop, started


class Told:
    """What a program prints, an object a line, with the time at which it came."""

    def __init__(self, lines: IO[str]) -> None:
        self._queue: queue.Queue[tuple[float, dict[str, Any]] | None] = queue.Queue()
        threading.Thread(target=self._read, args=(lines,), daemon=True).start()

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            self._queue.put((time.monotonic(), json.loads(line)))
        self._queue.put(None)

    def until(self, limit: float, **members: Any) -> tuple[float, dict[str, Any]]:
        """The next object with these members, and when it came."""
        end = time.monotonic() + limit
        while True:
            try:
                got = self._queue.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise BenchError(f"{members} was not told within {limit:g} s") from None
            if got is None:
                raise BenchError(f"the program ended before it told {members}")
            if all(got[1].get(name) == value for name, value in members.items()):
                return got


@dataclass
class Herd:
    process: subprocess.Popen[str]
    told: Told

    def all_back(self, limit: float) -> float:
        """Waits until every agent is connected; when that was."""
        return self.told.until(limit, event="all")[0]

    def end(self) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.told.until(30, event="end")[1]


def complain_unless_complete(counts: dict[str, Any], agents: int, visits: int, orders: int) -> None:
    """A figure counts only if every agent was there, each time, and answered each order; what went wrong is in the complaint."""
    wrong = []
    if counts["connected"] != agents:
        wrong.append(f"{agents - counts['connected']} of {agents} agents are not connected in the end")
    if counts["connects"] != agents * visits:
        wrong.append(f"there were {counts['connects']} connections instead of {agents * visits}")
    # Refused by the kernel: nobody listened, as while the controller was away. Whatever else fails, fails at the controller.
    failures = {code: times for code, times in counts["failures"].items() if code != "connection_refused"}
    if failures:
        wrong.append(f"attempts failed: {failures}")
    for what in ("orders", "acknowledged"):
        if counts[what] != orders:
            wrong.append(f"{counts[what]} {what} instead of {orders}")
    if counts["bad_orders"]:
        wrong.append(f"orders were not accepted: {counts['bad_orders']}")
    if wrong:
        raise BenchError("the fleet was not complete: " + "; ".join(wrong))


@contextlib.contextmanager
def herd(shop: Workshop, authority: Path, port: int, agents: int, addresses: int, command_key: str = "") -> Iterator[Herd]:
    command = [str(shop.build / "bench" / "fleet_agents"), str(authority), f"127.0.0.1:{port}", str(agents), "10000", str(addresses), command_key]
    with started(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield Herd(process, Told(process.stdout))


@dataclass
class Bare:
    process: subprocess.Popen[str]
    told: Told

    def order(self, agents: int) -> float:
        """One message to all, each answered: how long it took."""
        assert self.process.stdin is not None
        self.process.stdin.write("all\n")
        self.process.stdin.flush()
        told = self.told.until(60)[1]
        if told["answers"] != agents:
            raise BenchError(f"the message did not come back from all {agents} agents: {told}")
        return told["seconds"]

    def private_kb(self) -> float:
        return machine.private_kb(self.process.pid)

    def processor_seconds(self) -> float:
        return machine.processor_seconds(self.process.pid)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def bare(shop: Workshop, authority: Path, port: int) -> Iterator[Bare]:
    command = [str(shop.build / "bench" / "fleet_baseline"), str(authority), f"127.0.0.1:{port}"]
    with started(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        made = Bare(process, Told(process.stdout))
        made.told.until(10, ready=True)
        yield made
