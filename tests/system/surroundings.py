"""Where the parts of a system test are, and how long anything may take.

The build tells where its programs are by the environment; nothing here depends on the time that a step takes on an idle
machine, the limit only turns a hang into a failure.
"""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 60.0

FERRULE = Path(os.environ.get("FERRULE_BINARY", ROOT / "build/dev/bin/ferrule")).resolve()
SIMDEVICE = Path(os.environ.get("FERRULE_SIMDEVICE", FERRULE.parent / "ferrule-simdevice")).resolve()
FIXTURES = Path(os.environ.get("FERRULE_FIXTURES", FERRULE.parents[1] / "tests/fixtures")).resolve()
PLUGINS = Path(os.environ.get("FERRULE_PLUGINS", FERRULE.parents[1] / "lib/ferrule/plugins")).resolve()


def clean_environment() -> dict[str, str]:
    """The caller's, without what would lead a client to another server or a plugin to the user's files."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FERRULE_", "XDG_"))}
    kept.pop("SSH_AUTH_SOCK", None)
    return kept


class SystemTest(unittest.TestCase):
    """A test with a scratch folder of its own that is its home too; long differences are shown in full."""

    maxDiff = None

    def setUp(self) -> None:
        self.scratch = Path(tempfile.mkdtemp(prefix="ferrule-system-"))
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)

    def run_program(self, *line: str, status: int | None = 0, typed: str = "", env: dict[str, str] | None = None,
                    cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Runs a program to its end and checks its exit status (None: any)."""
        done = subprocess.run(line, text=True, input=typed, capture_output=True, timeout=LIMIT_S, check=False,
                              cwd=cwd or self.scratch, env={**clean_environment(), "HOME": str(self.scratch), **(env or {})})
        if status is not None and done.returncode != status:
            self.fail(f"{' '.join(line)} ended with {done.returncode}, not {status}:\n{done.stdout}{done.stderr}")
        return done


def lint_metrics(page: str) -> str:
    """What promtool has to say about a page of metrics; nothing when it is clean. Skips the test without promtool."""
    promtool = shutil.which("promtool")
    if promtool is None:
        raise unittest.SkipTest("promtool is not installed")
    linted = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    return linted.stdout + linted.stderr + (f"status {linted.returncode}" if linted.returncode else "")


def main() -> None:
    """Runs the tests of the calling file; ctest reads the exit status."""
    unittest.main(verbosity=2)
