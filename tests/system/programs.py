"""Programs of others that a test runs beside the daemon, each on loopback."""

import random
import re
import signal
import socket
import subprocess
import threading
from pathlib import Path

from surroundings import LIMIT_S, clean_environment


# Below those that the kernel hands out to connections and to whoever asks for any port.
PORTS = range(10_240, 32_768)


def free_port() -> int:
    """A port of loopback that nobody has now, for TCP and UDP, and that nobody is given meanwhile who does not ask for it."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
            try:
                stream.bind(("127.0.0.1", port))
                datagram.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Program:
    """A process whose standard error is kept, and can be waited on; `close` ends it. It inherits the descriptors `kept`."""

    def __init__(self, *line: str, folder: Path, env: dict[str, str] | None = None, kept: tuple[int, ...] = ()) -> None:
        self.name = Path(line[0]).name
        self.said: list[str] = []
        self._ended = False
        self._changed = threading.Condition()
        self.process = subprocess.Popen(line, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True,
                                        errors="replace", env={**clean_environment(), "HOME": str(folder), **(env or {})}, cwd=folder,
                                        pass_fds=kept)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._changed:
                self.said.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_for(self, pattern: str) -> None:
        """Until a line of its matches."""

        def said_so() -> bool:
            return any(re.search(pattern, each) for each in self.said)

        with self._changed:
            self._changed.wait_for(lambda: self._ended or said_so(), LIMIT_S)
            if not said_so():
                raise AssertionError(f"{self.name} did not say {pattern!r}:\n" + "\n".join(self.said))

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(LIMIT_S)
        self._reader.join(LIMIT_S)
        assert self.process.stderr is not None
        self.process.stderr.close()
