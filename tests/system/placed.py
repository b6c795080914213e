"""Daemons in the network that a test makes for itself."""

from pathlib import Path
from typing import Any

import cables
from daemon import Daemon
from surroundings import FERRULE


class Placed(Daemon):
    """A daemon on a host of the network."""

    def __init__(self, folder: Path, host: cables.Host, settings: dict[str, Any]) -> None:
        super().__init__(folder, settings)
        starter = folder / "on-its-host"
        starter.write_text(f'#!/bin/sh\nexec {" ".join(host.command(str(FERRULE)))} "$@"\n')
        starter.chmod(0o700)
        self.program = starter
