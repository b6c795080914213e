#!/usr/bin/env bash
# Mistakes on the command lines of scripts/ and .ci/run are answered before anything is installed or built.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)

failures=0
check() { # check STATUS REGEX COMMAND...
    local wanted=$1 regex=$2 said status=0
    shift 2
    said=$("$@" 2>&1) || status=$?
    if [ "$status" -ne "$wanted" ] || ! [[ $said =~ $regex ]]; then
        printf 'FAILED: %s\n  expected: status %s, /%s/\n  actual:   status %s, %s\n' "$*" "$wanted" "$regex" "$status" "$said"
        failures=$((failures + 1))
    fi
}

check 1 "there is no preset 'nonsense' with tests \(there are: dev, asan, tsan, release\)" "$root/scripts/test" --preset nonsense
check 1 "--jobs needs a number from 1, not 'many'" "$root/scripts/test" --jobs many
check 0 "usage: scripts/test " "$root/scripts/test" --help
check 2 "usage: scripts/demo \[--once\]" "$root/scripts/demo" --twice
check 0 "usage: scripts/demo \[--once\]" "$root/scripts/demo" --help
check 1 "there is no bin/ferrule in /nonexistent$" "$root/scripts/demo" --once --build /nonexistent
check 2 "usage: scripts/packages SECTION" "$root/scripts/packages"
check 0 "usage: scripts/packages SECTION" "$root/scripts/packages" --help
check 1 "has no section \[nonsense\]" "$root/scripts/packages" nonsense
check 2 "invalid choice: 'sideways'" "$root/scripts/lab" sideways
check 2 "the following arguments are required: COMMAND" "$root/scripts/lab"
check 0 "frr1 \(FRR router" "$root/scripts/lab" --help
check 1 "no tests were run: scripts/test ended with status 1$" "$root/.ci/run" --preset nonsense
[ "$failures" -eq 0 ]
