"""A lab of real devices, as scripts/lab makes it, with a daemon's settings for it."""

import sys
from typing import Any

from surroundings import ROOT

sys.path.insert(0, str(ROOT / "tests" / "scripts"))
import lab_client  # noqa: E402


def needs_lab() -> None:
    """Ends the process as skipped where no lab can be started."""
    if not lab_client.can_be_root():
        print("not run: a lab needs root, or sudo without a password")
        sys.exit(lab_client.SKIPPED)


class Lab(lab_client.Lab):
    def settings(self) -> dict[str, Any]:
        """For a daemon that knows the lab's devices."""
        return {"inventory": [str(self.directory / "inventory.yaml")]}
