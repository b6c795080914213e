#!/usr/bin/env bash
# Every shell script of the project parses and passes shellcheck.
set -euo pipefail
cd "$(dirname "$0")/../.."

mapfile -t scripts < <(grep -rlE --exclude-dir=build --exclude-dir=.git --exclude-dir=.cache \
    -m1 '^#!(/usr/bin/env bash|/bin/bash|/bin/sh)$|^# shellcheck shell=bash$' . | sort)
[ "${#scripts[@]}" -ge 5 ] || { echo "found only ${#scripts[@]} shell scripts: the search is wrong"; exit 1; }

failed=0
for script in "${scripts[@]}"; do
    case $(head -n 1 "$script") in
    '#!'* | '# shellcheck shell=bash') ;;
    *) continue ;; # the line is text inside another kind of file
    esac
    bash -n "$script" || failed=1
    shellcheck -x "$script" || failed=1
done
exit "$failed"
