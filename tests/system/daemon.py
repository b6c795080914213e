"""The daemon as a user runs it: its own process, configuration, folders and port."""

import json
import os
import re
import signal
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any

from api import Api
from surroundings import FERRULE, LIMIT_S, clean_environment


class Daemon:
    """`ferrule run` on a free port with everything in one folder. Its log is kept, and can be waited on."""

    def __init__(self, folder: Path, settings: dict[str, Any] | None = None, env: dict[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.settings: dict[str, Any] = {"node": "test", "data_dir": str(folder / "data"), "run_dir": str(folder / "run")}
        for key, value in (settings or {}).items():
            self.settings[key] = value
        self.settings["http"] = {"listen": ["127.0.0.1:0"], **self.settings.get("http", {})}
        self.file = folder / "ferrule.yaml"
        self.program = FERRULE
        self.env = {**clean_environment(), "HOME": str(folder), **(env or {})}
        self.log: list[str] = []
        self.address = ""
        self.process: subprocess.Popen[str] | None = None
        self._changed = threading.Condition()
        self._closed = False
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def token(self) -> str:
        return (Path(self.settings["data_dir"]) / "admin.token").read_text().strip()

    @property
    def url(self) -> str:
        return ("https://" if "tls" in self.settings["http"] else "http://") + self.address

    def write_settings(self) -> None:
        self.file.write_text(json.dumps(self.settings, indent=1))  # JSON is YAML too
        self.file.chmod(0o600)

    def start(self) -> "Daemon":
        """Returns when the daemon serves; fails with its log if it ends before."""
        self.spawn()
        line = self.line(r"serving the API address=(\S+)")
        self.address = re.search(r"address=(\S+)", line)[1]  # type: ignore[index]
        self.line(r"app: ready ")
        return self

    def spawn(self) -> None:
        self.write_settings()
        self._closed = False
        self.log = []
        self.process = subprocess.Popen([self.program, "run", "-c", self.file], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        stdin=subprocess.DEVNULL, text=True, errors="replace", env=self.env, cwd=self.folder)
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            with self._changed:
                self.log.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def line(self, pattern: str, after: int = 0) -> str:
        """The first line of the log, from line `after` on, that matches; waits for it."""

        def first() -> str | None:
            return next((each for each in self.log[after:] if re.search(pattern, each)), None)

        with self._changed:
            self._changed.wait_for(lambda: self._closed or first() is not None, LIMIT_S)
            found = first()
        if found is None:
            how = "ended without logging" if self._closed else "did not log"
            raise AssertionError(f"the daemon {how} {pattern!r}; its log:\n{self.all_log}")
        return found

    @property
    def all_log(self) -> str:
        return "\n".join(self.log)

    def api(self, token: str | None = None, tls: ssl.SSLContext | None = None) -> Api:
        return Api(self.address, self.token if token is None else token, tls)

    def wait(self) -> int:
        """The exit status (negative: the signal that ended it)."""
        assert self.process is not None
        status = self.process.wait(LIMIT_S)
        if self._reader is not None:
            self._reader.join(LIMIT_S)
        if self.process.stderr is not None:
            self.process.stderr.close()
        return status

    def stop(self) -> int:
        self.send(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.wait()

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def close(self) -> None:
        """For cleaning up: ends the daemon in whatever state it is. A crash or a sanitizer's report is a failure."""
        if not self.running():
            return
        if (status := self.stop()) != 0:
            raise AssertionError(f"the daemon ended with {status}; its log:\n{self.all_log}")

    def mapped_plugins(self) -> set[str]:
        """Names of the plugin files that are mapped into the process."""
        run = str(Path(self.settings["run_dir"]).resolve())
        maps = Path(f"/proc/{self.pid}/maps").read_text().splitlines()
        return {os.path.basename(path) for path in (line.split(None, 5)[-1] for line in maps) if path.startswith(run)}

    def client_env(self, **more: str) -> dict[str, str]:
        """What a shell of the user has set."""
        return {"FERRULE_URL": self.url, "FERRULE_TOKEN": self.token, "PATH": f"{FERRULE.parent}:{os.environ['PATH']}", **more}
