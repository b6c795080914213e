"""Every kind of login that the lab promises, made with OpenSSH's own client on real devices."""

import subprocess
import sys
import unittest
from pathlib import Path

import lab_client


class Logins(unittest.TestCase):
    lab: lab_client.Lab

    @classmethod
    def setUpClass(cls) -> None:
        cls.lab = lab_client.Lab()
        cls.lab("up")

    @classmethod
    def tearDownClass(cls) -> None:
        cls.lab.close()

    def test_a_key_opens_a_router_and_show_version_is_frrs_own(self) -> None:
        shown = self.lab.ssh("frr1", "show version")
        self.assertRegex(shown.stdout, r"^FRRouting \d+\.\d+")
        asked_inside = self.lab("exec", "frr1", "vtysh", "-c", "show version")
        self.assertEqual(shown.stdout.strip(), asked_inside.stdout.strip())

    def test_a_password_opens_a_router(self) -> None:
        shown = self.lab.ssh("frr2", "show interface brief", key=None, answers=[self.lab.password("netops")],
                             options={"PreferredAuthentications": "password"})
        self.assertRegex(shown.stdout, r"eth0 +up +default +198\.51\.100\.2/30")

    def test_keyboard_interactive_opens_a_router(self) -> None:
        shown = self.lab.ssh("frr1", "show interface brief", user="challenge", key=None,
                             answers=[self.lab.password("challenge")],
                             options={"PreferredAuthentications": "keyboard-interactive"})
        self.assertRegex(shown.stdout, r"lo +up +default +192\.0\.2\.1/32")

    def test_a_wrong_password_does_not(self) -> None:
        refused = self.lab.ssh("frr1", "show version", key=None, answers=["wrong"],
                               options={"PreferredAuthentications": "password", "NumberOfPasswordPrompts": "1"})
        self.assertEqual(refused.returncode, 255)
        self.assertIn("Permission denied", refused.stderr)

    def test_a_user_without_password_cannot_use_one(self) -> None:
        refused = self.lab.ssh("linux1", "true", user="keyonly", key=None, answers=["x"],
                               options={"NumberOfPasswordPrompts": "1"})
        self.assertIn("Permission denied (publickey)", refused.stderr)

    def test_two_factors_need_both(self) -> None:
        only_key = self.lab.ssh("linux1", "id -un", user="twofactor", answers=[])
        self.assertIn("Permission denied", only_key.stderr)
        both = self.lab.ssh("linux1", "id -un", user="twofactor", answers=[self.lab.password("twofactor")])
        self.assertEqual(both.stdout, "twofactor\n")

    def test_an_encrypted_key_opens_with_its_passphrase(self) -> None:
        found = self.lab.status()["encrypted_key"]
        with open(found["passphrase_file"], encoding="utf-8") as file:
            passphrase = file.read().strip()
        shown = self.lab.ssh("linux1", "id -un", key=found["private_key"], answers=[passphrase])
        self.assertEqual(shown.stdout, "netops\n")

    def test_an_expired_password_must_be_changed_at_login_and_then_counts(self) -> None:
        old, new = self.lab.password("expired"), "Quite-different-42"
        how = {"PreferredAuthentications": "keyboard-interactive"}
        changed = self.lab.ssh("linux1", "id -un", user="expired", key=None, options=how,
                               answers=[old, old, new, new])
        self.assertEqual(changed.stdout, "expired\n", changed.stderr)
        again = self.lab.ssh("linux1", "id -un", user="expired", key=None, answers=[new], options=how)
        self.assertEqual(again.stdout, "expired\n", again.stderr)

    def test_a_terminal_session_on_a_router_reaches_configuration_mode_and_can_save(self) -> None:
        typed = "configure terminal\ninterface lo\ndescription set by a test\nend\nwrite memory\nshow running-config\nexit\n"
        shown = self.lab.ssh("frr2", typed=typed)
        self.assertIn("frr2(config-if)# ", shown.stdout)
        self.assertIn(" description set by a test", shown.stdout)
        saved = self.lab("exec", "frr2", "cat", "/etc/frr/frr.conf").stdout
        self.assertIn(" description set by a test", saved)

    def test_an_unknown_command_is_refused_the_way_frr_does(self) -> None:
        shown = self.lab.ssh("frr1", typed="show nonsense\nexit\n")
        self.assertIn("% Unknown command: show nonsense", shown.stdout)

    def test_devices_behind_one_and_two_jump_hosts_answer_only_through_them(self) -> None:
        self.assertEqual(self.lab.ssh("linux2", "hostname").stdout, "linux2\n")
        shown = self.lab.ssh("frr3", "show interface brief")
        self.assertRegex(shown.stdout, r"eth0 +up +default +10\.77\.2\.2/30")
        direct = self.lab.ssh("linux2", "hostname", options={"ProxyJump": "none", "ConnectTimeout": "2"})
        self.assertNotEqual(direct.returncode, 0)

    def test_a_router_refuses_to_be_a_jump_host(self) -> None:
        refused = self.lab.ssh("linux2", "hostname", options={"ProxyJump": "frr1"})
        self.assertIn("administratively prohibited", refused.stderr)

    def test_the_legacy_device_speaks_only_old_algorithms(self) -> None:
        self.assertEqual(self.lab.ssh("legacy1", "hostname").stdout, "legacy1\n")
        modern = self.lab.ssh("legacy1", "hostname", options={"KexAlgorithms": "curve25519-sha256"})
        self.assertIn("no matching key exchange method", modern.stderr)

    def test_files_can_be_copied_to_a_device_and_back(self) -> None:
        here = Path(self.lab.scratch.name)
        (here / "sent").write_text("kept\n")
        config = str(self.lab.directory / "access" / "ssh_config")
        for source, target in ((str(here / "sent"), "linux1:note"), ("linux1:note", str(here / "back"))):
            subprocess.run(["scp", "-q", "-F", config, source, target], check=True, timeout=lab_client.LIMIT_S)
        self.assertEqual((here / "back").read_text(), "kept\n")

    def test_a_device_sees_its_own_network_and_processes_only(self) -> None:
        shown = self.lab.ssh("linux1", "cat /proc/net/dev; ls -d /proc/[0-9]* | wc -l")
        names = {line.split(":")[0].strip() for line in shown.stdout.splitlines() if ":" in line}
        self.assertEqual(names, {"lo", "eth0", "eth1"})
        self.assertLess(int(shown.stdout.split()[-1]), 30)


if __name__ == "__main__":
    if not lab_client.can_be_root():
        print("skipped: the lab needs root, or sudo without a password")
        sys.exit(lab_client.SKIPPED)
    unittest.main(verbosity=2)
