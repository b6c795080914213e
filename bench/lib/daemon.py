"""The daemon under test, on a free loopback port, with folders of its own."""

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import machine
from workshop import BenchError, Workshop, started

SUCCEEDED = '"state":"succeeded"'


@dataclass(frozen=True)
class Daemon:
    shop: Workshop
    pid: int
    port: int
    token_file: Path

    def load(self, **options: Any) -> dict[str, Any]:
        """Runs the load generator against it; every answer must be as expected."""
        arguments = [str(text) for name, value in options.items() for text in ("--" + name.replace("_", "-"), value)]
        seen = self.shop.program("http_load", "--port", self.port, *arguments)
        if seen["unexpected"]:
            raise BenchError(f"{seen['unexpected']} of {seen['requests']} answers were not as expected")
        return seen

    def jobs(self, bodies: Path, **options: Any) -> dict[str, Any]:
        """Submits jobs and waits for each one's success."""
        return self.load(method="POST", path="/api/v1/jobs?wait=10s", token_file=self.token_file, bodies=bodies,
                         expect=SUCCEEDED, **options)

    def resident_kb(self) -> float:
        return machine.resident_kb(self.pid)

    def private_kb(self) -> float:
        return machine.private_kb(self.pid)

    def processor_seconds(self) -> float:
        return machine.processor_seconds(self.pid)

    def kill(self) -> None:
        """Without a word to anybody."""
        os.kill(self.pid, signal.SIGKILL)


def config_file(folder: Path, settings: dict[str, Any]) -> Path:
    """A configuration that keeps everything in the folder. JSON is YAML."""
    whole = {"node": "bench", "data_dir": str(folder / "data"), "run_dir": str(folder / "run"),
             "http": {"listen": ["127.0.0.1:0"]}} | settings
    path = folder / "ferrule.yaml"
    path.write_text(json.dumps(whole, indent=1))
    return path


def job_bodies(folder: Path, bodies: list[dict[str, Any]]) -> Path:
    """One request body a line, for the load generator."""
    path = folder / "jobs.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in bodies))
    return path


@contextlib.contextmanager
def running(shop: Workshop, folder: Path, settings: dict[str, Any]) -> Iterator[Daemon]:
    config = config_file(folder, settings)
    log = folder / "ferrule.log"
    command = [str(shop.ferrule), "run", "-c", str(config)]
    with started(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        port = _until_ready(process, log)
        # Somebody has to read what it says, or it would stand still once the pipe is full.
        threading.Thread(target=_keep, args=(process.stderr, log), daemon=True).start()
        yield Daemon(shop, process.pid, port, folder / "data" / "admin.token")


def _until_ready(process: subprocess.Popen[str], log: Path) -> int:
    assert process.stderr is not None
    port = 0
    with log.open("w") as kept:
        for line in process.stderr:
            kept.write(line)
            if found := re.search(r"serving the API address=\S*:(\d+)", line):
                port = int(found[1])
            if " app: ready " in line:
                return port
    raise BenchError("the daemon did not start; it said:\n" + log.read_text())


def _keep(lines: IO[str], log: Path) -> None:
    with log.open("a") as kept:
        for line in lines:
            kept.write(line)
            kept.flush()
