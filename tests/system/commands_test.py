"""Commands on agents' hosts with real daemons: what runs, what is refused, and what becomes of those that are cut off."""

import os
import shutil
import signal
import subprocess

from fleet import FleetTest
from surroundings import main


class Commands(FleetTest):
    def setUp(self) -> None:
        super().setUp()
        self.ran = self.scratch / "ran"

    def running(self, command: str) -> None:
        """Returns once the agent has said that it has begun."""
        with self.controller.api() as api:
            for event in api.stream(f"/api/v1/commands/{command}/stream"):
                if event.name == "task" and event.data["state"] == "running":
                    return
        self.fail("the command does not begin")

    def lines(self) -> list[str]:
        return self.ran.read_text().split() if self.ran.exists() else []

    def test_commands_run_where_they_are_allowed_and_say_why_where_they_are_not(self) -> None:
        allowed = {"enabled": True, "allow": [{"program": "/bin/echo", "more_args": "[-a-z0-9 ]+"}]}
        first = self.agent("edge1", **allowed)
        self.agent("edge2", **allowed)
        done = self.cli("command", "run", "--group", "lab", "--", "/bin/echo", "hello there")
        self.assertEqual(sorted(done.stdout.splitlines()), ["edge1 | hello there", "edge2 | hello there"])
        self.assertIn("2 of 2 succeeded", done.stderr)
        self.assertEqual(self.cli("command", "run", "--on", "edge1", "--", "/bin/echo", "alone").stdout, "alone\n")
        done = self.cli("command", "run", "--on", "edge1", "--on", "edge2", "--", "/bin/echo", "-e", "--timeout", "5s")
        self.assertEqual(sorted(done.stdout.splitlines()), ["edge1 | --timeout 5s", "edge2 | --timeout 5s"])
        done = self.cli("command", "run", "--on", "edge1", "--", "/bin/echo", "NO", status=1)
        self.assertIn(f'agent.exec.allow[0] does not allow "NO" as argument 1; rules are set under agent.exec.allow in {first.file}', done.stderr)
        self.assertIn("shell_not_allowed", self.cli("command", "run", "--all", "--shell", "--", "uptime", status=1).stderr)
        self.agent("edge3")
        self.assertIn("exec_disabled", self.cli("command", "run", "--on", "edge3", "--", "/bin/echo", "a", status=1).stderr)
        self.assertIn("no_targets", self.cli("command", "run", "--labels", "group=none", "--", "/bin/echo", status=1).stderr)
        with self.controller.api() as api:
            operator = api("POST", "/api/v1/tokens", {"name": "op", "role": "operator"}, expect=201).json["token"]
        with self.controller.api(operator) as api:
            body = {"on": {"agents": ["edge1"]}, "argv": ["/bin/echo", "ok"]}
            self.assertEqual(api("POST", "/api/v1/commands?wait=20s", body).json["counts"], {"succeeded": 1})
            body = {"on": {"agents": ["edge1"]}, "shell": "echo"}
            self.assertEqual(api("POST", "/api/v1/commands", body, expect=403).code, "forbidden")
        given = self.audit("command.run")
        self.assertEqual((given[0]["who"], given[0]["details"]["argv"]), ("op", ["/bin/echo", "ok"]))
        self.assertTrue(given[0]["from"].startswith("127.0.0.1:"))
        mode = (self.controller.folder / "data" / "command.key").stat().st_mode & 0o777
        self.assertEqual(mode, 0o600)

    def test_whoever_runs_a_command_is_told_for_whom_it_waits_and_what_became_of_those_who_are_revoked(self) -> None:
        allowed = {"enabled": True, "shell": True}
        self.agent("edge1", **allowed).stop()
        away = self.cli("command", "run", "--on", "edge1", "--ttl", "1s", "--shell", "--", "true", status=1).stderr
        self.assertRegex(away, r"\[waiting until \S+ for agents that are away: edge1\]")
        self.assertIn("expired", away)
        self.agent("edge2", **allowed)
        runs = self.give(f"echo begun >> {self.ran}; exec sleep 30", "edge2")
        self.running(runs)
        waits = self.give("true", "edge1")
        for agent in ("edge1", "edge2"):
            self.cli("agent", "revoke", agent)
        for command, state in ((runs, "unknown"), (waits, "refused")):
            task = self.ended(command)
            self.assertEqual((task["state"], task["error"]["code"]), (state, "agent_revoked"))

    def test_a_command_cut_by_kill_9_of_the_agent_is_unknown_and_one_of_the_controller_is_told_later(self) -> None:
        agent = self.agent("edge1", enabled=True, shell=True)
        pid = self.scratch / "pid"
        cut = self.give(f"echo $$ > {pid}; echo cut >> {self.ran}; exec sleep 1000")
        self.running(cut)
        self.addCleanup(lambda: os.kill(int(pid.read_text()), signal.SIGKILL))  # it outlives its agent
        agent.kill()
        agent.start()
        task = self.ended(cut)
        self.assertEqual((task["state"], task["error"]["code"]), ("unknown", "interrupted"))
        gate = self.scratch / "gate"
        subprocess.run(["mkfifo", gate], check=True)
        on = self.give(f"read line < {gate}; echo $line")
        self.running(on)
        self.controller.kill()
        gate.write_text("word\n")
        self.controller.start()
        task = self.ended(on)
        self.assertEqual((task["state"], task["stdout"]), ("succeeded", "word\n"))
        self.assertEqual(self.lines(), ["cut"])

    def test_orders_that_come_again_or_late_or_from_another_key_are_refused_and_recorded(self) -> None:
        agent = self.agent("edge1", enabled=True, shell=True)
        gate = self.scratch / "gate"
        subprocess.run(["mkfifo", gate], check=True)
        once = self.give(f"read line < {gate}; echo once >> {self.ran}")
        self.running(once)
        self.controller.kill()
        data = self.controller.folder / "data"
        shutil.copytree(data, self.scratch / "backup")
        self.controller.start()
        gate.write_text("go\n")
        self.assertEqual(self.ended(once)["state"], "succeeded")
        self.controller.kill()
        shutil.rmtree(data)
        shutil.copytree(self.scratch / "backup", data)
        self.controller.start()  # it knows nothing of the end, so it sends the same order again
        self.assertEqual(self.ended(once)["state"], "succeeded")
        agent.line(rf"a command is not run again; its result is told once more")
        self.assertEqual(self.lines(), ["once"])

        agent.send(signal.SIGSTOP)
        late = self.give(f"echo late >> {self.ran}", ttl="1s")
        with self.controller.api() as api:
            self.assertEqual(api.get(f"/api/v1/commands/{late}?wait=1500ms")["state"], "running")
        agent.send(signal.SIGCONT)
        task = self.ended(late)
        self.assertEqual((task["state"], task["error"]["code"]), ("expired", "expired"))

        self.controller.stop()
        self.controller.settings["commands"]["key_file"] = str(self.scratch / "other.key")
        self.controller.start()
        foreign = self.ended(self.give(f"echo foreign >> {self.ran}"))
        self.assertEqual((foreign["state"], foreign["error"]["code"]), ("refused", "unknown_key"))
        self.assertEqual([each["details"]["error"]["code"] for each in self.audit("command.refused")], ["unknown_key"])
        agent.line(r"an order is refused .*code=unknown_key")
        self.assertEqual(self.lines(), ["once"])


if __name__ == "__main__":
    main()
