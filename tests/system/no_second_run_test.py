"""A thousand commands while agents and controller are killed at random: none runs twice, each ends, and the sum is exact."""

import collections
import random
import threading
from typing import Any

from api import Api
from daemon import Daemon
from fleet import FleetTest
from surroundings import LIMIT_S, main

COMMANDS = 1000
AGENTS = ("edge1", "edge2", "edge3", "edge4")
GIVERS = 4
BETWEEN_KILLS = (1, 12)  # commands that are given from one kill to the next


class NoSecondRun(FleetTest):
    def setUp(self) -> None:
        super().setUp()
        self.ran = self.scratch / "ran"
        self.ran.touch()
        self.dice = random.Random(7)
        self.changed = threading.Condition()
        self.given: dict[int, str] = {}  # number of a command → its id
        self.starts = 1  # of the controller
        self.failed: list[BaseException] = []

    def give_share(self, numbers: list[tuple[int, str, int]]) -> None:
        """As a client that is careful: it asks again, under the same key, when the answer does not come."""
        try:
            for number, agent, took in numbers:
                self.give_once(number, agent, took)
        except BaseException as why:  # noqa: BLE001  # the test's own thread tells it
            with self.changed:
                self.failed.append(why)
                self.changed.notify_all()

    def give_once(self, number: int, agent: str, took: int) -> None:
        body = {"on": {"agents": [agent]}, "shell": f"echo {number} >> {self.ran}; sleep 0.0{took}"}
        while True:
            with self.changed:
                seen, address, token = self.starts, self.controller.address, self.controller.token
            try:
                with Api(address, token) as api:
                    wait = "" if number % 4 == 0 else "?wait=2s"  # some pile up, most are waited for
                    answer = api("POST", f"/api/v1/commands{wait}", body, {"Idempotency-Key": f"command-{number}"})
                self.assertIn(answer.status, (200, 202), answer.text)
            except (OSError, EOFError) as why:
                with self.changed:  # killed; there is another one soon
                    if not self.changed.wait_for(lambda seen=seen: self.starts != seen or self.failed, LIMIT_S) or self.failed:
                        raise AssertionError("the controller does not come back") from why
                continue
            with self.changed:
                self.given[number] = str(answer.json["id"])
                self.changed.notify_all()
            return

    def kill_one(self, agents: list[Daemon]) -> str:
        if self.dice.randrange(3) == 0:
            self.controller.kill()
            self.controller.start()
            with self.changed:
                self.starts += 1
                self.changed.notify_all()
            return "controller"
        victim = self.dice.choice(agents)
        victim.kill()
        victim.start()
        return "agent"

    def test_of_a_thousand_commands_under_random_kills_none_runs_twice_and_each_ends(self) -> None:
        agents: list[Daemon] = [self.agent(name, enabled=True, shell=True) for name in AGENTS]
        all_of_them = [(number, self.dice.choice(AGENTS), self.dice.randrange(8)) for number in range(COMMANDS)]
        givers = [threading.Thread(target=self.give_share, args=(all_of_them[share::GIVERS],), daemon=True) for share in range(GIVERS)]
        for each in givers:
            each.start()
        kills: collections.Counter[str] = collections.Counter()
        while True:
            with self.changed:
                until = min(COMMANDS, len(self.given) + self.dice.randint(*BETWEEN_KILLS))
                self.assertTrue(self.changed.wait_for(lambda until=until: len(self.given) >= until or self.failed, LIMIT_S), "nothing is given")
                if self.failed:
                    raise self.failed[0]
                done = len(self.given) == COMMANDS
            kills[self.kill_one(agents)] += 1  # the last one while the last commands run
            if done:
                break
        for each in givers:
            each.join()
        self.assertGreaterEqual(kills["controller"], 5)
        self.assertGreaterEqual(kills["agent"], 10)
        self.add_up(kills)

    def add_up(self, kills: "collections.Counter[str]") -> None:
        tasks: dict[int, Any] = {}
        with self.controller.api() as api:
            for number, command in self.given.items():
                while api.get(f"/api/v1/commands/{command}?wait=30s")["state"] != "finished":
                    pass
                (tasks[number],) = api.get(f"/api/v1/commands/{command}/results")["items"]
            self.assertEqual(len(api.items("/api/v1/commands")), COMMANDS, "asking again makes no second command")
        runs = collections.Counter(int(line) for line in self.ran.read_text().split())
        self.assertEqual({number: times for number, times in runs.items() if times > 1}, {}, "these ran twice")
        states = collections.Counter(each["state"] for each in tasks.values())
        self.assertEqual(states["succeeded"] + states["unknown"], COMMANDS, states)
        for number, each in tasks.items():
            if each["state"] == "succeeded":
                self.assertEqual(runs[number], 1, f"command {number} succeeded and left no trace")
            else:
                self.assertEqual(each["error"]["code"], "interrupted")
        self.assertGreater(states["unknown"], 0, "no kill has met a command")
        self.assertLessEqual(len(runs) - states["succeeded"], states["unknown"])
        print(f"{COMMANDS} commands, {dict(kills)} killed: {dict(states)}, {sum(runs.values())} ran")


if __name__ == "__main__":
    main()
