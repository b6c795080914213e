"""A minute without a network: the controller sees the agent late, offline and online again, nobody calls the target down, and afterwards
each tick of the minute is there once, with the time at which it was measured."""

import time
from collections import Counter
from datetime import datetime, timedelta, timezone

import cables
from partitioned import AGENTS, ANCHOR, WEB, PartitionTest, time_of
from surroundings import main
from ticks import ticks

MINUTE_S = 60
INTERVAL = timedelta(seconds=1)


class CutOff(PartitionTest):
    PROBES = {"anchors": [{"targets": [{"host": ANCHOR}], "interval": "500ms"}]}
    # One location is enough for a problem. A try again is the next tick.
    CHECKS = [{**WEB, "timeout": "800ms", "retry_interval": "1s", "max_attempts": 3, "quorum": {"agree": 1}}]

    def test_a_minute_without_a_network(self) -> None:
        listening = self.listen("agent,check.state,check.sample")
        seen: set[str] = set()
        listening.sample("web", lambda each: each["success"] and not seen.add(each["node"]) and seen == set(AGENTS))  # type: ignore[func-returns-value]
        before_cut = len(listening.told)
        cut_at, until = datetime.now(timezone.utc), time.monotonic() + MINUTE_S
        self.net.cut(self.agents["north"])
        self.assertEqual(listening.until(lambda each: each.name == "agent" and each.data["name"] == "north")["state"], "late")
        self.assertEqual(listening.until(lambda each: each.name == "agent" and each.data["name"] == "north")["state"], "offline")
        listening.sample("web", lambda each: each["node"] != "north" and time.monotonic() >= until)
        target, north = self.location("web", "north")
        self.assertEqual((target["state"], target["votes"]["voters"]), ("ok", 2), "what was said a minute ago is no vote")
        self.assertLess(time_of(north["last_at"]), cut_at + INTERVAL)

        healed_at = datetime.now(timezone.utc)
        self.net.heal(self.agents["north"])
        again = listening.sample("web", lambda each: each["node"] == "north" and each["success"] and time_of(each["at"]) > healed_at)
        states = [each.data["state"] for each in listening.told[before_cut:] if each.name == "agent" and each.data["name"] == "north"]
        self.assertEqual(states[:3], ["late", "offline", "online"])
        self.assertEqual([each for each in listening.agreed() if each["to"] not in ("ok", "pending")], [])
        self.controller.line(r"an agent's connection has ended agent=north ")
        self.daemons["north"].line(r"no connection to the controller ")
        arrived = [each.data for each in listening.told if each.name == "check.sample" and each.data["node"] == "north"]
        times = [time_of(each["at"]) for each in arrived]
        self.assertEqual(times, sorted(times), "results come in the order in which they were measured")
        self.nothing_is_missing(cut_at, healed_at)
        with self.controller.api() as api:
            self.assert_clean(api("GET", "/metrics", expect=200).text, "ferrule_check_state", "ferrule_check_results_total",
                              "ferrule_check_latency_seconds", "ferrule_check_lag_seconds", "ferrule_agent_disconnections_total", "ferrule_agents")

    def nothing_is_missing(self, cut_at: datetime, healed_at: datetime) -> None:
        with self.controller.api() as api:
            shown = api.get("/api/v1/agents/north")
            told = shown["metrics"]  # of its last heartbeat
            results = [each for each in api.items("/api/v1/checks/web/results?location=north") if time_of(each["at"]) <= time_of(told["at"])]
        self.assertEqual((shown["lost_deliveries"], told["checks"]["results_lost"]), (0, 0))
        due = [time_of(each["at"]) - timedelta(milliseconds=each["lag_ms"]) for each in results]
        self.assertLess(min(due), cut_at)
        self.assertGreater(max(due), healed_at - INTERVAL)
        counted = Counter(ticks(due, INTERVAL, INTERVAL / 4))
        self.assertEqual(sum(counted.values()), len(results), "all were measured at a tick")
        self.assertEqual([each for each, times in counted.items() if times != 1], [], "none came twice")
        # A tick that a busy machine had to leave out is counted by the agent; no other may be missing.
        absent = set(range(min(counted), max(counted) + 1)) - set(counted)
        self.assertLessEqual(len(absent), told["checks"]["ticks_missed"], f"ticks {sorted(absent)} of {sorted(counted)} are missing")
        # What began in the second before the healing may have seen it.
        meanwhile = [each["success"] for each in results if cut_at <= time_of(each["at"]) <= healed_at - INTERVAL]
        self.assertEqual(meanwhile, [False] * len(meanwhile))
        self.assertGreaterEqual(len(meanwhile) + len(absent), MINUTE_S - 2)


if __name__ == "__main__":
    cables.require()
    main()
