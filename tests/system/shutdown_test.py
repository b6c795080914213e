"""SIGTERM: takes nothing new, lets jobs end within the grace, keeps the rest for the next start."""

import os
import signal
import socket

from daemon import Daemon
from simdevices import SimDevices
from surroundings import LIMIT_S, SystemTest, main

COMMANDS = [
    {"exact": "show clock", "output": "12:00:00 UTC\n"},
    {"exact": "show short", "output": "begun\nand on\n", "chunk": 6, "chunk_delay": "700ms"},
    {"regex": "(show|set) stuck", "times": 1, "output": "begun\nand on\n", "then": "hang"},
    {"regex": "(show|set) stuck", "output": "free\n"},
]


class Shutdown(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.devices = SimDevices(self.scratch / "devices", [{"name": "sw${index}", "count": 3, "commands": COMMANDS}])
        self.addCleanup(self.devices.close)

    def run_daemon(self, grace: str) -> Daemon:
        daemon = Daemon(self.scratch / "ferrule", {**self.devices.inventory(), "runtime": {"shutdown_grace": grace}})
        self.addCleanup(daemon.close)
        return daemon.start()

    def begin(self, daemon: Daemon, device: str, command: str, change: bool = False) -> str:
        """Submits a job and returns when its command has reached the device."""
        with daemon.api() as api, daemon.api() as listening:
            job = api.submit({"device": device, "commands": [command], "change": change})
            for event in listening.stream(f"/api/v1/jobs/{job}/stream"):
                if event.name == "output":
                    break
        return job

    def test_running_jobs_end_within_the_grace_and_queued_ones_run_after_the_restart(self) -> None:
        daemon = self.run_daemon("30s")
        running = self.begin(daemon, "sw1", "show short")
        with daemon.api() as api:
            queued = [api.submit({"device": "sw1", "commands": ["show clock"]}) for _ in range(3)]
            self.assertEqual(api.run("sw2", "show clock")["state"], "succeeded")
            self.assertEqual(daemon.stop(), 0)
        for name in ("sw1", "sw2"):
            self.assertEqual(self.devices("counters", name)["counters"]["sessions_open"], 0, "sessions must be closed")
        with socket.socket() as again:
            self.assertNotEqual(again.connect_ex(("127.0.0.1", int(daemon.address.rpartition(":")[2]))), 0)
        daemon.start()
        with daemon.api() as api:
            done = api.ended(running)
            self.assertEqual((done["state"], done["results"][0]["output"]), ("succeeded", "begun\nand on"))
            for job in queued:
                self.assertEqual(api.ended(job)["state"], "succeeded")
        self.assertEqual(self.devices.commands("sw1").count("show short"), 1, "what had ended was run again")
        self.assertEqual(self.devices.commands("sw1").count("show clock"), 3)

    def test_the_end_of_its_terminal_stops_it_in_order(self) -> None:
        daemon = self.run_daemon("60s")
        running = self.begin(daemon, "sw1", "show short")
        assert daemon.process is not None
        for _ in range(2):  # shells send it twice
            daemon.process.send_signal(signal.SIGHUP)
        self.assertEqual(daemon.wait(), 0)
        daemon.start()
        with daemon.api() as api:
            self.assertEqual(api.ended(running)["state"], "succeeded")

    def test_jobs_that_outlast_the_grace_are_run_again_or_unknown_and_the_exit_is_in_order(self) -> None:
        daemon = self.run_daemon("500ms")
        read = self.begin(daemon, "sw1", "show stuck")
        change = self.begin(daemon, "sw2", "set stuck", change=True)
        self.assertEqual(daemon.stop(), 0)
        self.assertIn("interrupted", daemon.all_log)
        daemon.start()
        with daemon.api() as api:
            self.assertEqual(api.ended(read)["state"], "succeeded")
            lost = api.ended(change)
            self.assertEqual((lost["state"], lost["error"]["code"]), ("unknown", "interrupted"))
        self.assertEqual(self.devices.commands("sw2").count("set stuck"), 1)

    def test_new_jobs_are_refused_while_it_stops_and_a_second_signal_ends_it_at_once(self) -> None:
        daemon = self.run_daemon("1h")
        job = self.begin(daemon, "sw1", "show stuck")
        daemon.send(signal.SIGTERM)
        daemon.line(r"app: stopping")
        self.assertTrue(daemon.running(), "it waits for its job")
        daemon.send(signal.SIGINT)
        self.assertEqual(daemon.wait(), 1)
        self.assertIn("second signal", daemon.all_log)
        daemon.start()
        with daemon.api() as api:
            self.assertEqual(api.ended(job)["state"], "succeeded")

    def test_a_request_that_began_before_it_stops_is_told_so(self) -> None:
        daemon = self.run_daemon("30s")
        job = self.begin(daemon, "sw1", "show short")
        host, _, port = daemon.address.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=LIMIT_S) as asking:
            asking.sendall(b"GET /readyz HTTP/1.1\r\nHost: here\r\n")
            with daemon.api() as api:  # what came before has been read when this is answered
                api("GET", "/healthz", expect=200)
            daemon.send(signal.SIGTERM)
            daemon.line(r"app: stopping")
            asking.sendall(b"\r\n")
            answer = b"".join(iter(lambda: asking.recv(4096), b"")).decode()
        self.assertRegex(answer, r"^HTTP/1.1 503 ")
        self.assertIn("not ready: stopping", answer)
        self.assertEqual(daemon.wait(), 0)
        daemon.start()
        with daemon.api() as api:
            self.assertEqual(api.ended(job)["state"], "succeeded")

    def test_ctrl_c_while_idle_ends_it_and_leaves_nothing_behind(self) -> None:
        daemon = self.run_daemon("10s")
        daemon.send(signal.SIGINT)
        self.assertEqual(daemon.wait(), 0)
        left = [name for name in os.listdir(self.scratch / "ferrule" / "data") if name.endswith(("-wal", "-shm"))]
        self.assertEqual(left, [], "the store was not closed in order")


if __name__ == "__main__":
    main()
