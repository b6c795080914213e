# shellcheck shell=bash
# Tells the person in front of the screen what is going on, and since when.

step_began=${EPOCHSECONDS}

# A heading for something that takes a while.
step() { printf '\n==> [%3d s] %s\n' "$((EPOCHSECONDS - step_began))" "$*"; }

# One line below a heading.
note() { printf '    %s\n' "$*"; }

warn() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# Ends the script; say what happened and what to do about it.
die() {
    warn "$*"
    exit 1
}

# Runs a command whose output matters only when it fails; the log keeps it.
quietly() {
    local log=$1
    shift
    mkdir -p "$(dirname "$log")"
    if ! "$@" >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        die "'$*' failed; all it said is in $log"
    fi
}
