#!/usr/bin/env python3
"""Shows that the checks of this folder find what they are for, and let pass what is right."""
import pathlib
import re
import subprocess
import tempfile
import unittest

import coroutine_traps
import files
import floors

HERE = pathlib.Path(__file__).resolve().parent


def tree(test: unittest.TestCase, **contents) -> pathlib.Path:
    """A small source tree that goes with the test; in the names `__` is a slash, `_dot_` a dot, `_dash_` a dash."""
    folder = tempfile.TemporaryDirectory()
    test.addCleanup(folder.cleanup)
    root = pathlib.Path(folder.name).resolve()
    for name, text in contents.items():
        file = root / name.replace("__", "/").replace("_dot_", ".").replace("_dash_", "-")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


class coroutine_trap_check(unittest.TestCase):
    def test_each_trap_is_found_and_nothing_else(self):
        sample = HERE / "samples" / "coroutine_traps.cpp"
        lines = sample.read_text().splitlines()
        expected = {i for i, line in enumerate(lines, 1) if line.endswith("// TRAP")}
        found = {int(re.search(r":(\d+): ", fault)[1]) for fault in coroutine_traps.check_file(sample)}
        self.assertEqual(found - expected, set(), "found where there is none")
        self.assertEqual(expected - found, set(), "not found")
        self.assertGreater(len(expected), 20)


class floor_check(unittest.TestCase):
    def faults(self, **contents):
        return floors.check(tree(self, **contents))

    def test_includes_to_the_left_are_fine(self):
        self.assertEqual(self.faults(core__net__a_dot_hpp='#include "net/b.hpp"\n#include "base/error.hpp"\n#include <vector>\n'), [])

    def test_an_include_to_the_right_is_named_with_its_line(self):
        found = self.faults(core__base__a_dot_hpp='#pragma once\n#include "config/load.hpp"\n')
        self.assertEqual(found, ['core/base/a.hpp:2: the floor "base" must not include "config/load.hpp": "config" is not to its left'])

    def test_neighbours_do_not_know_each_other(self):
        self.assertEqual(len(self.faults(core__probes__a_dot_hpp='#include "devices/b.hpp"\n')), 1)

    def test_low_floors_do_not_know_the_plugin_abi(self):
        self.assertEqual(len(self.faults(core__config__a_dot_cpp="#include <ferrule/abi/abi.h>\n")), 1)
        self.assertEqual(self.faults(core__plugins__a_dot_cpp="#include <ferrule/abi/abi.h>\n"), [])

    def test_only_the_floor_plugins_opens_libraries(self):
        self.assertEqual(len(self.faults(core__app__a_dot_cpp='auto h = dlopen("x", 1);\n')), 1)
        self.assertEqual(self.faults(core__plugins__a_dot_cpp='auto h = dlopen("x", 1);\n'), [])

    def test_plugins_and_their_api_do_not_know_core(self):
        core = {"core__base__error_dot_hpp": ""}
        self.assertEqual(len(self.faults(**core, plugins__drivers__x__a_dot_cpp='#include "base/error.hpp"\n')), 1)
        self.assertEqual(len(self.faults(**core, plugin_dash_api__include__a_dot_hpp='#include "base/error.hpp"\n')), 1)
        self.assertEqual(len(self.faults(**core, plugins__drivers__x__CMakeLists_dot_txt="target_link_libraries(x ferrule_base)\n")), 1)
        self.assertEqual(len(self.faults(plugin_dash_api__include__a_dot_hpp="#include <boost/asio.hpp>\n")), 1)


class file_check(unittest.TestCase):
    def test_a_header_without_a_guard_is_named(self):
        root = tree(self, core__a_dot_hpp="// a\n#pragma once\n", core__b_dot_hpp="// #pragma once\n")
        self.assertEqual([fault for fault in files.check(root) if "pragma" in fault], ["core/b.hpp: no #pragma once"])

    def test_a_source_includes_its_own_header_first(self):
        root = tree(self, core__a_dot_hpp="", core__a_dot_cpp='#include <vector>\n#include "a.hpp"\n', core__b_dot_hpp="", core__b_dot_cpp='// b\n#include "core/b.hpp"\n', core__c_dot_hpp="", core__c_dot_cpp="", core__d_dot_cpp="#include <vector>\n")
        found = [fault for fault in files.check(root) if "header" in fault]
        self.assertEqual(found, ["core/a.cpp: its own header is not its first include", "core/c.cpp: its own header is not its first include"])

    def test_long_files_private_paths_and_missing_files_are_named(self):
        root = tree(self, a_dot_cpp="x\n" * 401, b_dot_cpp="x\n" * 400, t_dot_cpp='TEST_CASE("a' + '; b") {}\nTEST_CASE("c") { f(); }\n', c_dot_md="see /" + "work/main\nand /" + "home/bob/x\nbut not net/work/x, /homework/x\n")
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        subprocess.run(["git", "-C", str(root), "add", "."], check=True)
        found = files.check(root)
        self.assertIn("CHANGELOG.md is missing", found)
        self.assertIn("a.cpp: 401 lines; 400 is the end, find the seam", found)
        self.assertEqual([fault.split(": ")[0] for fault in found if "machine" in fault], ["c.md:1", "c.md:2"])
        self.assertEqual([fault for fault in found if fault.startswith("b.cpp")], [])
        self.assertEqual([fault for fault in found if fault.startswith("t.cpp")], ["t.cpp:1: a test's name with a semicolon never runs"])


if __name__ == "__main__":
    unittest.main()
