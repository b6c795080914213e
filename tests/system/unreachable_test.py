"""Networks that swallow packets or know no way: each ends a job with its own code. In a network namespace of its own, so that
the machine's network is not touched and its policies do not matter."""

import os
import subprocess
import sys
from typing import Any

from daemon import Daemon
from simdevices import SimDevices
from surroundings import SystemTest, main

CLOCK = {"exact": "show clock", "output": "12:00:00 UTC\n"}
INSIDE = "FERRULE_TEST_NAMESPACE"
SKIPPED = 77
NETWORK = """
ip link set lo up
ip link add near type veth peer name far
ip address add 192.0.2.1/24 dev near
ip link set near up
ip link set far up
ip neighbour add 192.0.2.66 lladdr 02:00:00:00:00:66 dev near
ip route add unreachable 198.51.100.0/24
"""


def enter_namespace() -> None:
    """Runs this file again in fresh namespaces; the process's end removes them."""
    for how in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"], ["sudo", "-n", "-E", "unshare", "--net"]):
        tried = subprocess.run([*how, "sh", "-e", "-c", NETWORK], capture_output=True, text=True, check=False)
        if tried.returncode == 0:
            inside = 'eval "$1"; shift; exec "$@"'
            line = [*how, "sh", "-e", "-c", inside, "sh", NETWORK, sys.executable, "-B", *sys.argv]
            os.execvpe(line[0], line, {**os.environ, INSIDE: "yes"})
    print(f"not run: no network namespace can be made here: {tried.stderr.strip()}")
    sys.exit(SKIPPED)


class Unreachable(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.devices = SimDevices(self.scratch / "devices", [{"name": "near", "commands": [CLOCK]}])
        self.addCleanup(self.devices.close)
        settings = self.devices.inventory()
        for name, host in (("swallowed", "192.0.2.66"), ("no_way", "198.51.100.7"), ("nobody", "192.0.2.77")):
            settings["devices"].append({**self.devices.entry("near"), "name": name, "host": host, "port": 22})
        self.daemon = Daemon(self.scratch / "ferrule", {**settings, "jobs": {"connect_timeout": "2s"}})
        self.addCleanup(self.daemon.close)
        self.daemon.start()

    def run_job(self, device: str, **more: Any) -> Any:
        with self.daemon.api() as api:
            return api.run(device, "show clock", **more)

    def test_a_blackholed_device_is_a_connect_timeout_that_names_the_address_and_others_go_on_meanwhile(self) -> None:
        with self.daemon.api() as api:
            waiting = api.submit({"device": "swallowed", "commands": ["show clock"]})
            self.assertEqual(api.run("near", "show clock")["state"], "succeeded")
            job = api.ended(waiting)
        self.assertEqual((job["state"], job["error"]["code"], job["error"]["retryable"]), ("failed", "connect_timeout", True), job)
        self.assertIn("192.0.2.66", job["error"]["message"])
        self.assertEqual(job["results"], [])

    def test_a_network_without_a_route_and_a_neighbour_that_is_not_there(self) -> None:
        job = self.run_job("no_way")
        self.assertEqual((job["state"], job["error"]["code"]), ("failed", "host_unreachable"), job)
        self.assertIn("198.51.100.7", job["error"]["message"])
        job = self.run_job("nobody")
        self.assertIn(job["error"]["code"], ("host_unreachable", "connect_timeout"))
        self.assertEqual(self.run_job("near")["state"], "succeeded")

    def test_the_deadline_of_a_job_holds_while_it_connects(self) -> None:
        job = self.run_job("swallowed", timeout="500ms")
        self.assertIn(job["error"]["code"], ("deadline", "connect_timeout"))

    def test_a_job_that_connects_can_be_cancelled(self) -> None:
        with self.daemon.api() as api, self.daemon.api() as listening:
            happened = listening.stream("/api/v1/events?topics=job")
            next(happened)
            job = api.submit({"device": "swallowed", "commands": ["show clock"], "timeout": "1h"})
            while next(happened).data["state"] != "running":
                pass
            api("POST", f"/api/v1/jobs/{job}/cancel", {})
            ended = api.ended(job)
            self.assertEqual(ended["state"], "cancelled", ended)


if __name__ == "__main__":
    if INSIDE not in os.environ:
        enter_namespace()
    main()
