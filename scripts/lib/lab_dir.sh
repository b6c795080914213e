# shellcheck shell=bash
# Where the lab keeps its state: $FERRULE_LAB_DIR, else a place that only this user can write. Not /run for root: that is
# often mounted noexec, and a daemon that keeps its run_dir in the lab maps plugins from there.

lab_dir() {
    local dir
    if [ -n "${FERRULE_LAB_DIR-}" ]; then
        dir=$FERRULE_LAB_DIR
    elif [ "$(id -u)" -eq 0 ]; then
        dir=/var/lib/ferrule-lab
    elif [ -n "${XDG_RUNTIME_DIR-}" ]; then
        dir=$XDG_RUNTIME_DIR/ferrule-lab
    else
        dir=${XDG_CACHE_HOME:-$HOME/.cache}/ferrule-lab
    fi
    realpath -ms "$dir"
}
