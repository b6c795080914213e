"""Brings a lab up, takes it down, and starts or stops single devices of it.

All commands hold the lab's lock, so two of them never work on one lab at a time. Each can be
repeated: `up` starts only what is not running, `down` ends whatever of it is left.
"""

import contextlib
import fcntl
import json
import os
import shutil
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import device_files
import namespaces
import topology
from namespaces import LabError

MARKER = ".ferrule-lab"
START_LIMIT_S = 60.0


class Lab:
    """One lab, named by its state directory. Several may run side by side."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.access = device_files.Access(directory / "access")
        self.record_file = directory / "ports.json"

    # --- queries -----------------------------------------------------------------------------

    def exists(self) -> bool:
        return (self.directory / MARKER).exists()

    def pid(self, name: str) -> int | None:
        return namespaces.find(self.directory, name)

    def running(self) -> dict[str, int]:
        return {d.name: pid for d in topology.DEVICES if (pid := self.pid(d.name)) is not None}

    def ports(self) -> dict[str, int]:
        with contextlib.suppress(FileNotFoundError):
            record: dict[str, int] = json.loads(self.record_file.read_text())
            return record
        return {}

    def require_pid(self, name: str) -> int:
        topology.device(name)
        pid = self.pid(name)
        if pid is None:
            raise LabError(f"{name} is not running; start it with 'scripts/lab up' or 'scripts/lab start {name}'")
        return pid

    # --- changes -----------------------------------------------------------------------------

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """The lock lies beside the directory, so that `down` can remove all of the latter."""
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        path = self.directory.with_name(self.directory.name + ".lock")
        file = _lock(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            file.close()

    def create(self) -> None:
        """Makes the state directory, its secrets and each device's files; what exists is kept."""
        if self.directory.exists() and not self.exists() and any(self.directory.iterdir()):
            raise LabError(f"{self.directory} is not empty and not a lab; choose another FERRULE_LAB_DIR")
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o755)
        (self.directory / MARKER).touch()
        self.access.create()
        with ThreadPoolExecutor() as pool:  # key generation is most of the time
            jobs = [pool.submit(device_files.create, self.directory / "devices" / d.name, d, self.access)
                    for d in topology.DEVICES]
            for job in jobs:
                job.result()

    def start(self, names: list[str]) -> None:
        """Starts devices together: first all of them exist, then they are cabled, then they boot."""
        ports, started, reports = self.ports(), {}, {}
        try:
            for name in names:
                listener = self._listener(name, ports)
                log = self.directory / "devices" / name / "log" / "device.log"
                started[name], reports[name] = namespaces.start(self.directory, name, listener, log)
                if listener:
                    listener.close()
            self._record(ports)
            for name in names:
                self._expect(name, reports[name], "cabling")
            self._cable(names)
            for report in reports.values():
                report.sendall(b"go\n")
            for name in names:
                self._expect(name, reports[name], "ready")
        except BaseException:
            namespaces.end(list(started.values()))
            raise
        finally:
            for report in reports.values():
                report.close()

    def stop(self, names: list[str]) -> None:
        namespaces.end([pid for name in names if (pid := self.pid(name)) is not None])

    def remove(self) -> None:
        """Ends every device and deletes the state directory, if it is a lab's."""
        self.stop([d.name for d in topology.DEVICES])
        if self.exists():
            shutil.rmtree(self.directory)

    # --- details -----------------------------------------------------------------------------

    def _listener(self, name: str, ports: dict[str, int]) -> socket.socket | None:
        """A loopback socket: on the port it had before, else on the wished one, else on any free one."""
        device = topology.device(name)
        if device.port is None:
            return None
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((device.address, ports.get(name, device.port)))
        except OSError as error:
            if name in ports:
                raise LabError(f"port {ports[name]} of {name} was taken by another program while {name} "
                               "was down; run 'scripts/lab down' and 'scripts/lab up'") from error
            listener.bind((device.address, 0))
        listener.listen(4096)
        ports[name] = listener.getsockname()[1]
        return listener

    def _record(self, ports: dict[str, int]) -> None:
        write_atomically(self.record_file, json.dumps(ports, indent=2) + "\n")

    def _expect(self, name: str, report: socket.socket, wanted: str) -> None:
        log = self.directory / "devices" / name / "log"
        report.settimeout(START_LIMIT_S)
        try:
            said = report.recv(4096).decode().strip()
        except TimeoutError as error:
            raise LabError(f"{name} was not '{wanted}' within {START_LIMIT_S:.0f} s; see {log}") from error
        if said != wanted:
            raise LabError(f"{name} did not start: {said or 'it died without a word'}; see {log}")

    def _cable(self, names: list[str]) -> None:
        """Lays the cables that have at least one new end and two living ones, without touching the machine's net."""
        pids = self.running()
        for link in topology.LINKS:
            a, b = link.a, link.b
            if not {a.device, b.device} & set(names) or not {a.device, b.device} <= set(pids):
                continue
            namespaces.run(namespaces.inside(pids[a.device], [
                "ip", "link", "add", a.interface, "type", "veth",
                "peer", "name", b.interface, "netns", str(pids[b.device])]))
            for end in (a, b):
                self._plug_in(pids[end.device], end)

    def _plug_in(self, pid: int, end: topology.End) -> None:
        """Routers give the address themselves: that is FRR's business, from its configuration."""
        namespaces.run(namespaces.inside(pid, ["ip", "link", "set", end.interface, "up"]))
        if topology.device(end.device).platform == "linux":
            namespaces.run(namespaces.inside(pid, ["ip", "address", "add", end.address, "dev", end.interface]))


def _lock(path: Path) -> IO[str]:
    """Waits for the lock. Its last holder may have removed the file meanwhile: then it is a new one's turn."""
    while True:
        file = open(path, "a", encoding="utf-8")
        fcntl.flock(file, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                return file
        file.close()


def write_atomically(path: Path, text: str) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text)
    os.replace(fresh, path)


def hand_over(directory: Path, paths: list[Path]) -> None:
    """Under sudo: what the invoking user needs to read becomes theirs."""
    uid, gid = os.environ.get("SUDO_UID"), os.environ.get("SUDO_GID")
    if os.geteuid() != 0 or uid is None or gid is None:
        return
    for path in [directory, *paths]:
        os.chown(path, int(uid), int(gid))
