"""A program on a terminal: what it writes there, and what a person sees of it."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path

from surroundings import LIMIT_S

REDRAW = re.compile(r"\x1b\[(\d+)A\x1b\[J")


class Shown:
    """Of a program that has ended. Its other output is kept apart."""

    def __init__(self, *line: str | Path, env: dict[str, str], columns: int = 200) -> None:
        own, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=other, stderr=subprocess.PIPE, text=True, env=env)
        os.close(other)
        self.written = self._read(own).decode()
        os.close(own)
        self.errors = process.communicate(timeout=LIMIT_S)[1]
        self.status = process.returncode
        self.drawings = self._drawings(columns)

    @staticmethod
    def _read(terminal: int) -> bytes:
        all_of_it = b""
        while True:
            try:
                some = os.read(terminal, 65536)
            except OSError:  # EIO: nobody has the other end any more
                return all_of_it
            if not some:
                return all_of_it
            all_of_it += some

    def _drawings(self, columns: int) -> list[str]:
        """What the screen showed before each time that something was taken away, and at last."""
        shown: list[str] = []
        rows: list[str] = []
        parts = REDRAW.split(self.written)
        for number, part in enumerate(parts):
            if number % 2 == 1:
                shown.append("\n".join(rows))
                up = int(part)
                if up > len(rows):
                    raise AssertionError(f"{up} lines up on a screen of {len(rows)}")
                rows = rows[: len(rows) - up]
                continue
            for line in part.split("\r\n")[:-1]:
                rows += [line[at: at + columns] for at in range(0, len(line), columns)] or [""]
        return [*shown, "\n".join(rows)]

    def commands(self) -> list[str]:
        """Whatever a terminal would obey, but for ends of lines and the redrawing."""
        return re.findall(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]", REDRAW.sub("", self.written).replace("\r\n", ""))
