"""Output and events as they come: while a command runs, for those who join late, and after a lost connection."""

import threading

from daemon import Daemon
from simdevices import SimDevices
from surroundings import SystemTest, main

SLOW = {"exact": "show slow", "output": "".join(f"line {n}\n" for n in range(1, 6)), "chunk": 7, "chunk_delay": "150ms"}
STUCK = {"exact": "show stuck", "output": "first\nsecond\n", "then": "hang"}
CLOCK = {"exact": "show clock", "output": "12:00:00 UTC\n"}


class Streaming(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.devices = SimDevices(self.scratch / "devices", [{"name": "sw1", "commands": [SLOW, STUCK, CLOCK]}])
        self.addCleanup(self.devices.close)
        self.daemon = Daemon(self.scratch / "ferrule", self.devices.inventory())
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.client = self.daemon.api()
        self.addCleanup(self.client.close)

    def test_output_is_shown_while_the_command_still_runs_and_adds_up_to_the_result(self) -> None:
        job = self.client.submit({"device": "sw1", "commands": ["show slow", "show clock"]})
        text = {0: "", 1: ""}
        names = []
        running_when_first_seen = ""
        with self.daemon.api() as listening:
            for event in listening.stream(f"/api/v1/jobs/{job}/stream"):
                names.append(event.name)
                if event.name == "output":
                    running_when_first_seen = running_when_first_seen or self.client.get(f"/api/v1/jobs/{job}")["state"]
                    self.assertEqual(event.data["offset"], len(text[event.data["index"]]), "no piece is missing, none comes twice")
                    text[event.data["index"]] += event.data["text"]
        self.assertEqual(running_when_first_seen, "running")
        self.assertGreater(names.count("output"), 2, "it came in pieces")
        results = self.client.get(f"/api/v1/jobs/{job}")["results"]
        self.assertEqual([text[0], text[1]], [each["output"] for each in results])
        self.assertEqual(text[1], "12:00:00 UTC")
        self.assertEqual((names[-1], names.count("result"), names.count("end")), ("end", 2, 1))

    def test_who_joins_late_gets_what_was_so_far_and_all_get_the_end(self) -> None:
        job = self.client.submit({"device": "sw1", "commands": ["show stuck"]})
        with self.daemon.api() as early, self.daemon.api() as late:
            first = early.stream(f"/api/v1/jobs/{job}/stream")
            text = ""
            while "first" not in text:
                event = next(first)
                text += event.data["text"] if event.name == "output" else ""
            second = late.stream(f"/api/v1/jobs/{job}/stream")
            seen = [next(second), next(second)]
            self.assertEqual([each.name for each in seen], ["state", "output"])
            self.assertIn("first", seen[1].data["text"])
            self.assertEqual(seen[1].data["offset"], 0)
            self.client("POST", f"/api/v1/jobs/{job}/cancel", {}, expect=202)
            for each in (first, second):
                last = list(each)[-1]
                self.assertEqual((last.name, last.data["state"]), ("end", "cancelled"))
        with self.daemon.api() as afterwards:
            told = list(afterwards.stream(f"/api/v1/jobs/{job}/stream"))
        self.assertEqual((told[0].name, told[-1].name), ("output", "end"))

    def test_events_go_on_after_the_last_one_that_was_seen(self) -> None:
        with self.daemon.api() as listening:
            happened = listening.stream("/api/v1/events?topics=job,session")
            hello = next(happened)
            self.assertEqual((hello.name, hello.data["restarted"]), ("hello", False))
            first = self.client.run("sw1", "show clock")["id"]
            while True:
                last = next(happened)
                if last.name == "job" and last.data["id"] == first and last.data["state"] == "succeeded":
                    break
        missed = [self.client.run("sw1", "show clock")["id"] for _ in range(3)]
        assert last.id is not None
        with self.daemon.api() as again:
            happened = again.stream("/api/v1/events?topics=job,session", {"Last-Event-ID": str(last.id)})
            self.assertEqual(next(happened).name, "hello")
            seen: list[tuple[str, str]] = []
            ids = [last.id]
            while len(seen) < 9:
                event = next(happened)
                assert event.id is not None
                ids.append(event.id)
                if event.name == "job":
                    seen.append((event.data["id"], event.data["state"]))
        self.assertEqual(seen, [(job, state) for job in missed for state in ("queued", "running", "succeeded")])
        self.assertEqual(ids, sorted(set(ids)), "each event has a later id")

    def test_many_listeners_that_do_not_read_do_not_hold_up_a_job(self) -> None:
        lazy = [self.daemon.api() for _ in range(20)]
        for each in lazy:
            self.addCleanup(each.close)
            next(each.stream("/api/v1/events?topics=job,job.output"))
        for _ in range(20):
            self.assertEqual(self.client.run("sw1", "show clock")["state"], "succeeded")

    def test_the_stop_of_the_daemon_ends_the_streams(self) -> None:
        ended = threading.Event()
        with self.daemon.api() as listening:
            happened = listening.stream("/api/v1/events")
            next(happened)
            reader = threading.Thread(target=lambda: (list(happened), ended.set()))
            reader.start()
            self.assertEqual(self.daemon.stop(), 0)
            reader.join()
            self.assertTrue(ended.is_set())


if __name__ == "__main__":
    main()
