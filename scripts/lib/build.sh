# shellcheck shell=bash
# Configures and builds a preset, showing how far it is. Needs steps.sh.

source_tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Compile jobs: one a processor, but a coroutine source takes up to 1.5 GB of memory.
build_jobs() {
    local processors memory_kb
    processors=$(nproc)
    memory_kb=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)
    local fit=$((memory_kb / 1500000))
    [ "$fit" -ge 1 ] || fit=1
    echo $((fit < processors ? fit : processors))
}

# build_preset PRESET JOBS [TARGET...]
build_preset() {
    local preset=$1 jobs=$2 targets=()
    shift 2
    [ $# -eq 0 ] || targets=(--target "$@")
    step "Configuring the preset '$preset' in build/$preset"
    (cd "$source_tree" && quietly "$source_tree/build/$preset/configure.log" cmake --preset "$preset")
    step "Building with $jobs job(s); finished/total and seconds are in brackets"
    (cd "$source_tree" && NINJA_STATUS='    [%f/%t %es] ' cmake --build --preset "$preset" --parallel "$jobs" "${targets[@]}") ||
        die "the build of preset '$preset' failed; the first error is above"
}
