"""Each fault of a device ends its job with its own error code, in bounded time, and the next good job works."""

from typing import Any

from daemon import Daemon
from simdevices import CREDENTIAL, SimDevices
from surroundings import SystemTest, main

GOOD = {"exact": "show clock", "output": "12:00:00 UTC\n"}
TEMPLATE = {
    "name": "faulty",
    "flavour": "cisco_ios",
    "commands": [
        GOOD,
        {"exact": "show tech", "generate": 1_000_000, "drop_after": 300_000},
        {"exact": "show forever", "endless": True},
        {"exact": "show slowly", "endless": True, "chunk": 100, "chunk_delay": "50ms"},
        {"exact": "show nothing", "then": "hang"},
        {"exact": "show half", "output": "half of it\n", "then": "hang"},
        {"exact": "reload", "then": "reset"},
    ],
}
DEVICES = [
    {"name": "plain", "template": "faulty"},
    {"name": "hung", "template": "faulty", "shell": "hung"},
    {"name": "silent", "template": "faulty", "greeting": "silent"},
    {"name": "web", "template": "faulty", "greeting": "not_ssh", "greeting_text": "HTTP/1.0 400 Bad Request\r\n\r\n"},
    {"name": "hangs_up", "template": "faulty", "greeting": "close"},
]
# Short where the fault is that nothing happens, and long where a busy machine could be taken for it.
LIMITS = {"connect_timeout": "30s", "auth_timeout": "60s", "idle_timeout": "60s", "default_timeout": "100s", "output_limit": "64KiB"}


class DeviceFaults(SystemTest):
    devices: SimDevices
    daemon: Daemon

    def run_daemon(self, **limits: str) -> None:
        self.devices = SimDevices(self.scratch / "devices", DEVICES, [TEMPLATE])
        self.addCleanup(self.devices.close)
        self.daemon = Daemon(self.scratch / "ferrule", {**self.devices.inventory(), "jobs": {**LIMITS, **limits}})
        self.addCleanup(self.daemon.close)
        self.daemon.start()

    def failing(self, device: str, command: str = "show clock", code: str = "", retryable: bool = True, **more: Any) -> Any:
        with self.daemon.api() as api:
            job = api.run(device, command, **more)
        self.assertEqual((job["state"], job["error"]["code"], job["error"]["retryable"]), ("failed", code, retryable), job)
        return job

    def assert_works(self, device: str = "plain", reused: bool | None = None) -> None:
        with self.daemon.api() as api:
            job = api.run(device, "show clock")
        self.assertEqual(job["state"], "succeeded", job)
        self.assertEqual(job["results"][0]["output"], "12:00:00 UTC")
        if reused is not None:
            self.assertEqual(job["session"]["reused"], reused)

    def test_a_closed_port(self) -> None:
        self.run_daemon()
        self.devices("close", "plain")
        job = self.failing("plain", code="connection_refused")
        self.assertIn(str(self.devices.port("plain")), job["error"]["message"])
        self.devices("listen", "plain")
        self.assert_works()

    def test_configuration_that_breaks_off_tells_which_lines_were_applied(self) -> None:
        self.run_daemon()
        lines = ["interface lo0", "reload", "description never sent"]
        with self.daemon.api() as api:
            job = api.ended(api.submit({"device": "plain", "config": lines}))
        self.assertEqual((job["state"], job["error"]["code"]), ("failed", "session_lost"), job)
        self.assertEqual([each["command"] for each in job["results"]], lines)
        told = [each.get("error", {}).get("code") if each.get("error") else each.get("skipped", False) for each in job["results"]]
        self.assertEqual(told, [False, "session_lost", True], job)
        self.assertNotIn("lines", str(job["error"].get("details")), "the lines are results, and not told twice")
        self.assert_works()

    def test_a_wrong_password_is_tried_once_and_then_held_back_until_it_is_corrected(self) -> None:
        self.run_daemon()
        with self.daemon.api() as api:
            api("POST", "/api/v1/credentials", {"name": "old", "username": "admin", "password": "last-year"}, expect=201)
            entry = {**self.devices.entry("plain"), "name": "strict", "credential": "old"}
            api("POST", "/api/v1/devices", entry, expect=201)
            self.failing("strict", code="auth_failed", retryable=False)
            for _ in range(3):
                self.failing("strict", code="auth_held_back")
            self.failing("strict", code="auth_held_back", strategy="fifo")
            tested = api("POST", "/api/v1/devices/strict/test", {}, expect=200).json
            self.assertEqual((tested["success"], tested["error"]["code"]), (False, "auth_held_back"))
            self.assertEqual(self.devices("counters", "plain")["counters"]["failed_logins"], 1, "the account could have been locked")
            self.assert_works("plain")  # another credential on the same device is another login
            api("PUT", "/api/v1/credentials/old", {**CREDENTIAL, "name": "old"}, expect=200)
            self.assert_works("strict")

    def test_a_changed_host_key(self) -> None:
        self.run_daemon()
        self.assert_works()
        known = self.devices.folder / "known_hosts"
        before = known.read_text()
        self.devices("rotate", "plain")
        self.devices("drop", "plain")
        job = self.failing("plain", code="host_key_mismatch", retryable=False)
        self.assertIn(str(known), job["error"]["message"], "it must say where the old key stands")
        self.assertEqual(known.read_text(), before, "a changed key must never be taken by itself")
        self.assertEqual(self.devices("counters", "plain")["counters"]["failed_logins"], 0)
        port = self.devices.port("plain")
        known.write_text("".join(line for line in before.splitlines(keepends=True) if f":{port} " not in line))
        self.assert_works()

    def test_an_unknown_host_key_where_only_known_ones_may_be_used(self) -> None:
        self.run_daemon()
        with self.daemon.api() as api:
            options = {"host_key_policy": "strict", "known_hosts": str(self.scratch / "none")}
            api("POST", "/api/v1/devices", {**self.devices.entry("plain"), "name": "new", "options": options}, expect=201)
        job = self.failing("new", code="host_key_unknown", retryable=False)
        self.assertRegex(job["error"]["message"], r"SHA256:\S+")

    def test_a_shell_that_never_shows_a_prompt(self) -> None:
        self.run_daemon(auth_timeout="3s", idle_timeout="3s")
        job = self.failing("hung", code="prompt_timeout")
        self.assertEqual(job["results"], [])
        self.assert_works()

    def test_a_device_that_accepts_the_connection_and_says_nothing(self) -> None:
        self.run_daemon(connect_timeout="2s", auth_timeout="2s")
        with self.daemon.api() as api:
            job = api.run("silent", "show clock")
        self.assertIn(job["error"]["code"], ("connect_timeout", "auth_timeout"))
        self.assert_works()

    def test_something_else_than_ssh_and_a_port_that_hangs_up(self) -> None:
        self.run_daemon()
        for device in ("web", "hangs_up"):
            with self.daemon.api() as api:
                job = api.run(device, "show clock")
            self.assertEqual(job["state"], "failed")
            self.assertRegex(job["error"]["code"], r"^[a-z_]+$")
            self.assertNotIn(job["error"]["code"], ("internal", "unknown", "deadline"), job["error"])
        self.assert_works()

    def test_a_connection_that_drops_in_the_middle_of_output(self) -> None:
        self.run_daemon(output_limit="1MiB")
        self.assert_works(reused=False)
        for command in ("show tech", "reload"):
            self.failing("plain", command, code="session_lost", change=True)
            self.assert_works(reused=False)
        with self.daemon.api() as api:
            job = api.run("plain", "show tech")
            self.assertEqual((job["state"], job["error"]["code"]), ("failed", "session_lost"))
            self.assertGreater(len(job["results"][0]["output"]), 200_000, "what had come is kept")
            self.assertFalse(job["results"][0]["truncated"])

    def test_output_without_end_ends_at_the_deadline(self) -> None:
        self.run_daemon()
        self.assert_works()
        job = self.failing("plain", "show slowly", code="deadline", timeout="3s")
        self.assertIn("line 0000000001 ", job["results"][0]["output"])
        self.assert_works()

    def test_a_flood_of_output_is_cut_at_its_limit_and_interrupted(self) -> None:
        self.run_daemon()
        self.assert_works()
        job = self.failing("plain", "show forever", code="output_limit", retryable=False)
        self.assertTrue(job["results"][0]["truncated"])
        self.assertEqual(len(job["results"][0]["output"].encode()), 64 * 1024)
        self.assert_works(reused=True)

    def test_a_prompt_that_never_comes_back(self) -> None:
        self.run_daemon(idle_timeout="2s")
        self.assert_works()
        self.failing("plain", "show nothing", code="prompt_timeout")
        self.assert_works(reused=False)
        job = self.failing("plain", "show half", code="prompt_timeout")
        self.assertEqual(job["results"][0]["output"].strip(), "half of it")
        self.assert_works(reused=False)

    def test_a_device_that_freezes_while_a_session_is_kept(self) -> None:
        self.run_daemon(idle_timeout="2s", auth_timeout="2s", connect_timeout="2s")
        self.assert_works()
        self.devices("freeze", "plain")
        with self.daemon.api() as api:
            job = api.run("plain", "show clock")
        self.assertEqual(job["state"], "failed")
        self.assertIn(job["error"]["code"], ("prompt_timeout", "auth_timeout", "connect_timeout"))
        self.devices("thaw", "plain")
        self.assert_works()

    def test_a_refused_command_says_what_the_device_said_and_leaves_the_session_usable(self) -> None:
        self.run_daemon()
        self.assert_works()
        with self.daemon.api() as api:
            job = api.run("plain", "show clock", "shew clock", "show clock")
        self.assertEqual((job["state"], job["error"]["code"]), ("failed", "command_rejected"))
        self.assertIn("%", job["results"][1]["output"])
        self.assertTrue(job["results"][2]["skipped"])
        self.assert_works(reused=True)


if __name__ == "__main__":
    main()
