#!/usr/bin/env python3
"""Installs a build into a prefix of its own and uses what is there.

usage: install_test.py CMAKE BUILD_FOLDER
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

CMAKE, BUILD = sys.argv.pop(1), pathlib.Path(sys.argv.pop(1))
# What a build for tests may need besides.
SANITIZERS = {"libasan8", "libtsan2", "libubsan1"}


def run(*command, **more) -> subprocess.CompletedProcess:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, timeout=120, **more)


def install(prefix: pathlib.Path, destdir: pathlib.Path | None = None) -> str:
    environment = dict(os.environ)
    environment.pop("DESTDIR", None)
    if destdir is not None:
        environment["DESTDIR"] = str(destdir)
    done = run(CMAKE, "--install", BUILD, "--prefix", prefix, env=environment)
    if done.returncode != 0:
        raise AssertionError(f"cmake --install failed:\n{done.stdout}{done.stderr}")
    return done.stdout


class installed_prefix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="ferrule-install-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.prefix = pathlib.Path(cls.folder.name).resolve() / "prefix"
        install(cls.prefix)
        cls.ferrule = cls.prefix / "bin" / "ferrule"

    def test_everything_has_its_place(self):
        for name in (
            "bin/ferrule",
            "lib/ferrule/plugins/drivers/ssh.so",
            "lib/ferrule/plugins/stores/sqlite.so",
            "lib/ferrule/plugins/schedulers/least_load.so",
            "lib/ferrule/plugins/schedulers/greedy.so",
            "include/ferrule/abi/abi.h",
            "include/ferrule/sdk.hpp",
            "share/ferrule/platforms/frr.yaml",
            "share/ferrule/platforms/platform.schema.json",
            "share/ferrule/ferrule.schema.json",
            "share/ferrule/inventory.example.yaml",
            "share/bash-completion/completions/ferrule",
            "share/zsh/site-functions/_ferrule",
            "share/doc/ferrule/LICENSE",
            "share/doc/ferrule/docs/checks.md",
            "share/doc/ferrule/docs/adr/README.md",
            "etc/ferrule/ferrule.yaml",
            "lib/systemd/system/ferrule.service",
            "lib/sysusers.d/ferrule.conf",
        ):
            self.assertTrue((self.prefix / name).is_file(), f"{name} is missing")
        self.assertTrue((self.prefix / "etc/ferrule/platforms").is_dir())

    def test_the_installed_configuration_is_valid_and_finds_the_installed_platforms(self):
        checked = run(self.ferrule, "check-config", self.prefix / "etc/ferrule/ferrule.yaml", cwd="/")
        self.assertEqual(checked.returncode, 0, checked.stderr)
        count = len(list((self.prefix / "share/ferrule/platforms").glob("*.yaml")))
        self.assertIn(f"{count} platforms", checked.stdout)

    def test_platforms_of_ones_own_are_read_from_the_prefix(self):
        own = self.prefix / "etc/ferrule/platforms/own.yaml"
        before = run(self.ferrule, "check-config", self.prefix / "etc/ferrule/ferrule.yaml", cwd="/").stdout
        shutil.copy(self.prefix / "share/ferrule/platforms/linux.yaml", own)
        self.addCleanup(own.unlink)
        after = run(self.ferrule, "check-config", self.prefix / "etc/ferrule/ferrule.yaml", cwd="/")
        self.assertEqual(after.returncode, 0, after.stderr)
        count = int(re.search(r"(\d+) platforms", before)[1])
        self.assertIn(f"{count + 1} platforms", after.stdout)

    def test_links_of_the_installed_pages_lead_somewhere(self):
        folder = self.prefix / "share/doc/ferrule"
        for page in [folder / "README.md", *(folder / "docs").rglob("*.md")]:
            for link in re.findall(r"\]\(([^)#:]+\.md)(?:#[^)]*)?\)", page.read_text()):
                self.assertTrue((page.parent / link).is_file(), f"{page}: {link}")

    def test_another_host_needs_the_packages_that_the_page_names(self):
        page = (self.prefix / "share/doc/ferrule/docs/service.md").read_text()
        named = set(re.search(r"apt-get install -y --no-install-recommends ((?:.*\\\n)*.*)", page)[1].replace("\\", " ").split())
        needed = set()
        for file in [self.ferrule, *(self.prefix / "lib/ferrule/plugins").rglob("*.so")]:
            for name in re.findall(r"NEEDED.*\[(.*)\]", run("readelf", "-d", file).stdout):
                needed.add(name)
        known = dict(re.findall(r"^\s(\S+) \([^)]*x86-64[^)]*\) => (\S+)$", run("/sbin/ldconfig", "-p").stdout, flags=re.M))
        for name in needed & set(known):
            real = os.path.realpath(known[name])
            for path in (real, real.removeprefix("/usr")):
                owner = run("dpkg-query", "-S", path).stdout.partition(":")[0]
                if owner:
                    self.assertIn(owner, named | {"libc6", "libgcc-s1"} | SANITIZERS, f"{name} is of {owner}")
                    break

    def test_the_installed_plugins_are_found_without_being_told_where(self):
        listed = run(self.ferrule, "plugin", "list", "--json", cwd="/")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        text = json.dumps(json.loads(listed.stdout))
        self.assertIn(str(self.prefix / "lib/ferrule/plugins/drivers/ssh.so"), text)

    def test_what_is_printed_is_what_is_installed(self):
        defaults = run(self.ferrule, "check-config", "--print-default")
        self.assertEqual(defaults.stdout, (self.prefix / "etc/ferrule/ferrule.yaml").read_text())
        schema = run(self.ferrule, "check-config", "--print-schema")
        self.assertEqual(schema.stdout, (self.prefix / "share/ferrule/ferrule.schema.json").read_text())

    def test_the_unit_names_this_prefix_and_systemd_takes_it(self):
        unit = self.prefix / "lib/systemd/system/ferrule.service"
        text = unit.read_text()
        self.assertIn(f"ExecStart={self.prefix}/bin/ferrule run -c {self.prefix}/etc/ferrule/ferrule.yaml\n", text)
        self.assertNotIn("@FERRULE", text)
        self.assertIn("\nEnvironment=HOME=%S/ferrule\n", text)
        if shutil.which("systemd-analyze"):
            verified = run("systemd-analyze", "verify", "--man=no", unit)
            about_it = [line for line in verified.stderr.splitlines() if "ferrule.service" in line]
            self.assertEqual(about_it, [])
            # As service.md opens it for commands.
            page = (self.prefix / "share/doc/ferrule/docs/service.md").read_text()
            drop_in = unit.with_name("ferrule.service.d") / "exec.conf"
            drop_in.parent.mkdir()
            drop_in.write_text(re.search(r"```ini\n(.*?)```", page, flags=re.S)[1])
            verified = run("systemd-analyze", "verify", "--man=no", unit)
            self.assertEqual([line for line in verified.stderr.splitlines() if "exec.conf" in line or "ferrule.service" in line], [])
            # Whatever the unit takes away is given back, so that nothing is forgotten when it takes more.
            taken = {line.partition("=")[0] for line in text.split("# Raw sockets")[1].splitlines() if re.match(r"[A-Z]\w+=", line)}
            given = {line.partition("=")[0] for line in drop_in.read_text().splitlines() if "=" in line}
            self.assertEqual(taken - given - {"SystemCallErrorNumber", "WantedBy"}, set())

    def test_completion_is_right_for_its_shell(self):
        checked = run("bash", "-n", self.prefix / "share/bash-completion/completions/ferrule")
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertTrue((self.prefix / "share/zsh/site-functions/_ferrule").read_text().startswith("#compdef"))

    def test_a_configuration_that_is_there_survives_an_upgrade(self):
        own = self.prefix / "etc/ferrule/ferrule.yaml"
        before = own.read_text()
        self.addCleanup(own.write_text, before)
        own.write_text("role: standalone\n")
        self.assertIn("Kept: ", install(self.prefix))
        self.assertEqual(own.read_text(), "role: standalone\n")

    def test_a_package_is_built_with_destdir(self):
        root = pathlib.Path(self.folder.name).resolve() / "root"
        install(pathlib.Path("/opt/ferrule"), root)
        self.assertTrue((root / "opt/ferrule/bin/ferrule").is_file())
        self.assertTrue((root / "opt/ferrule/etc/ferrule/ferrule.yaml").is_file())
        unit = (root / "opt/ferrule/lib/systemd/system/ferrule.service").read_text()
        self.assertIn("ExecStart=/opt/ferrule/bin/ferrule run -c /opt/ferrule/etc/ferrule/ferrule.yaml\n", unit)
        self.assertNotIn(str(root), unit)


if __name__ == "__main__":
    unittest.main()
