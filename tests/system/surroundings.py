"""Where the parts of a system test are, and how long anything may take.

The build tells where its programs are by the environment; nothing here depends on the time that a step takes on an idle
machine, the limit only turns a hang into a failure.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 60.0
NOT_RUN = 77
# Set by whoever has installed everything that tests need: nothing may be skipped for want of a program.
COMPLETE = "FERRULE_TESTS_COMPLETE"

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


class MetricsTest(SystemTest):
    """A test that looks at pages of metrics."""

    def assert_clean(self, page: str, *families: str) -> None:
        """Prometheus' own judge has nothing to say about it, and these families have samples on it."""
        self.assertEqual(lint_metrics(page), "")
        there = {re.split(r"[{ ]", line, maxsplit=1)[0] for line in page.splitlines() if line and not line.startswith("#")}
        self.assertEqual([each for each in families if not there & {each, f"{each}_count"}], [], page)


def main() -> None:
    """Runs the tests of the calling file; ctest reads the exit status. Where something that a test needs is not installed, the file is
    reported as not run, or as failed where all of it is to be there."""
    result = unittest.main(verbosity=2, exit=False).result
    for test, why in result.skipped:
        print(f"not run: {test}: {why}")
    if not result.wasSuccessful() or (result.skipped and os.environ.get(COMPLETE)):
        sys.exit(1)
    sys.exit(NOT_RUN if result.skipped else 0)
