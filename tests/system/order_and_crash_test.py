"""Two hundred devices, fifty pinned commands each, all at once: order, nothing twice, nothing lost; and the same across kill -9."""

import http.client
import itertools
import threading
from typing import Any

from daemon import Daemon
from simdevices import SimDevices
from surroundings import SystemTest, main

DEVICES = 200
COMMANDS = 50
CLIENTS = 5  # each sends every fifth command of every device, so that they compete for the order
LIMITS = {"auth_timeout": "5m", "connect_timeout": "2m", "idle_timeout": "5m", "default_timeout": "30m", "default_ttl": "1h"}
TEMPLATE = {
    "name": "counting",
    "flavour": "cisco_ios",
    "commands": [{"prefix": "show step ", "output": "step ${rest}\n"}, {"prefix": "set step ", "output": "done\n"}],
}
# The first time it hangs after a word, later it answers.
STUCK = {
    "name": "stuck${index}",
    "template": "counting",
    "count": 2,
    "commands": [
        {"regex": "(show|set) stuck", "times": 1, "output": "working\n", "then": "hang"},
        {"regex": "(show|set) stuck", "output": "free\n"},
    ],
}

Accepted = dict[str, list[tuple[str, str]]]  # device → (job, command)


class Clients:
    """Send the commands of all devices at once and note what was accepted, until all are sent or the daemon is gone."""

    def __init__(self, daemon: Daemon, names: list[str], changes: bool) -> None:
        self.accepted: Accepted = {name: [] for name in names}
        self.per_client: list[Accepted] = []
        self.problems: list[BaseException] = []
        self._lock = threading.Lock()
        self._changes = changes
        self._threads = [threading.Thread(target=self._send, args=(daemon, number)) for number in range(CLIENTS)]
        for each in self._threads:
            each.start()

    def join(self) -> None:
        for each in self._threads:
            each.join()
        if self.problems:
            raise self.problems[0]

    def _send(self, daemon: Daemon, client: int) -> None:
        own: Accepted = {name: [] for name in self.accepted}
        try:
            with daemon.api() as api:
                for step, device in itertools.product(range(client, COMMANDS, CLIENTS), own):
                    change = self._changes and step % 4 == 1
                    command = f"{'set' if change else 'show'} step {step}"
                    own[device].append((api.submit({"device": device, "commands": [command], "change": change}), command))
        except (OSError, http.client.HTTPException):
            pass  # the daemon is gone; what had no answer was not accepted
        except BaseException as problem:  # noqa: BLE001 - shown by join
            self.problems.append(problem)
        with self._lock:
            self.per_client.append(own)
            for device, jobs in own.items():
                self.accepted[device] += jobs


class OrderAndCrash(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        counting = {"name": "r${index}", "template": "counting", "count": DEVICES}
        self.devices = SimDevices(self.scratch / "devices", [counting, STUCK], [TEMPLATE])
        self.addCleanup(self.devices.close)
        self.names = [f"r{index}" for index in range(1, DEVICES + 1)]
        self.daemon = Daemon(self.scratch / "ferrule", {**self.devices.inventory(), "jobs": LIMITS})
        self.addCleanup(self.daemon.close)
        self.daemon.start()

    def steps(self, device: str) -> list[str]:
        return [each for each in self.devices.commands(device) if " step " in each]

    def all_ended(self, accepted: Accepted) -> dict[str, Any]:
        """All jobs by id, once the last ones of each device have ended."""
        with self.daemon.api() as api:
            for jobs in accepted.values():
                if jobs:
                    api.ended(max(jobs)[0])
            return {job["id"]: job for job in api.items("/api/v1/jobs")}

    def test_each_device_gets_its_commands_in_the_order_of_acceptance_none_twice_none_lost(self) -> None:
        clients = Clients(self.daemon, self.names, changes=False)
        clients.join()
        jobs = self.all_ended(clients.accepted)
        self.assertEqual(len(jobs), DEVICES * COMMANDS)
        bad = [job for job in jobs.values() if job["state"] != "succeeded"]
        self.assertEqual(bad[:3], [])
        for name in self.names:
            for own in clients.per_client:
                self.assertEqual(own[name], sorted(own[name]), f"{name}: what one client sent one after the other was reordered")
            wanted = [command for _, command in sorted(clients.accepted[name])]
            self.assertEqual(len(wanted), COMMANDS)
            self.assertEqual(self.steps(name), wanted, name)
            self.assertEqual(self.devices("counters", name)["counters"]["logins"], 1, f"{name}: one session is enough")

    def test_after_kill_9_every_accepted_job_ends_reads_run_and_interrupted_changes_are_unknown(self) -> None:
        with self.daemon.api() as api, self.daemon.api() as listening:
            happened = listening.stream("/api/v1/events?topics=job,job.output")
            next(happened)  # the greeting: from here on nothing is missed
            stuck = {
                "stuck1": api.submit({"device": "stuck1", "commands": ["show stuck"]}),
                "stuck2": api.submit({"device": "stuck2", "commands": ["set stuck"], "change": True}),
            }
            waiting = api.submit({"device": "stuck2", "commands": ["show step after"]})
            working: set[str] = set()
            while not working >= set(stuck.values()):
                event = next(happened)
                if event.name == "job.output" and "working" in event.data["text"]:
                    working.add(event.data["job"])
            clients = Clients(self.daemon, self.names, changes=True)
            over = 0
            while over < DEVICES * COMMANDS // 4:
                event = next(happened)
                over += event.name == "job" and event.data["state"] == "succeeded"
        self.daemon.kill()
        clients.join()
        before = {name: self.steps(name) for name in self.names}
        for name in self.devices.devices:
            self.devices("clear", name)

        self.daemon.start()
        jobs = self.all_ended(clients.accepted)
        with self.daemon.api() as api:
            again = api.ended(stuck["stuck1"])
            self.assertEqual((again["state"], again["results"][0]["output"]), ("succeeded", "free"))
            lost = api.ended(stuck["stuck2"])
            self.assertEqual((lost["state"], lost["error"]["code"], lost["error"]["retryable"]), ("unknown", "interrupted", False))
            self.assertEqual(api.ended(waiting)["state"], "succeeded")
            jobs = {job["id"]: job for job in api.items("/api/v1/jobs")}
        self.assertNotIn("set stuck", self.devices.commands("stuck2"), "an interrupted change must not be repeated")
        self.assertEqual({job["state"] for job in jobs.values()} - {"succeeded", "unknown"}, set())
        self.assertTrue(all(job["change"] for job in jobs.values() if job["state"] == "unknown"))
        for name in self.names:
            self.check_device(name, sorted(clients.accepted[name]), jobs, before[name], self.steps(name))

    def check_device(self, name: str, accepted: list[tuple[str, str]], jobs: dict[str, Any], before: list[str],
                     after: list[str]) -> None:
        self.assertEqual(len(before), len(set(before)), f"{name}: twice before the crash")
        self.assertEqual(len(after), len(set(after)), f"{name}: twice after the crash")
        order = [command for _, command in accepted]
        for part in (before, after):  # what was accepted without its answer having arrived may be among them
            known = [command for command in part if command in order]
            self.assertEqual(known, [command for command in order if command in known], f"{name}: out of order")
        self.assertEqual([command for command in before if command.startswith("set") and command in after], [],
                         f"{name}: a change was repeated")
        for job, command in accepted:
            state = jobs[job]["state"]
            if state == "succeeded":
                self.assertTrue(command in before or command in after, f"{name}: '{command}' was lost")
            elif command in after:
                self.fail(f"{name}: '{command}' is unknown and yet ran after the restart")


if __name__ == "__main__":
    main()
