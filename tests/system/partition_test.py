"""Three agents watch one target, each from a network of its own, and the test decides what gets through: losses are told exactly, and one
agent that is cut off brings no false "down", not even where one location is enough for it, as long as it misses its anchors too."""

from datetime import datetime, timedelta, timezone
from typing import Any

import cables
from partitioned import AGENTS, EVERYWHERE, TARGET, WEB, ANCHOR, PartitionTest, time_of
from surroundings import main

BURST = 10
INTERVAL = timedelta(seconds=1)


class Partition(PartitionTest):
    CHECKS = [
        {"name": "ping", "probe": "icmp", "targets": [{"host": TARGET}], "interval": "1h", "timeout": "30s", **EVERYWHERE,
         "settings": {"count": BURST, "interval": "10ms", "timeout": "10s"}},
        {**WEB, "retry_interval": "250ms", "max_attempts": 2, "quorum": {"agree": 2}}]

    def ping_once(self) -> dict[str, Any]:
        """What each agent measured, by its name."""
        listening = self.listen("check.sample")
        with self.controller.api() as api:
            api("POST", "/api/v1/checks/ping/run", {})
        found: dict[str, Any] = {}
        while set(found) != set(AGENTS):
            told = listening.sample("ping", lambda _: True)
            found[told["node"]] = {**told["metrics"], "rtts_ms": told["rtts_ms"]}
        return found

    def test_losses_are_told_packet_by_packet(self) -> None:
        clean = self.ping_once()
        self.assertEqual({name: each["packets_lost"] for name, each in clean.items()}, dict.fromkeys(AGENTS, 0))
        lossy = self.net.lose(self.target, self.agents["north"], cables.ICMP, every=5)
        self.net.delay(self.target, self.agents["east"], 0.1)
        found = self.ping_once()
        self.assertEqual((lossy.seen, lossy.lost), (BURST, BURST // 5))
        self.assertEqual({name: each["packets_lost"] for name, each in found.items()}, {"north": 2, "east": 0, "south": 0})
        self.assertEqual(found["north"]["loss_ratio"], 0.2)
        self.assertEqual({name: (len(each["rtts_ms"]), each["rtts_ms"].count(None)) for name, each in found.items()},
                         {"north": (BURST, 2), "east": (BURST, 0), "south": (BURST, 0)})
        self.assertGreaterEqual(found["east"]["rtt_min_ms"], 100)

    def test_an_agent_that_is_cut_off_makes_nothing_down_and_tells_later_what_it_measured(self) -> None:
        listening = self.listen("check.state,check.sample")
        seen: set[str] = set()
        listening.sample("web", lambda each: each["success"] and not seen.add(each["node"]) and seen == set(AGENTS))  # type: ignore[func-returns-value]
        cut_at = datetime.now(timezone.utc) - INTERVAL  # of the run that was under way
        self.net.cut(self.agents["north"])
        others: dict[str, int] = {}

        def five_of_each(each: Any) -> bool:
            others[each["node"]] = others.get(each["node"], 0) + 1
            return others.get("east", 0) >= 5 and others.get("south", 0) >= 5

        listening.sample("web", five_of_each)
        healed_at = datetime.now(timezone.utc) - INTERVAL  # what began later may have seen the healing
        self.net.heal(self.agents["north"])
        late = listening.sample("web", lambda each: each["node"] == "north" and not each["success"])
        self.assertTrue(cut_at <= time_of(late["at"]) <= healed_at, late)
        again = listening.sample("web", lambda each: each["node"] == "north" and each["success"] and time_of(each["at"]) > healed_at + INTERVAL)
        self.assertTrue(again["success"])
        self.assertEqual([each for each in listening.agreed() if each["to"] not in ("ok", "pending")], [])
        north = [time_of(each.data["at"]) for each in listening.told if each.name == "check.sample" and each.data["node"] == "north"]
        self.assertEqual(north, sorted(north), "results come in the order in which they were measured")
        with self.controller.api() as api:
            kept = [each for each in api.items("/api/v1/checks/web/results?location=north")
                    if cut_at + 2 * INTERVAL <= time_of(each["at"]) <= healed_at]
        self.assertGreaterEqual(len(kept), 1)
        self.assertEqual([each["success"] for each in kept], [False] * len(kept))


class Anchored(PartitionTest):
    """One location is enough for a problem, and each has an anchor."""

    PROBES = {"anchors": [{"targets": [{"host": ANCHOR}], "interval": "500ms"}]}
    # Five tries take longer than it takes to miss the anchor.
    CHECKS = [{**WEB, "timeout": "800ms", "retry_interval": "1s", "max_attempts": 5, "quorum": {"agree": 1}}]

    def test_an_agent_votes_only_while_it_reaches_its_anchor(self) -> None:
        listening = self.listen("check.state")
        north = self.agents["north"]
        away = [self.net.lose(self.target, north, cables.TCP), self.net.lose(self.anchor, north, cables.ICMP)]

        def settled(each: Any, state: str, location: str | None = "north") -> bool:
            return each.data.get("location") == location and (each.data["change"], each.data["to"]) == ("hard", state)

        listening.until(lambda each: settled(each, "critical"))
        target, seen = self.location("web", "north")
        self.assertEqual((seen["settled"], seen["connected"]), ("critical", False))
        self.assertEqual((target["state"], target["votes"]["voters"], target["votes"]["agreeing"]), ("ok", 2, 2))
        for rule in away:
            self.net.remove(rule)
        listening.until(lambda each: settled(each, "ok"))
        target, seen = self.location("web", "north")
        self.assertEqual((target["state"], seen["connected"], target["votes"]["voters"]), ("ok", True, 3))
        self.assertEqual([each for each in listening.agreed() if each["to"] not in ("ok", "pending")], [])

        self.net.lose(self.target, north, cables.TCP)
        down = listening.until(lambda each: settled(each, "critical", None))
        self.assertRegex(down["reason"], r"^1 of [123] voting locations? sees a problem")
        self.assertTrue(self.location("web", "north")[1]["connected"])


if __name__ == "__main__":
    cables.require()
    main()
