"""Where the programs are, where temporary files go, and how to run things so that nothing is left behind."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ("product", "ferrule-simdevice", "fixture_noop", "ferrule_bench")


class BenchError(Exception):
    """Something needed for a figure does not work; the text says what."""


class Workshop:
    """The build tree and a temporary folder; leaving the context removes the folder."""

    def __init__(self, build: Path) -> None:
        self.build = build
        self.ferrule = build / "bin" / "ferrule"
        self.simdevice = build / "bin" / "ferrule-simdevice"
        self.plugins = build / "lib" / "ferrule" / "plugins"
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "Workshop":
        self.temporary = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="ferrule-bench-")))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def folder(self, name: str) -> Path:
        made = Path(tempfile.mkdtemp(prefix=name + "-", dir=self.temporary))
        return made

    def plugins_with_noop(self) -> list[Path]:
        """The product's plugin folder, and one with the driver that does nothing."""
        extra = self.folder("plugins")
        (extra / "drivers").mkdir()
        shutil.copy(self.build / "tests" / "fixtures" / "noop.so", extra / "drivers")
        return [self.plugins, extra]

    def compile(self) -> None:
        if not (self.build / "CMakeCache.txt").exists():
            self._say(["cmake", "--preset", "release", "-B", str(self.build)])
        # Quiet when there is nothing to do, with progress when there is.
        self._say(["cmake", "--build", str(self.build), "--parallel", str(os.cpu_count() or 1), "--target", *TARGETS])

    def _say(self, command: list[str]) -> None:
        if subprocess.run(command, cwd=ROOT, stdout=sys.stderr, check=False).returncode != 0:
            raise BenchError(f"'{' '.join(command)}' failed")

    def program(self, name: str, *arguments: object, limit: float = 120, within: list[str] | None = None) -> dict[str, Any]:
        """Runs one of the measuring programs, by another program if one is given, and reads the JSON that it prints."""
        command = [*(within or []), str(self.build / "bench" / name), *map(str, arguments)]
        try:
            ran = subprocess.run(command, stdout=subprocess.PIPE, timeout=limit, check=False, text=True)
        except subprocess.TimeoutExpired:
            raise BenchError(f"{name} did not end within {limit:g} s") from None
        if ran.returncode != 0:
            raise BenchError(f"{name} failed with status {ran.returncode}")
        return json.loads(ran.stdout)


@contextlib.contextmanager
def started(command: list[str], **how: Any) -> Iterator[subprocess.Popen[str]]:
    """A process for as long as the context lasts: SIGTERM at its end, SIGKILL for one that does not obey."""
    process = subprocess.Popen(command, text=True, **how)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
