"""A secret that went in comes out nowhere: not in the log, answers, events, database, process list or messages."""

import re
import threading
from pathlib import Path
from typing import Any

from api import Api
from daemon import Daemon
from lab import Lab, needs_lab
from surroundings import FERRULE, SystemTest, main


class Secrets(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.lab("up")
        self.daemon = Daemon(self.scratch / "ferrule", {**self.lab.settings(), "log": {"level": "trace"}})
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.seen: list[str] = []
        self.listening = self.daemon.api()
        events = self.listening.stream("/api/v1/events?topics=job,job.output,job.result,session,device,plugin,node")
        next(events)
        self.listener = threading.Thread(target=lambda: self.seen.extend(repr(each) for each in events))
        self.listener.start()

    def secrets(self) -> dict[str, str]:
        access = self.lab.directory / "access"
        key = (access / "id_ed25519").read_text()
        return {
            "password": self.lab.password("netops"),
            "second password": self.lab.password("challenge"),
            "passphrase": (access / "id_ed25519_locked.passphrase").read_text().strip(),
            "private key": key.splitlines()[2],
            "mistyped password": "Tr0ub4dor-and-more-3",
            "reply to a prompt": "s0-secret-an-answer-it-is",
            "first token": self.daemon.token,
            "sealing key": (Path(self.daemon.settings["data_dir"]) / "secret.key").read_bytes()[:32].decode("latin1"),
        }

    def good_and_bad(self, api: Api) -> None:
        access = self.lab.directory / "access"
        target: dict[str, Any] = {key: value for key, value in self.lab.device("frr1").items() if key in ("host", "port")}
        target |= {"driver": "ssh", "platform": "frr", "options": {"known_hosts": str(access / "known_hosts")}, "username": "netops"}
        bodies = [
            {**target, "password": self.lab.password("netops")},
            {**target, "password": "Tr0ub4dor-and-more-3"},
            {**target, "private_key": (access / "id_ed25519").read_text()},
            {**target, "private_key": (access / "id_ed25519_locked").read_text(),
             "passphrase": (access / "id_ed25519_locked.passphrase").read_text().strip()},
            {**target, "private_key": "-----BEGIN NONSENSE-----\nTr0ub4dor-and-more-3\n"},
            {**target, "password": self.lab.password("netops"), "pasword": "Tr0ub4dor-and-more-3"},
        ]
        self.answer(api("POST", "/api/v1/credentials", {"name": "kept", "username": "challenge",
                                                        "password": self.lab.password("challenge")}, expect=201).text)
        outcomes = []
        for number, body in enumerate(bodies):
            told = api("POST", "/api/v1/jobs?wait=30s", {"target": body, "commands": ["show version"], "strategy": "fifo"})
            outcomes.append(told.json.get("state", told.status))
            self.answer(told.text)
            login = {key: value for key, value in body.items() if key in ("username", "password", "private_key", "passphrase", "pasword")}
            self.answer(api("POST", "/api/v1/credentials", {"name": f"c{number}", **login}).text)
        self.assertEqual(outcomes, ["succeeded", "failed", "succeeded", "succeeded", "failed", 400], "both kinds are needed here")
        prompts = [{"pattern": "never asked", "reply": "s0-secret-an-answer-it-is"}]
        for command in ("show version", "shew version"):
            body = {"device": "frr1", "commands": [{"command": command, "prompts": prompts}]}
            self.answer(api("POST", "/api/v1/jobs?wait=30s", body).text)
        for name in ("frr1", "linux1", "legacy1", "frr3"):
            self.answer(api("POST", f"/api/v1/devices/{name}/test", {}).text)
        self.answer(api("POST", "/api/v1/credentials", '{"name": "x", "password": "Tr0ub4dor-and-more-3"').text)
        self.answer(api("PUT", "/api/v1/credentials/x", {"name": "y", "username": "u", "password": "Tr0ub4dor-and-more-3"}).text)
        # A device may repeat what it was told.
        said = api("POST", "/api/v1/jobs?wait=30s", {"device": "linux1", "commands": [f"echo {self.lab.password('netops')}"]})
        self.assertNotIn(self.lab.password("netops"), said.json["results"][0]["output"], "a device that repeats the password")

    def answer(self, text: str) -> None:
        self.seen.append(text)

    def test_no_secret_is_found_anywhere_after_good_and_bad_operations(self) -> None:
        with self.daemon.api() as api:
            self.good_and_bad(api)
            for path in ("jobs", "devices", "credentials", "tokens", "sessions", "plugins", "nodes"):
                for each in api.items(f"/api/v1/{path}") if path == "jobs" else [api.get(f"/api/v1/{path}")]:
                    self.answer(repr(each))
                    if path == "jobs":
                        self.answer(repr(api.get(f"/api/v1/jobs/{each['id']}")))
            self.answer(api("GET", "/metrics").text)
        self.answer(Path(f"/proc/{self.daemon.pid}/cmdline").read_text())
        env = self.daemon.client_env()
        wrong = "wrong-token-" + self.daemon.token[:8] + "x" * 30
        for words in (["device", "test", "frr1"], ["exec", "frr1", "show version"], ["credential", "list"], ["token", "list"]):
            for token in (env["FERRULE_TOKEN"], wrong):
                done = self.run_program(str(FERRULE), *words, status=None, env={**env, "FERRULE_TOKEN": token})
                self.answer(done.stdout + done.stderr)
        secrets = {**self.secrets(), "wrong token": wrong}
        self.assertEqual(self.daemon.stop(), 0)
        self.listener.join()
        self.listening.close()
        self.assertTrue(any("job.output" in each or "job.result" in each for each in self.seen))
        self.assertRegex(self.daemon.all_log, r"(?m)^\S+ (debug|trace) ", "the log must be the talkative one")
        places = {"log": self.daemon.all_log, "answers, events and output": "\n".join(self.seen)}
        for file in Path(self.daemon.settings["data_dir"]).iterdir():
            if file.name not in ("admin.token", "secret.key"):
                places[file.name] = file.read_bytes().decode("latin1")
        self.assertIn("ferrule.db", places)
        job_command = f"echo {secrets['password']}"
        for where, text in places.items():
            # The client's own words, the command that it sent, come back to it; they are no answer of a login.
            text = text.replace(job_command, "")
            for name, secret in secrets.items():
                self.assertGreaterEqual(len(secret), 16, name)
                if secret in text:
                    at = text.index(secret)
                    around = re.sub(re.escape(secret), f"<the {name}>", text[max(0, at - 200) : at + 300])
                    self.fail(f"the {name} stands in {where}: …{around}…")

    def test_files_that_hold_secrets_are_for_their_owner_only(self) -> None:
        data = Path(self.daemon.settings["data_dir"])
        for name in ("admin.token", "secret.key", "ferrule.db"):
            self.assertEqual((data / name).stat().st_mode & 0o077, 0, name)
        self.assertEqual(data.stat().st_mode & 0o777, 0o700)
        self.assertEqual(self.daemon.stop(), 0)
        self.listener.join()
        self.listening.close()
        (data / "secret.key").chmod(0o644)
        self.daemon.spawn()
        self.assertEqual(self.daemon.wait(), 1)
        self.assertRegex(self.daemon.all_log, r"secret\.key.*chmod 600")


if __name__ == "__main__":
    needs_lab()
    main()
