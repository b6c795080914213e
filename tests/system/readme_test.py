"""Every command that README.md and docs/operations.md show is run as it stands there, in its order, against an installed Ferrule.

Nothing is set or started that the pages do not tell to set and start, but for the place of the lab and the ports.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from daemon import Daemon
from lab import Lab, needs_lab
from surroundings import FERRULE, LIMIT_S, ROOT, SystemTest, clean_environment, main

BUILD = Path(os.environ.get("FERRULE_BUILD", FERRULE.parents[1]))
# Commands that would build or test everything again from within a test → what else runs them: a test, or a file that is a
# step of continuous integration.
ELSEWHERE = {
    "scripts/demo": "test scripts.demo",
    "scripts/test": "file .ci/run",
    "cmake --preset release && cmake --build --preset release --target product": "file scripts/lib/build.sh",
}
LAB_DIR = "/var/lib/ferrule-lab"  # of root


def blocks(document: str) -> list[tuple[str, str]]:
    """Language and text of each fenced block, pictures left out."""
    found = re.findall(r"^```([a-z]*)\n(.*?)^```$", (ROOT / document).read_text(), flags=re.S | re.M)
    return [(language, text) for language, text in found if "─" not in text]


def lines_of(text: str) -> list[str]:
    """Commands without remarks; a continued line is one."""
    joined = text.replace("\\\n", " ")
    return [stripped for line in joined.splitlines() if (stripped := re.sub(r"\s+# .*$", "", line).strip())]


class Readme(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.prefix = self.scratch / "prefix"
        self.place = ROOT
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.env = {**clean_environment(), "HOME": str(self.scratch), "PATH": f"{self.prefix}/bin:{os.environ['PATH']}",
                    "CMAKE_PREFIX_PATH": str(self.prefix), "FERRULE_LAB_DIR": str(self.lab.directory)}
        self.env.pop("LAB_PASSWORD", None)
        self.exports: list[str] = []
        self.ran = 0

    def bash(self, command: str) -> str:
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", "\n".join([*self.exports, command])], cwd=self.place, env=self.env,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=4 * LIMIT_S, check=False)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}")
        self.ran += 1
        return done.stdout

    def assert_runs_elsewhere(self, command: str) -> None:
        kind, _, name = ELSEWHERE[command].partition(" ")
        if kind == "file":
            word = "cmake --build" if command.startswith("cmake") else command
            self.assertIn(word, (ROOT / name).read_text())
            return
        tests = subprocess.run(["ctest", "--test-dir", str(BUILD), "-N"], capture_output=True, text=True, check=True).stdout
        self.assertRegex(tests, rf"(?m): {re.escape(name)}$")

    def value_of(self, export: str) -> tuple[str, str]:
        """What a shell makes of an `export NAME=…`."""
        name = export.removeprefix("export ").partition("=")[0]
        return name, self.bash(f'{export}; printf %s "${name}"')

    def start(self) -> Daemon:
        daemon = Daemon(self.place, {"data_dir": str(self.place / "data")}, self.env)
        daemon.write_settings = lambda: None  # type: ignore[method-assign]  # the file of the README stays
        daemon.program = self.prefix / "bin" / "ferrule"
        self.addCleanup(daemon.close)
        daemon.start()
        self.env["FERRULE_URL"] = daemon.url
        return daemon

    def run_line(self, line: str) -> str:
        """One command, in the test's own place in place of the reader's."""
        if line in ELSEWHERE:
            self.assert_runs_elsewhere(line)
        elif line.startswith("cmake --install build/release"):
            return self.bash(line.replace("build/release", str(BUILD)).replace("/usr/local", str(self.prefix)))
        elif line == "ferrule run -c ferrule.yaml":
            self.env.update(map(self.value_of, self.exports))  # the daemon has what the first terminal has
            self.exports = []
            self.daemon = self.start()
        elif line.startswith("export "):
            self.exports.append(line.replace(LAB_DIR, str(self.lab.directory)))
        elif " && cd " in line:
            self.place = Path(self.bash(f"{line} && pwd").strip())
        else:
            if "127.0.0.1:2201" in line:
                line = line.replace("127.0.0.1:2201", f"127.0.0.1:{self.port()}")
            return self.bash(line.replace("http://127.0.0.1:8520", self.env.get("FERRULE_URL", "")))
        return ""

    def port(self) -> int:
        return int(self.lab.device("frr1")["port"])

    def write_yaml(self, text: str) -> None:
        self.assertNotEqual(self.place, ROOT, "the page leaves the source tree first")
        self.assertIn("port: 2201", text, "the port of the lab's frr1")
        (self.place / "ferrule.yaml").write_text(
            text.replace("port: 2201", f"port: {self.port()}") + 'http: {listen: ["127.0.0.1:0"]}\n')
        (self.place / "ferrule.yaml").chmod(0o600)

    def test_the_commands_of_the_readme_and_of_operations_work_in_their_order(self) -> None:
        said: dict[str, str] = {}
        for language, text in blocks("README.md"):
            if language == "yaml":
                self.write_yaml(text)
                continue
            self.assertEqual(language, "")
            for line in lines_of(text):
                said[line] = self.run_line(line)
        self.assertIn("frr1 answers", said["ferrule device test frr1"])
        self.assertRegex(said['ferrule exec frr1 "show version"'], r"FRRouting \d")
        self.assertRegex(said["ferrule session list"], r"frr1 +idle")
        rest = next(text for line, text in said.items() if line.startswith("curl") and "/api/v1/jobs" in line)
        page = next(text for line, text in said.items() if "/probe?" in line)
        self.assertRegex(page, r"(?m)^probe_success 1$")
        metrics = next(text for line, text in said.items() if line.endswith("/metrics"))
        self.assertRegex(metrics, r'(?m)^ferrule_check_state\{check="ssh-port",target="frr1"\} 0$')
        self.assertRegex(rest, r'"state":"succeeded".*eth0 +up')
        self.assertRegex(said["ferrule check run ssh-port"], r"frr1 +\S+ +ok")
        self.assertRegex(said["ferrule check state ssh-port"], r"frr1 +\(all\) +ok")
        self.assertIn("3/3", said["ferrule probe icmp 127.0.0.1 --count 3 --interval 200ms"])
        self.assertNotIn("FAILED", said["ferrule plugin check greeting/build/greeting.so"])
        self.copy_the_new_plugin()

        made = ""
        for language, text in blocks("docs/operations.md"):
            if language:  # files of others; tests/docs/prometheus_files.py looks at them
                continue
            for line in lines_of(text):
                out = self.run_line(line.replace("ID", made)) if made else self.run_line(line)
                if line.startswith("ferrule token create"):
                    made = re.search(r"its id is (\S+)\.", out)[1]  # type: ignore[index]
        self.assertIn("first", self.bash("ferrule token list"))
        self.assertNotIn("ci ", self.bash("ferrule token list"), "it was revoked")
        self.assertGreater(self.ran, 12)

    def copy_the_new_plugin(self) -> None:
        """README: copied into the plugin folder of a running daemon it can be used, without a restart."""
        folder = self.prefix / "lib" / "ferrule" / "plugins" / "probes"
        folder.mkdir(parents=True, exist_ok=True)
        self.bash(f"cp greeting/build/greeting.so {folder}/")
        with self.daemon.api() as api:
            shown = api.get("/api/v1/plugins/probe/greeting")
            self.assertEqual((shown["id"], shown["problem"]), ("greeting", None))

    def test_every_file_that_the_readme_names_is_there(self) -> None:
        text = (ROOT / "README.md").read_text() + (ROOT / "docs" / "operations.md").read_text()
        self.assertIn(LAB_DIR, (ROOT / "scripts" / "lib" / "lab_dir.sh").read_text())
        for name in set(re.findall(r"`((?:docs|config|scripts|tests|bench)/[\w./-]*)`", text)):
            self.assertTrue((ROOT / name).exists(), name)


if __name__ == "__main__":
    needs_lab()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    main()
