"""A controller and its agents on this machine's loopback, as real daemons."""

import json
import subprocess
from pathlib import Path
from typing import Any

from api import Answer
from daemon import Daemon
from programs import free_port
from surroundings import FERRULE, SystemTest


class Agent(Daemon):
    """`ferrule run` in the role agent."""

    def __init__(self, folder: Path, name: str, port: int, token: str, allowed: dict[str, Any]) -> None:
        super().__init__(folder, {"role": "agent", "agent": {
            "name": name, "controllers": [f"127.0.0.1:{port}"], "join_token": "!token", "heartbeat": "500ms",
            "reconnect_max": "200ms", "labels": {"group": "lab"}, "exec": allowed}})
        del self.settings["http"]
        (folder / "join.token").write_text(token)
        (folder / "join.token").chmod(0o600)

    def write_settings(self) -> None:
        self.file.write_text(json.dumps(self.settings, indent=1).replace('"!token"', "!file join.token"))
        self.file.chmod(0o600)

    def start(self) -> "Agent":
        self.spawn()
        self.line(r"app: ready ")
        return self

    @property
    def identity(self) -> Path:
        return self.folder / "data" / "fleet" / "identity.pem"


def make_certificate(folder: Path, authority: Path, name: str, *dates: str, use: str = "clientAuth") -> Path:
    """Of the authority in a folder, with a key beside it; as whoever has stolen the authority's key would make it, or a clock."""
    folder.mkdir()
    (folder / "index").write_text("")
    (folder / "ca.cnf").write_text(
        f"[ca]\ndefault_ca = it\n[it]\ndir = {folder}\ndatabase = {folder}/index\nnew_certs_dir = {folder}\nrand_serial = yes\n"
        f"certificate = {authority}/ca.pem\nprivate_key = {authority}/ca.key\ndefault_md = sha256\npolicy = any\nx509_extensions = wanted\n"
        f"[any]\ncommonName = supplied\n[wanted]\nextendedKeyUsage = {use}\n")
    for line in (["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                  "-keyout", f"{folder}/key.pem", "-out", f"{folder}/csr.pem"],
                 ["ca", "-batch", "-config", f"{folder}/ca.cnf", "-in", f"{folder}/csr.pem", "-out", f"{folder}/cert.pem", "-notext",
                  *(dates or ("-days", "1"))]):
        subprocess.run(["openssl", *line], check=True, capture_output=True)
    return folder


class FleetTest(SystemTest):
    """A controller with an authority; agents join as the test asks for them."""

    def setUp(self) -> None:
        super().setUp()
        self.port = free_port()
        self.controller = Daemon(self.scratch / "controller", {"role": "controller", "fleet": {"listen": [f"127.0.0.1:{self.port}"]},
                                                               "commands": {"operators": True}})
        self.controller.write_settings()
        subprocess.run([FERRULE, "ca", "init", "-c", self.controller.file], check=True, capture_output=True)
        self.authority = self.controller.folder / "data" / "fleet"
        self.controller.start()
        self.addCleanup(self.controller.close)

    def agent(self, name: str, **allowed: Any) -> Agent:
        made = self.cli("agent", "token", "create").stdout
        agent = Agent(self.scratch / name, name, self.port, made, allowed)
        agent.start()
        self.addCleanup(agent.close)
        self.controller.line(rf"fleet: an agent is connected agent={name} ")
        return agent

    def cli(self, *line: str, status: int = 0) -> "subprocess.CompletedProcess[str]":
        return self.run_program(str(FERRULE), *line, status=status, env=self.controller.client_env())

    def give(self, shell: str, agent: str = "edge1", **more: Any) -> str:
        with self.controller.api() as api:
            answer: Answer = api("POST", "/api/v1/commands", {"on": {"agents": [agent]}, "shell": shell, **more}, expect=202)
            return str(answer.json["id"])

    def ended(self, command: str) -> Any:
        """The only task of a command, once it has ended."""
        with self.controller.api() as api:
            for _ in range(10):
                if api.get(f"/api/v1/commands/{command}?wait=30s")["state"] == "finished":
                    break
            return api.get(f"/api/v1/commands/{command}/results")["items"][0]

    def audit(self, what: str) -> list[Any]:
        with self.controller.api() as api:
            return [each for each in api.items("/api/v1/audit") if each["what"] == what]
