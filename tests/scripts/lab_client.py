"""Drives scripts/lab and OpenSSH's own client for the tests of the lab."""

import json
import os
import select
import subprocess
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = 77  # the status that ctest counts as "not run"
LIMIT_S = 60


def can_be_root() -> bool:
    if os.geteuid() == 0:
        return True
    return subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0


def wait_for_end(pidfd: int) -> None:
    """Returns when the process has ended; a hang is an error."""
    if not select.select([pidfd], [], [], LIMIT_S)[0]:
        raise AssertionError(f"the process still runs after {LIMIT_S} s")


class Lab:
    """A lab of its own in a temporary directory."""

    def __init__(self) -> None:
        self.scratch = tempfile.TemporaryDirectory(prefix="ferrule-lab-test-")
        self.directory = Path(self.scratch.name) / "lab"

    def __call__(self, *arguments: str, status: int | None = 0, prefix: list[str] | None = None,
                 env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Runs scripts/lab (after `prefix`) and checks its exit status (None: any)."""
        done = subprocess.run([*(prefix or []), str(ROOT / "scripts" / "lab"), *arguments], text=True,
                              capture_output=True, timeout=LIMIT_S, check=False,
                              env={**os.environ, **(env or {}), "FERRULE_LAB_DIR": str(self.directory)})
        if status is not None and done.returncode != status:
            raise AssertionError(f"scripts/lab {' '.join(arguments)} ended with {done.returncode}, not {status}:\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self("status", "--json", status=None).stdout)
        return found

    def device(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(each for each in self.status()["devices"] if each["name"] == name)
        return found

    def close(self) -> None:
        self("down")
        self.scratch.cleanup()

    def password(self, user: str) -> str:
        return (self.directory / "access" / f"{user}.password").read_text().strip()

    def ssh(self, device: str, command: str = "", *, user: str = "netops", options: dict[str, str] | None = None,
            answers: list[str] | None = None, typed: str | None = None,
            key: str | None = "") -> subprocess.CompletedProcess[str]:
        """Logs in with OpenSSH. `answers` are given to its prompts in turn; `key` None offers no key.

        `typed` goes to an interactive shell on a terminal; else `command` is executed.
        """
        line = ["ssh", "-F", str(self.directory / "access" / "ssh_config"), "-l", user]
        for name, value in (options or {}).items():
            line += ["-o", f"{name}={value}"]
        if key is None:
            line += ["-o", "PubkeyAuthentication=no"]
        elif key:
            line += ["-o", "IdentitiesOnly=yes", "-o", f"IdentityFile={key}"]
        line += ["-tt", device] if typed is not None else [device, command]
        env = {**os.environ, "SSH_AUTH_SOCK": "", "DISPLAY": ":none"}
        if answers is not None:
            env.update(self._askpass(answers))
        return subprocess.run(line, text=True, input=typed or "", capture_output=True, env=env, timeout=LIMIT_S, check=False,
                              start_new_session=True)

    def _askpass(self, answers: list[str]) -> dict[str, str]:
        """ssh asks this program; it gives the next answer and fails when they are used up."""
        left = Path(self.scratch.name) / "answers"
        left.write_text("".join(f"{answer}\n" for answer in answers))
        program = Path(self.scratch.name) / "askpass"
        program.write_text(f"#!/bin/sh\nread -r answer <{left} || exit 1\nsed -i 1d {left}\nprintf '%s\\n' \"$answer\"\n")
        program.chmod(0o700)
        return {"SSH_ASKPASS": str(program), "SSH_ASKPASS_REQUIRE": "force"}
