"""docs/quick-start-agents.md as a reader follows it: every block is pasted into one shell, in its order, and prints what stands below it;
and nothing that agents measured while their controller was away is lost."""

import json
import re
import subprocess
from datetime import datetime, timedelta, timezone
from typing import Any

import own_network
from surroundings import FERRULE, ROOT, SystemTest, clean_environment, main
from ticks import ticks

PAGE = "docs/quick-start-agents.md"
PLACE = "/root/ferrule-lab"
INTERVAL = timedelta(seconds=2)
# A namespace is a file below /run, where the machine's own must not be seen.
NEEDS = own_network.CABLES + "; mount -t tmpfs none /run; ip link add probe type bridge; ip link delete probe; " \
        "ip netns add probe; ip netns exec probe true; ip netns delete probe"


def blocks() -> list[tuple[str, str]]:
    """Language and text of each fenced block of the page."""
    return re.findall(r"^```([a-z]+)\n(.*?)^```$", (ROOT / PAGE).read_text(), flags=re.S | re.M)


def shape(line: str) -> str:
    """A pattern for what the page shows as an example: numbers, times, names that are made up and the width of columns may differ."""
    text = re.escape(re.sub(r"\s+", " ", line.strip()))
    text = re.sub(r"\d{4}\\-\d\d\\-\d\dT[\d:]+(\\\.\d+)?Z", r"\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z", text)
    text = re.sub(r"fleet\\ [0-9a-f]{8}", r"fleet [0-9a-f]{8}", text)
    text = re.sub(r"10\\\.99\\\.0\\\.(\d+):\d+", r"10\\.99\\.0\\.\1:\\d+", text)
    text = re.sub(r"(?<![\w.\\\]])(\d+\\\.\d+)(?=\\ )", r"[\\d.]+", text)
    return text.replace("…", ".*")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class Shell:
    """One bash that a reader types into."""

    def __init__(self, folder: Any, env: dict[str, str]) -> None:
        self.block = folder / "block.sh"
        self.process = subprocess.Popen(["bash", "-eu"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        env=env, cwd=folder)
        self.paste("set -o pipefail")

    def paste(self, text: str) -> str:
        """Runs it to its end; what it printed. A command that fails ends the shell, and the test."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.block.write_text(text)
        self.process.stdin.write(f". {self.block} < /dev/null\nprintf '%s\\n' -done-\n")
        self.process.stdin.flush()
        said = ""
        for line in self.process.stdout:
            if line == "-done-\n":
                return said
            said += line
        raise AssertionError(f"the shell ended with {self.process.wait()} in\n{text}\nafter\n{said}")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()


class QuickStart(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.place = self.scratch / "ferrule-lab"
        env = {**clean_environment(), "HOME": str(self.scratch)}
        env["PATH"] = f"{FERRULE.parent}:{env['PATH']}:/usr/sbin:/sbin"
        self.shell = Shell(self.scratch, env)
        self.addCleanup(self.shell.close)

    def follow(self, text: str) -> str:
        lines = text.splitlines(keepends=True)
        for line in [each for each in lines if each.startswith("apt-get install")]:
            lines.remove(line)
            known = (ROOT / "scripts" / "packages.txt").read_text()
            for package in line.split()[2:]:
                self.assertTrue(package.startswith("-") or re.search(rf"(?m)^{package} ", known), package)
        return self.shell.paste("".join(lines).replace(PLACE, str(self.place)))

    def assert_prints(self, said: str, shown: str, block: str) -> None:
        """Each line of the page's example is there; agents answer in any order."""
        got = [re.sub(r"\s+", " ", line.strip()) for line in said.splitlines()]
        for line in shown.splitlines():
            pattern = re.compile(shape(line))
            found = next((n for n, each in enumerate(got) if pattern.fullmatch(each)), None)
            self.assertIsNotNone(found, f"{line!r} is not in what was printed by\n{block}\n{said}")
            del got[found]  # type: ignore[arg-type]

    def json(self, command: str) -> Any:
        return json.loads(self.shell.paste(command))

    @staticmethod
    def agent(shown: str) -> Any:
        return json.loads(shown[shown.index("{"):])

    def test_the_page_works_as_it_stands_and_nothing_is_lost(self) -> None:
        ran: list[tuple[str, str]] = []
        away = (datetime.max, datetime.min)
        for language, text in blocks():
            if language == "text":
                self.assert_prints(ran[-1][1], text, ran[-1][0])
                continue
            self.assertEqual(language, "sh")
            if text.startswith("kill $CONTROLLER $EDGE1"):
                self.look_closely(*away)
            begun = datetime.now(timezone.utc)
            ran.append((text, self.follow(text)))
            if text.startswith("kill $CONTROLLER &&"):
                away = (begun, datetime.now(timezone.utc))
        said = dict(ran)
        self.assertEqual([out for block, out in ran if "ss -Hlntup" in block], [""], "an agent listens")
        shown = next(out for block, out in said.items() if "ferrule agent show" in block)
        metrics = self.agent(shown)["metrics"]
        self.assertGreater(metrics["memory"]["total"], 0)
        self.assertIn("eth0", metrics["network"])
        self.assertFalse(self.place.exists())

    def look_closely(self, gone: datetime, back: datetime) -> None:
        """Before all is taken down: commands and results from before, during and after the absence are there."""
        commands = self.json("ferrule command list --json")
        asked = [(each["state"], each["counts"]) for each in commands]
        self.assertEqual(asked, [("finished", {"succeeded": 2}), ("finished", {"refused": 1}), ("finished", {"succeeded": 2})])
        self.assertGreater(back - gone, 4 * INTERVAL)
        for agent in ("edge1", "edge2"):
            shown = self.agent(self.shell.paste(f"ferrule agent show {agent}"))
            told = shown["metrics"]
            self.assertEqual((shown["lost_deliveries"], told["checks"]["results_lost"], told["checks"]["assigned"]), (0, 0, 1))
            results = [each for each in self.json(f"ferrule check results ping-hub --location {agent} --limit 0 --json")
                       if moment(each["at"]) <= moment(told["at"])]
            self.assertEqual([each["reason"] for each in results if not each["success"]], [])
            times = [moment(each["at"]) for each in results]
            self.assertEqual(len(set(times)), len(times), "nothing came twice")
            seen = set(ticks([when - timedelta(milliseconds=each["lag_ms"]) for when, each in zip(times, results)], INTERVAL))
            self.assertLess(min(times), gone)
            self.assertGreater(max(times), gone + 3 * INTERVAL)
            # A tick that a busy machine had to leave out is counted by the agent; no other may be missing.
            absent = set(range(min(seen), max(seen) + 1)) - seen
            self.assertLessEqual(len(absent), told["checks"]["ticks_missed"], f"ticks {sorted(absent)} of {sorted(seen)} are missing")
            for log in ("controller.log", f"{agent}.log"):
                self.assertNotRegex((self.place / log).read_text(), r" (error|critical) ")


if __name__ == "__main__":
    own_network.enter("--mount", "--pid", "--fork", "--kill-child", "--mount-proc", needs=NEEDS)
    main()
