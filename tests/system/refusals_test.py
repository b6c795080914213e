"""What must be refused, between real daemons: certificates that no longer or never were the fleet's, and orders that somebody with the
keys of the link repeats, alters, holds back or sends to another host."""

import base64
import json
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

from fleet import Agent, FleetTest, make_certificate
from relay import Relay
from surroundings import FERRULE, lint_metrics, main

ED25519_KEY = bytes.fromhex("302e020100300506032b657004220420")  # PKCS #8, before the seed
PAST = ("-startdate", "20240101000000Z", "-enddate", "20240201000000Z")


class Certificates(FleetTest):
    def stopped_agent(self) -> Agent:
        agent = self.agent("edge1")
        self.mark = len(self.controller.log)
        self.assertEqual(agent.stop(), 0)
        return agent

    def with_certificate(self, agent: Agent, folder: str, authority: Path | None = None, *dates: str) -> None:
        """The agent starts with another certificate than it was given."""
        authority = authority or self.authority
        made = make_certificate(self.scratch / folder, authority, agent.settings["agent"]["name"], *dates)
        agent.identity.write_text("".join(file.read_text() for file in (made / "cert.pem", made / "key.pem", authority / "ca.pem")))
        self.controller.line(r"agent=edge1 state=offline", self.mark)
        agent.start()

    def assert_refused(self, agent: Agent, reason: str, code: str) -> None:
        self.controller.line(rf"an agent's certificate is refused agent=edge1 serial=\w+ address=127\.0\.0\.1:\d+ reason=\"{reason}\"", self.mark)
        agent.line(rf"no connection to the controller .*code={code}")
        with self.controller.api() as api:
            self.assertNotEqual(api.get("/api/v1/agents/edge1")["state"], "online")

    def test_an_agent_whose_certificate_has_expired_is_refused(self) -> None:
        agent = self.stopped_agent()
        self.with_certificate(agent, "late", None, *PAST)
        self.assert_refused(agent, "certificate has expired", "certificate_expired")

    def test_an_agent_whose_certificate_is_revoked_is_refused_also_after_the_controllers_restart(self) -> None:
        agent = self.stopped_agent()
        self.cli("agent", "revoke", "edge1")
        self.controller.kill()
        self.controller.start()
        self.mark = 0
        agent.start()
        self.assert_refused(agent, "the certificate is revoked", "certificate_revoked")

    def test_an_agent_of_another_fleet_is_refused(self) -> None:
        agent = self.stopped_agent()
        other = self.scratch / "other.yaml"
        other.write_text(f"data_dir: {self.scratch}/other\n")
        theirs = json.loads(subprocess.run([FERRULE, "ca", "init", "-c", other, "--json"], check=True, capture_output=True, text=True).stdout)
        self.with_certificate(agent, "stranger", Path(theirs["folder"]))
        # It trusts another authority too, so both ends refuse each other's certificate; which of them is first is all the same.
        agent.line(r"no connection to the controller .*code=certificate_refused reason=\"the certificate of test is refused")
        self.controller.line(r"a connection came to nothing address=127.0.0.1:\d+ reason=\".*does not know who signed our certificate", self.mark)
        with self.controller.api() as api:
            self.assertNotEqual(api.get("/api/v1/agents/edge1")["state"], "online")


class Orders(FleetTest):
    def setUp(self) -> None:
        super().setUp()
        self.ran = self.scratch / "ran"
        self.own = make_certificate(self.scratch / "between", self.authority, "controller", use="serverAuth")
        self.agents: dict[str, Agent] = {}
        self.relays: dict[str, Relay] = {}
        for name in ("edge1", "edge2"):
            agent = self.agent(name, enabled=True, shell=True)
            self.assertEqual(agent.stop(), 0)
            self.relays[name] = relay = Relay(self.own, self.authority, agent.identity, self.port)
            self.addCleanup(relay.close)
            agent.settings["agent"]["controllers"] = [f"127.0.0.1:{relay.port}"]
            agent.start()
            agent.line(r"connected to the controller")
            self.agents[name] = agent

    def lines(self) -> list[str]:
        return self.ran.read_text().split() if self.ran.exists() else []

    def order_of(self, command: str, name: str) -> dict[str, Any]:
        with self.controller.api() as api:
            task = api.get(f"/api/v1/commands/{command}/results")["items"][0]["id"]
        return self.relays[name].order(lambda body: body["task_id"] == task)

    def forged(self, order: dict[str, Any], **changes: str) -> dict[str, Any]:
        """Another order with the right signature, of whoever has the controller's own key."""
        raw = json.dumps({**json.loads(order["signed"]), **changes})
        (self.scratch / "raw").write_text(raw)
        (self.scratch / "key.der").write_bytes(ED25519_KEY + (self.controller.folder / "data" / "command.key").read_bytes())
        done = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.scratch / "key.der", "-keyform", "DER", "-in", self.scratch / "raw"],
                              check=True, capture_output=True)
        return {"signed": raw, "sign": base64.b64encode(done.stdout).decode(), "task_id": json.loads(raw)["task_id"]}

    def in_ledger(self, name: str, collection: str) -> list[tuple[str, str]]:
        """Task and code of what the agent has recorded as refused, in its order; once it has been stopped."""
        ledger = sqlite3.connect(self.agents[name].folder / "data" / "commands.db")
        self.addCleanup(ledger.close)
        kept = [json.loads(value) for (value,) in ledger.execute(f"SELECT value FROM c_{collection} ORDER BY id")]
        return [(each["task_id"], each["error"]["code"]) for each in kept if each.get("error")]

    def test_copied_altered_misaddressed_and_expired_orders_are_refused_and_recorded_at_both_ends(self) -> None:
        first = self.give(f"echo first >> {self.ran}")
        self.assertEqual(self.ended(first)["state"], "succeeded")
        order = self.order_of(first, "edge1")
        task, new_task = order["task_id"], order["task_id"][:-8] + "00000000"
        here, there = self.relays["edge1"], self.relays["edge2"]
        here.say(order)
        self.agents["edge1"].line(r"a command is not run again")
        there.say(order)
        here.say({**order, "signed": order["signed"].replace("echo first", "echo other")})
        here.say({**order, "command": "echo other"})
        here.say(self.forged(order, nonce="n" * 24))  # the task again, as another order
        here.say(self.forged(order, task_id=new_task))  # another task, with a nonce that was used
        here.say(self.forged(order, task_id=new_task, nonce="m" * 24, target="edge3"))
        here.say(self.forged(order, task_id=new_task, nonce="m" * 24, key_id="0" * 16))
        here.say(self.forged(order, task_id=new_task, nonce="m" * 24, issued_at="2026-01-01T00:00:00.000Z", not_after="2026-01-01T00:01:00.000Z"))
        here.say(self.forged(order, task_id=new_task[:-1] + "1", nonce="o" * 24, not_after="2999-01-01T00:00:00.000Z"))
        # What is said after all of that has been taken after it, and is told after it.
        for name in ("edge1", "edge2"):
            self.assertEqual(self.ended(self.give("true", name))["state"], "succeeded")
        refused = [(task, "altered"), (task, "altered"), (task, "replayed"), (new_task, "replayed"), (new_task, "wrong_target"),
                   (new_task, "unknown_key")]
        # These are orders of the right key for the right agent, at the wrong time: refused as tasks, of which the controller knows nothing.
        untimely = [(new_task, "expired"), (new_task[:-1] + "1", "lifetime_too_long")]
        told = [(each["who"], each["about"], each["details"]["error"]["code"]) for each in reversed(self.audit("command.refused"))]
        self.assertEqual([each[1:] for each in told if each[0] == "agent edge1"], refused)
        self.assertEqual([each[1:] for each in told if each[0] == "agent edge2"], [(task, "wrong_target")])
        self.assertEqual([each["about"] for each in reversed(self.audit("command.unknown_task"))], [task for task, _ in untimely])
        self.assertEqual(self.lines(), ["first"])
        self.assertEqual([each["who"] for each in self.audit("command.repeated")], ["agent edge1"])
        with self.controller.api() as api:
            page = api("GET", "/metrics", expect=200).text
        self.assertEqual(lint_metrics(page), "")
        for code, times in (("altered", 2), ("replayed", 2), ("wrong_target", 2), ("unknown_key", 1), ("other", 0)):
            self.assertIn(f'\nferrule_command_orders_refused_total{{code="{code}"}} {times}\n', page)
        self.assertIn('\nferrule_command_tasks_finished_total{state="succeeded"} 3\n', page)
        self.assertIn("\nferrule_command_tasks_accepted_total 3\n", page)
        self.assertIn("\nferrule_command_tasks_unfinished 0\n", page)
        for agent in self.agents.values():
            self.assertEqual(agent.stop(), 0)
        self.assertEqual(self.in_ledger("edge1", "command_refusals"), [(task, "replayed"), *refused])
        self.assertEqual(self.in_ledger("edge1", "command_ledger"), untimely)
        self.assertEqual(self.in_ledger("edge2", "command_refusals"), [(task, "wrong_target")])

    def test_an_order_that_is_held_back_until_its_time_is_over_never_runs(self) -> None:
        held: list[dict[str, Any]] = []
        relay = self.relays["edge1"]

        def hold(message: dict[str, Any]) -> dict[str, Any] | None:
            if message["kind"] != "command":
                return message
            held.append(message)
            return None

        relay.judge = hold
        late = self.give(f"echo late >> {self.ran}", ttl="1s")
        order = self.order_of(late, "edge1")
        with self.controller.api() as api:
            api.get(f"/api/v1/commands/{late}?wait=1500ms")
        relay.judge = lambda message: message
        relay.say(order)
        task = self.ended(late)
        self.assertEqual((task["state"], task["error"]["code"]), ("expired", "expired"))
        self.agents["edge1"].line(r"code=expired")
        self.assertEqual(self.lines(), [])


if __name__ == "__main__":
    main()
