# shellcheck shell=bash
# Becomes root only for what needs it: directly when we are root, else through sudo.

can_be_root() { [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null; }

# as_root WHY COMMAND...
as_root() {
    local why=$1
    shift
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "$why needs root, and there is no sudo: run this script as root, or install sudo"
    fi
}
