# shellcheck shell=bash
# The parts of scripts/demo that talk to Ferrule. Needs steps.sh, curl and jq.

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# The wished-for port when it is free, else 0: then Ferrule takes any free one and says which.
demo_port() {
    if (exec 3<>/dev/tcp/127.0.0.1/8520) 2>/dev/null; then echo 0; else echo 8520; fi
}

# write_config DIR INVENTORY: a configuration that keeps everything in DIR.
write_config() {
    cat >"$1/demo.yaml" <<EOT
inventory: [$2]
node: demo
data_dir: $1/data
run_dir: $1/run
http:
  listen: ["127.0.0.1:$(demo_port)"]
EOT
}

# start_ferrule BINARY DIR: runs DIR/demo.yaml. Sets daemon (its PID), FERRULE_URL, FERRULE_TOKEN, token_file, ready_ms.
start_ferrule() {
    local binary=$1 dir=$2 began line url='' is_ready='' log_lines
    local log=$dir/ferrule.log
    : >"$log"
    began=$(now_ms)
    # In a session of its own, where Ctrl-C does not reach it: the demo stops it in order. When the demo itself is killed,
    # the kernel does. The demo's lock stays with the demo.
    setsid setpriv --pdeathsig TERM "$binary" run -c "$dir/demo.yaml" </dev/null >>"$log" 2>&1 9>&- &
    daemon=$!
    # The log is followed line by line, without asking again and again; it ends when the daemon does.
    exec {log_lines}< <(exec tail -n +1 -f --pid="$daemon" "$log")
    local follower=$!
    while IFS= read -r -u "$log_lines" line; do
        [[ $line =~ " serving the API address="([^ ]+) ]] && url=http://${BASH_REMATCH[1]}
        [[ $line == *" app: ready "* ]] && is_ready=yes && break
    done
    kill "$follower" 2>/dev/null || true
    exec {log_lines}<&-
    [ -n "$is_ready" ] || die "Ferrule did not start; the end of its log: $(tail -n 5 "$log")"
    [ -n "$url" ] || die "Ferrule is ready, but its log does not say at which address: $log"
    # shellcheck disable=SC2034 # scripts/demo shows it
    ready_ms=$(($(now_ms) - began))
    token_file=$dir/data/admin.token
    [ -r "$token_file" ] || die "Ferrule made no token in $token_file; see $log"
    FERRULE_URL=$url FERRULE_TOKEN=$(cat "$token_file")
    export FERRULE_URL FERRULE_TOKEN
    # curl reads the header from a file: a command line is visible to every user of the machine.
    auth_header=$dir/authorization
    (umask 077 && printf 'Authorization: Bearer %s\n' "$FERRULE_TOKEN" >"$auth_header")
}

# run_job COMMANDS_AS_JSON FILE: runs them on frr1 in its kept session; FILE gets the answer, FILE.ms the time.
run_job() {
    local commands=$1 file=$2 began status
    note "POST $FERRULE_URL/api/v1/jobs?wait=30s  {\"device\": \"frr1\", \"strategy\": \"pinned\", \"commands\": $commands}"
    began=$(now_ms)
    status=$(curl -sS -o "$file" -w '%{http_code}' --max-time 60 -X POST "$FERRULE_URL/api/v1/jobs?wait=30s" \
        -H @"$auth_header" -H 'Content-Type: application/json' \
        -d "{\"device\": \"frr1\", \"strategy\": \"pinned\", \"commands\": $commands}") ||
        die "the REST API did not answer at $FERRULE_URL"
    echo $(($(now_ms) - began)) >"$file.ms"
    [ "$status" = 200 ] || die "the job was answered with $status: $(cat "$file")"
}

# show_outputs FILE [COMMAND]: what the router said, to all commands or to one.
show_outputs() {
    jq -r --arg only "${2-}" '.results[] | select($only == "" or .command == $only)
        | "frr1# \(.command)\n\(.output)"' "$1" | cut -c 1-150 | sed 's/^/    /'
}

# check_result FILE REUSED: it must be what a router says, and from a new or a kept session as expected.
check_result() {
    jq -e --argjson reused "$2" '
        .state == "succeeded" and .session.reused == $reused
        and (.results[0].output | test("FRRouting [0-9]"))
        and (.results[1].output | test("eth0 +up +default +198\\.51\\.100\\.1/30"))' "$1" >/dev/null ||
        die "this is not the result of a working system: $(cat "$1")"
}

show_times() {
    local dir=$1
    printf '    %-44s %10s %20s\n' "" "whole job" "the commands alone"
    show_time "new session (connect, log in, then commands)" "$dir/first.json"
    show_time "kept session" "$dir/second.json"
}

show_time() {
    printf '    %-44s %7s ms %17s ms\n' "$1" "$(cat "$2.ms")" "$(jq -r '[.results[].elapsed_ms] | add * 100 | round / 100' "$2")"
}
