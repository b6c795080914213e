"""What the program does without a daemon: configuration, plugins, completion, help."""

import json
import subprocess

from surroundings import FERRULE, FIXTURES, SystemTest, clean_environment, main

FAILED, USAGE, CONFIG = 1, 2, 3


class OfflineCli(SystemTest):
    def cli(self, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        return self.run_program(str(FERRULE), *words, status=status)

    def file(self, text: str) -> str:
        path = self.scratch / "ferrule.yaml"
        path.write_text(text)
        return str(path)

    def test_check_config_accepts_a_good_file_and_says_what_is_in_it(self) -> None:
        good = self.file("credentials: [{name: lab, username: a}]\ndevices: [{name: r1, host: 192.0.2.1, platform: frr, credential: lab}]\n")
        done = self.cli("check-config", good)
        self.assertRegex(done.stdout, rf"^{good} is valid: 1 devices, 1 credentials, 0 checks, \d+ platforms\n$")
        self.assertEqual(self.cli("check-config", "-c", good).stdout, done.stdout)
        self.assertEqual(list(self.scratch.iterdir()), [self.scratch / "ferrule.yaml"], "checking must not make anything")

    def test_check_config_reports_every_problem_with_its_place(self) -> None:
        bad = self.file("http:\n  lissten: []\njobs: {default_ttl: 10}\ndevices: [{name: r1, host: h, platform: frr, credential: labb}]\n")
        done = self.cli("check-config", bad, status=CONFIG)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, rf'(?m)^{bad}:2:3: http.lissten: unknown key; did you mean "listen"\?$')
        self.assertRegex(done.stderr, rf"(?m)^{bad}:3:21: jobs.default_ttl: expected a duration")
        self.assertRegex(done.stderr, rf'(?m)^{bad}:4:\d+: devices\[0\].credential: there is no credential "labb"')
        self.assertEqual(self.cli("run", "-c", bad, status=CONFIG).stderr, done.stderr, "run refuses it with the same words")

    def test_check_config_shows_warnings_and_refuses_what_run_would_refuse(self) -> None:
        wide = self.file("http: {listen: ['0.0.0.0:8520']}\n")
        done = self.cli("check-config", wide)
        self.assertRegex(done.stderr, rf"^warning: {wide}:1:\d+: http.listen\[0\]: .*clear text")
        self.assertIn("is valid", done.stdout)
        agent = self.file("role: agent\n")
        done = self.cli("check-config", agent, status=CONFIG)
        self.assertEqual(done.stderr, f"{agent}:1:7: agent.controllers: an agent needs at least one controller, such as "
                                      "controllers: [controller.example.net:8521]\n")
        self.assertEqual(self.cli("run", "-c", agent, status=CONFIG).stderr, done.stderr)

    def test_the_file_may_be_named_from_the_working_directory(self) -> None:
        self.file("data_dir: data\nplugins: {folders: [nothing-here]}\n")
        done = self.cli("run", "-c", "ferrule.yaml", status=FAILED)
        self.assertIn(f"searched {self.scratch}/nothing-here", done.stderr)

    def test_check_config_says_where_a_store_or_scheduler_is_named_that_is_not_there(self) -> None:
        done = self.cli("check-config", self.file("store: {plugin: sqlit}\nscheduler: {plugin: ssh}\n"), status=CONFIG)
        self.assertRegex(done.stderr, r"(?m)^\S+:1:17: store.plugin: there is no store plugin 'sqlit'; did you mean 'sqlite'\?")
        self.assertRegex(done.stderr, r"(?m)^\S+:2:21: scheduler.plugin: there is no scheduler plugin 'ssh'; searched /")
        done = self.cli("check-config", self.file("plugins: {folders: [nothing-here]}\n"), status=CONFIG)
        self.assertRegex(done.stderr, r"(?m)^\S+: store.plugin: there is no store plugin 'sqlite'; searched /.*/nothing-here$")

    def test_check_config_knows_the_settings_of_plugins(self) -> None:
        done = self.cli("check-config", self.file("plugins: {settings: {ssh: {known_hostss: /x}}}\n"), status=CONFIG)
        self.assertIn('did you mean "known_hosts"?', done.stderr)
        done = self.cli("check-config", str(self.scratch / "none.yaml"), status=CONFIG)
        self.assertIn("none.yaml", done.stderr)

    def test_plugins_are_listed_and_described_without_being_loaded(self) -> None:
        rows = [row.split()[:2] for row in self.cli("plugin", "list").stdout.splitlines()[1:]]
        for wanted in (["driver", "ssh"], ["store", "sqlite"], ["scheduler", "least_load"], ["scheduler", "greedy"]):
            self.assertIn(wanted, rows)
        shown = json.loads(self.cli("plugin", "describe", "ssh").stdout)
        self.assertEqual((shown["id"], shown["problem"]), ("ssh", None))
        self.assertIn("known_hosts", shown["components"][0]["config_schema"]["properties"])
        self.assertEqual(len(json.loads(self.cli("plugin", "list", "--json").stdout)), len({row[1] for row in rows}))
        unknown = self.cli("plugin", "describe", "sqlit", status=FAILED).stderr
        self.assertIn("there is no plugin 'sqlit'; did you mean 'sqlite'?", unknown)

    def test_plugin_check_passes_a_good_one_and_names_the_fault_of_a_bad_one(self) -> None:
        done = self.cli("plugin", "check", str(FIXTURES / "noop.so"))
        self.assertNotIn("FAILED", done.stdout)
        self.assertRegex(done.stdout, r"(?m)^ok ")
        for fixture in ("no_note", "other_major", "fails_init", "missing_symbol", "short_plugin"):
            done = self.cli("plugin", "check", str(FIXTURES / f"{fixture}.so"), status=FAILED)
            self.assertRegex(done.stdout, r"(?m)^FAILED \S.*: \S", fixture)
        checks = json.loads(self.cli("plugin", "check", "--json", str(FIXTURES / "fails_init.so"), status=FAILED).stdout)
        self.assertTrue(any(not each["ok"] and each["message"] for each in checks))
        self.cli("plugin", "check", str(self.scratch / "none.so"), status=FAILED)

    def test_plugin_new_refuses_what_is_no_kind_or_no_name_and_does_not_overwrite(self) -> None:
        self.assertIn('"gadget" is not a kind', self.cli("plugin", "new", "--kind", "gadget", "x", status=USAGE).stderr)
        made = self.cli("plugin", "new", "--kind", "driver", "mine").stdout.splitlines()
        self.assertTrue(any(each.endswith("CMakeLists.txt") for each in made), made)
        self.assertIn("mine", self.cli("plugin", "new", "--kind", "driver", "mine", status=FAILED).stderr)
        self.cli("plugin", "new", "--kind", "driver", "../evil", status=FAILED)
        self.assertFalse((self.scratch.parent / "evil").exists())

    def complete(self, *words: str) -> list[str]:
        """What bash offers for the last word."""
        script = """
        source <("$FERRULE" completion bash)
        ferrule() { "$FERRULE" "$@"; }
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ferrule; printf '%s\\n' "${COMPREPLY[@]}"
        """
        done = subprocess.run(["bash", "-euc", script, "bash", "ferrule", *words], text=True, capture_output=True, check=False,
                              env={**clean_environment(), "FERRULE": str(FERRULE), "HOME": str(self.scratch)}, cwd=self.scratch)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    def test_bash_completes_commands_options_and_files(self) -> None:
        first = self.complete("")
        for command in ("run", "exec", "job", "device", "plugin", "check-config", "completion"):
            self.assertIn(command, first)
        self.assertEqual(self.complete("che"), ["check-config", "check"])
        self.assertEqual(self.complete("job", "ca"), ["cancel"])
        self.assertIn("--config-file", self.complete("exec", "sw1", "--con"))
        self.assertEqual(sorted(self.complete("job", "list", "--st")), ["--state"])
        self.file("")
        self.assertEqual(self.complete("run", "-c", "ferr"), ["ferrule.yaml"])
        self.assertIn("#compdef ferrule", self.cli("completion", "zsh").stdout)
        self.cli("completion", "fish", status=USAGE)

    def test_version_and_help_come_on_standard_output(self) -> None:
        self.assertRegex(self.cli("--version").stdout, r"\d+\.\d+\.\d+")
        self.assertIn("exec", self.cli("--help").stdout)
        for words in (["exec"], ["job", "list"], ["plugin", "new"], ["token", "create"]):
            self.assertIn("--help", self.cli(*words, "--help").stdout)


if __name__ == "__main__":
    main()
