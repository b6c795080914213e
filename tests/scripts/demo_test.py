"""scripts/demo shows a real device's answer, and leaves nothing behind however it ends."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Iterator
from pathlib import Path

import lab_client

BUILD = str(Path(os.environ.get("FERRULE_BINARY", lab_client.ROOT / "build/dev/bin/ferrule")).parents[1])
RUNNING = "Ferrule's log: "  # the last line of what it says while it runs


class Demo(unittest.TestCase):
    def setUp(self) -> None:
        self.scratch = Path(tempfile.mkdtemp(prefix="ferrule-demo-test-"))
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)
        self.home = self.scratch / "demo"
        self.env = {**os.environ, "FERRULE_DEMO_DIR": str(self.home)}
        self.addCleanup(self.take_down)

    def take_down(self) -> None:
        """What a failed test may have left."""
        subprocess.run([lab_client.ROOT / "scripts" / "lab", "down"], env={**self.env, "FERRULE_LAB_DIR": str(self.home / "lab")},
                       capture_output=True, timeout=lab_client.LIMIT_S, check=False)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """As from a terminal: in a process group of its own."""
        demo = subprocess.Popen([str(lab_client.ROOT / "scripts" / "demo"), "--build", BUILD, *arguments], env=self.env, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.addCleanup(lambda: demo.poll() is None and demo.kill())
        self.said = ""
        return demo

    def until(self, demo: subprocess.Popen[str], wanted: str) -> None:
        assert demo.stdout is not None
        for line in demo.stdout:
            self.said += line
            if wanted in line:
                return
        self.fail(f"the demo ended without '{wanted}':\n{self.said}")

    def end(self, demo: subprocess.Popen[str], status: int) -> None:
        rest, _ = demo.communicate(timeout=lab_client.LIMIT_S)
        self.assertEqual(demo.returncode, status, self.said + rest)
        self.assertEqual(list(self.processes()), [], "they are left")
        self.assertEqual(list(self.scratch.iterdir()), [])

    def processes(self) -> Iterator[str]:
        for entry in Path("/proc").iterdir():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace") if entry.name.isdigit() else ""
            except (FileNotFoundError, ProcessLookupError):
                continue
            if str(self.home) in line:
                yield line

    def test_once_shows_what_a_router_says_and_how_long_it_took(self) -> None:
        done = subprocess.run([str(lab_client.ROOT / "scripts" / "demo"), "--once", "--build", BUILD], env=self.env, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=2 * lab_client.LIMIT_S, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"frr1# show version\n +FRRouting \d")
        self.assertRegex(done.stdout, r"eth0 +up +default +198\.51\.100\.1/30")
        self.assertRegex(done.stdout, r"new session .* \d+ ms +[\d.]+ ms\n +kept session +\d+ ms +[\d.]+ ms")
        self.assertEqual(list(self.processes()), [])
        self.assertEqual(list(self.scratch.iterdir()), [])

    def test_ctrl_c_and_other_polite_signals_end_it_in_order(self) -> None:
        for number, to_group in ((signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGHUP, True)):
            with self.subTest(number.name):
                demo = self.start()
                self.until(demo, RUNNING)
                self.assertTrue(list(self.processes()))
                (os.killpg if to_group else os.kill)(demo.pid, number)
                self.end(demo, 0)

    def test_ctrl_c_while_the_devices_start(self) -> None:
        demo = self.start()
        self.until(demo, "Starting the devices")
        os.killpg(demo.pid, signal.SIGINT)
        self.end(demo, 130)

    def test_a_terminal_that_goes_away(self) -> None:
        demo = self.start("--once")
        self.until(demo, "Starting Ferrule")
        assert demo.stdout is not None
        demo.stdout.close()
        self.assertIn(demo.wait(timeout=lab_client.LIMIT_S), (1, 141))
        self.assertEqual(list(self.processes()), [])

    def test_after_a_kill_the_daemon_goes_and_the_next_demo_clears_the_rest(self) -> None:
        demo = self.start()
        self.until(demo, RUNNING)
        daemon = next(int(entry.name) for entry in Path("/proc").iterdir()
                      if entry.name.isdigit() and f"{self.home}/demo.yaml".encode() in (entry / "cmdline").read_bytes())
        watch = os.pidfd_open(daemon)
        self.addCleanup(os.close, watch)
        demo.kill()
        lab_client.wait_for_end(watch)
        again = self.start("--once")
        self.until(again, "done: both jobs succeeded")
        self.end(again, 0)


if __name__ == "__main__":
    if not lab_client.can_be_root():
        print("not run: a lab needs root, or sudo without a password")
        sys.exit(lab_client.SKIPPED)
    unittest.main(verbosity=2)
