"""Counterparts: the lab's real devices, and the simulated one."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workshop import ROOT, BenchError, Workshop, started


@dataclass(frozen=True)
class Lab:
    directory: Path
    host: str
    port: int
    password_file: Path

    @property
    def inventory(self) -> Path:
        return self.directory / "inventory.yaml"


@contextlib.contextmanager
def lab(shop: Workshop) -> Iterator[Lab]:
    """A lab of its own beside any that already runs."""
    directory = shop.folder("lab") / "state"
    environment = os.environ | {"FERRULE_LAB_DIR": str(directory)}
    script = str(ROOT / "scripts" / "lab")

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([script, *arguments], env=environment, text=True, check=False, timeout=180,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    try:
        up = call("up")
        if up.returncode != 0:
            raise BenchError("scripts/lab up failed:\n" + up.stdout)
        status = json.loads(call("status", "--json").stdout)
        router = next(each for each in status["devices"] if each["name"] == "frr1")
        yield Lab(directory, router["host"], router["port"], Path(router["password_file"]))
    finally:
        call("down")


@contextlib.contextmanager
def simulated(shop: Workshop, folder: Path, count: int) -> Iterator[list[int]]:
    """Simulated routers in a process of their own; gives their ports. Everyone logs in as admin/admin."""
    script = folder / "simdevice.yaml"
    device = {"name": "r${index}", "count": count, "flavour": "cisco_ios",
              "commands": [{"exact": "show version", "output": "Simulated OS\n"}]}
    script.write_text(json.dumps({"devices": [device]}))
    with started([str(shop.simdevice), str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise BenchError("the simulated device did not start; see above")
        ready = json.loads(line)
        yield [each["port"] for each in ready["devices"].values()]
