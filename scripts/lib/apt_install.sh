#!/usr/bin/env bash
# apt_install.sh PACKAGE... (as root): installs packages without letting them start or enable a daemon.
# Called by install_packages in packages.sh.
set -euo pipefail
# shellcheck source=scripts/lib/steps.sh
. "$(dirname "$0")/steps.sh"

policy=/usr/sbin/policy-rc.d
log=$(mktemp --tmpdir ferrule-apt.XXXXXX.log)
made_policy=

finish() {
    [ -z "$made_policy" ] || rm -f "$policy"
}
trap finish EXIT
trap 'exit 130' INT TERM

# Maintainer scripts ask this program whether they may start a service; 101 means no (invoke-rc.d(8)).
forbid_service_starts() {
    [ ! -e "$policy" ] || return 0
    made_policy=yes
    printf '#!/bin/sh\n# Present only while packages are being installed.\nexit 101\n' >"$policy"
    chmod 755 "$policy"
}

# A fresh install also enables its service for the next boot. Nothing here wants the machine's own servers.
# update-rc.d does it for systemd's links as well, running or not.
disable_new_services() {
    local package service
    for package in "$@"; do
        case $package in
        frr) service=frr ;;
        openssh-server) service=ssh ;;
        nginx-light) service=nginx ;;
        nsd | prometheus | prometheus-blackbox-exporter | tinyproxy) service=$package ;;
        *) continue ;;
        esac
        if update-rc.d "$service" disable >>"$log" 2>&1; then
            note "the service $service is installed, but neither started nor enabled"
        else
            warn "could not keep the service $service from starting at the next boot: $(tail -n 1 "$log")"
        fi
    done
}

# apt reports "dlstatus:N:PERCENT:TEXT" and "pmstatus:NAME:PERCENT:TEXT" on its status descriptor.
show_progress() {
    local kind name percent text shown=-10 last=
    while IFS=: read -r kind name percent text; do
        percent=${percent%%.*}
        [[ $percent =~ ^[0-9]+$ ]] || continue
        [ "$kind" = "$last" ] || shown=-10
        last=$kind
        if [ -t 1 ] || [ "$percent" -ge $((shown + 10)) ]; then
            case $kind in
            dlstatus) text="downloading" ;;
            *) text="installing ${name}" ;;
            esac
            if [ -t 1 ]; then printf '\r\033[K    %3d%% %s' "$percent" "$text"; else note "$percent% $text"; fi
            shown=$percent
        fi
    done
    [ ! -t 1 ] || printf '\r\033[K'
}

apt() {
    { DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
        -o APT::Status-Fd=3 "$@" 3>&1 >>"$log" 2>&1; } | show_progress
}

fail() {
    grep -E '^(E|W|Err):?' "$log" | tail -n 15 >&2 || tail -n 15 "$log" >&2
    die "$1 (everything apt said is in $log)"
}

forbid_service_starts
apt update || fail "apt-get update failed: is the network up, and are the sources in /etc/apt right?"
apt install --no-install-recommends "$@" || fail "apt-get could not install: $*"
disable_new_services "$@"
rm -f "$log"
