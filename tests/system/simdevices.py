"""Simulated SSH devices in a process of their own; see tests/simdevice/README.md for what they can do."""

import json
import os
import select
import subprocess
from pathlib import Path
from typing import Any

from surroundings import LIMIT_S, SIMDEVICE

CREDENTIAL = {"name": "sim", "username": "admin", "password": "admin"}


class SimDevices:
    def __init__(self, folder: Path, devices: list[dict[str, Any]], templates: list[dict[str, Any]] | None = None,
                 starter: list[str] | None = None) -> None:
        """`starter` is a line that runs the program which follows it somewhere else, such as in a namespace."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        file = folder / "devices.yaml"
        file.write_text(json.dumps({"threads": 1, "templates": templates or [], "devices": devices}))
        self.process = subprocess.Popen([*(starter or []), str(SIMDEVICE), str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._rest = b""
        self.devices: dict[str, Any] = self._answer()["devices"]

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        out = self.process.stdout.fileno()
        while b"\n" not in self._rest:
            if not select.select([out], [], [], LIMIT_S)[0]:
                raise AssertionError("ferrule-simdevice does not answer")
            got = os.read(out, 1 << 20)
            if not got:
                raise AssertionError(f"ferrule-simdevice has ended with {self.process.wait()}")
            self._rest += got
        line, _, self._rest = self._rest.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        if not answer["ok"]:
            raise AssertionError(answer["error"])
        return answer

    def __call__(self, verb: str, device: str) -> dict[str, Any]:
        """One control line, such as `drop`, `rotate` or `transcript`."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{verb} {device}\n".encode())
        self.process.stdin.flush()
        return self._answer()

    def commands(self, device: str) -> list[str]:
        """What the device was told, in its order."""
        return [each["text"] for each in self("transcript", device)["transcript"] if each["kind"] == "command"]

    def port(self, device: str) -> int:
        return int(self.devices[device]["port"])

    def entry(self, device: str, name: str = "", **more: Any) -> dict[str, Any]:
        """The device as the daemon's configuration has it."""
        options = {"known_hosts": str(self.folder / "known_hosts"), "host_key_policy": "accept_new", **more.pop("options", {})}
        return {"name": name or device, "host": "127.0.0.1", "port": self.port(device), "platform": "cisco_ios", "credential": "sim",
                "options": options, **more}

    def inventory(self, **more: Any) -> dict[str, Any]:
        """Settings of a daemon that knows all these devices."""
        return {"credentials": [CREDENTIAL], "devices": [self.entry(each, **more) for each in self.devices]}

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.process.stdout.close()
