#!/usr/bin/env python3
"""Does what a guide says: writes each code block that names a file, and runs each `sh` block, in the order in which they stand.

    run_guide.py GUIDE WORK_FOLDER PREFIX [FILE=REQUIRED_TEXT…]
"""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

guide, work, prefix = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
shutil.rmtree(work, ignore_errors=True)
shutil.rmtree(Path(prefix, "lib/ferrule/plugins"), ignore_errors=True)  # what an earlier run has installed
work.mkdir(parents=True)
commands = 0
for info, body in re.findall(r"^```([^\n]*)\n(.*?)^```$", guide.read_text(), flags=re.S | re.M):
    language, _, name = info.partition(" ")
    if name:
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body)
    elif language == "sh":
        commands += 1
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", body], cwd=work, env={**os.environ, "PREFIX": prefix}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        print(f"$ {body}{done.stdout}")
        if done.returncode != 0:
            sys.exit(f"{guide.name}: the block failed with status {done.returncode}")
if commands == 0:
    sys.exit(f"{guide.name}: there is nothing to run")
