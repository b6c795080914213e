"""Plugins that come, change and misbehave while the daemon runs."""

import os
import shutil
from pathlib import Path
from typing import Any

from api import Api
from daemon import Daemon
from surroundings import FIXTURES, PLUGINS, MetricsTest, main


class PluginsLive(MetricsTest):
    ports = 0

    def setUp(self) -> None:
        super().setUp()
        self.folder = self.scratch / "plugins"
        (self.folder / "drivers").mkdir(parents=True)
        settings = {"plugins": {"folders": [str(self.folder), str(PLUGINS)], "cancel_grace": "1s"}}
        self.daemon = Daemon(self.scratch / "ferrule", settings)
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.client = self.daemon.api()
        self.addCleanup(self.client.close)

    def put(self, code: bytes | Path, name: str = "noop") -> None:
        """As a careful user does it: beside the folder first, then moved into its place."""
        beside = self.scratch / "arriving.so"
        beside.write_bytes(code if isinstance(code, bytes) else code.read_bytes())
        os.rename(beside, self.folder / "drivers" / f"{name}.so")

    def device(self, name: str, driver: str = "noop", **more: Any) -> str:
        self.ports += 1  # two names for one address would share one session
        entry = {"name": name, "host": "127.0.0.1", "port": self.ports, "driver": driver, **more}
        self.client("POST", "/api/v1/devices", entry, expect=201)
        return name

    def says(self, device: str, api: Api | None = None) -> str:
        job = (api or self.client).run(device, "anything")
        self.assertEqual(job["state"], "succeeded", job)
        return str(job["results"][0]["output"]).strip()

    def listed(self, name: str = "noop") -> list[Any]:
        return [each for each in self.client.get("/api/v1/plugins")["items"] if each["id"] == name]

    def second_build(self) -> bytes:
        """The same driver of a later version, which answers v2 in place of ok."""
        code = (FIXTURES / "noop.so").read_bytes()
        self.assertEqual(code.count(b"\0ok\n\0"), 1)
        return code.replace(b"\0ok\n\0", b"\0v2\n\0").replace(b"1.0.0", b"2.0.0")

    def test_a_new_file_can_be_used_without_a_restart(self) -> None:
        self.assertEqual(self.listed(), [])
        refused = self.client("POST", "/api/v1/jobs", {"target": {"host": "127.0.0.1", "driver": "noop"}, "commands": ["x"]})
        self.assertEqual(refused.code, "plugin_not_found")
        self.assertIn(str(self.folder), refused.json["detail"], "it must say where it was looked for")
        self.put(FIXTURES / "noop.so")
        self.assertEqual([(each["state"], each["version"]) for each in self.listed()], [("available", "1.0.0")])
        self.assertEqual(self.says(self.device("d1")), "ok")
        self.assertEqual([each["state"] for each in self.listed()], ["loaded"])

    def test_a_replaced_file_serves_new_sessions_while_open_ones_finish_on_the_old_code(self) -> None:
        self.put(FIXTURES / "noop.so")
        self.assertEqual(self.says(self.device("d1")), "ok")
        self.put(self.second_build())
        self.assertEqual(self.says(self.device("d2")), "v2")
        self.assertEqual(self.says("d1"), "ok", "its session was open before")
        states = {each["version"]: each["state"] for each in self.listed()}
        self.assertEqual(states, {"1.0.0": "retired", "2.0.0": "loaded"})
        for session in self.client.get("/api/v1/sessions")["items"]:
            self.client("DELETE", f"/api/v1/sessions/{session['id']}", expect=204)
        self.assertEqual(self.says("d1"), "v2")

    def test_a_broken_replacement_is_reported_and_the_old_build_stays_in_use(self) -> None:
        good = (FIXTURES / "noop.so").read_bytes()
        self.put(good)
        self.assertEqual(self.says(self.device("d1")), "ok")
        damaged = {"cut in half": good[: len(good) // 2], "text": b"this is no program\n", "empty": b""}
        for number, (name, code) in enumerate(damaged.items()):
            with self.subTest(name):
                self.put(code)
                self.assertEqual(self.says(self.device(f"new{number}")), "ok")
                self.assertEqual(self.says("d1"), "ok")
                problems = [each["problem"] for each in self.client.get("/api/v1/plugins")["items"] if each["problem"]]
                self.assertEqual(len(problems), 1, problems)
        self.daemon.line(r"warn .*noop\.so")
        self.put(self.second_build())
        self.assertEqual(self.says(self.device("last")), "v2", "a good one is used again")

    def test_a_removed_file_stays_usable_where_it_is_in_use(self) -> None:
        self.put(FIXTURES / "noop.so")
        self.assertEqual(self.says(self.device("d1")), "ok")
        (self.folder / "drivers" / "noop.so").unlink()
        self.assertEqual(self.says("d1"), "ok")

    # Fixture → the code that its job ends with; empty: the fault is reported, and the job succeeds.
    MISBEHAVING = {
        "wrong_magic": "plugin_broken",
        "other_major": "plugin_incompatible",
        "short_plugin": "plugin_broken",
        "short_api": "plugin_broken",
        "mismatched_id": "plugin_broken",
        "mismatched_kind": "plugin_broken",
        "fails_init": "plugin_init_failed",
        "fails_create": "plugin_init_failed",
        "missing_symbol": "plugin_broken",
        "unresolved_symbol": "plugin_broken",
        "missing_library": "plugin_broken",
        "completes_twice": "",
        "completes_late": "",
        "never_completes": "plugin_unresponsive",
        "holds_strand": "",
        "wrong_thread": "",
        "static_objects": "",
    }
    UNKNOWN = ("no_note", "truncated_note", "garbled_note", "other_major_note")  # cannot even be found by name

    def test_each_misbehaving_plugin_fails_its_own_jobs_and_nothing_else(self) -> None:
        for name in (*self.MISBEHAVING, *self.UNKNOWN, "noop"):
            shutil.copy(FIXTURES / f"{name}.so", self.folder / "drivers")
        good = self.device("good")
        self.assertEqual(self.says(good), "ok")
        found: dict[str, str] = {}
        for name in self.MISBEHAVING:
            answer = self.client("POST", "/api/v1/jobs?wait=60s",
                                 {"device": self.device(name, name), "commands": ["x"], "timeout": "2s"}).json
            error = answer.get("error") or (answer if "code" in answer else {"code": ""})
            found[name] = error["code"]
            if error["code"]:
                self.assertIn(name, error.get("message", error.get("detail")), "it must name the plugin")
            self.assertEqual(self.says(good), "ok", f"after {name}")
        self.assertEqual(found, self.MISBEHAVING)
        for name in self.UNKNOWN:
            answer = self.client("POST", "/api/v1/jobs", {"device": self.device(name, name), "commands": ["x"]})
            self.assertIn(answer.code, ("plugin_not_found", "plugin_broken"), answer.text)
        self.assertTrue(self.daemon.running())
        for fault in ("completes_twice", "holds_strand", "wrong_thread"):
            self.daemon.line(rf"warn .*{fault}")
        self.assert_clean(self.client("GET", "/metrics", expect=200).text, "ferrule_plugin_faults_total", "ferrule_jobs_finished_total",
                          "ferrule_sessions_open", "ferrule_job_seconds")


if __name__ == "__main__":
    main()
