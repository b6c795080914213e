#!/usr/bin/env bash
# The package list is well formed, and install_packages finds what is missing and says what it needs.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/scripts/lib/steps.sh"
. "$root/scripts/lib/privilege.sh"
. "$root/scripts/lib/packages.sh"

failures=0
expect() { # expect WHAT EXPECTED ACTUAL
    [ "$2" = "$3" ] || { printf 'FAILED: %s\n  expected: %s\n  actual:   %s\n' "$1" "$2" "$3"; failures=$((failures + 1)); }
}
expect_match() { # expect_match WHAT REGEX ACTUAL
    [[ $3 =~ $2 ]] || { printf 'FAILED: %s\n  expected: %s\n  actual:   %s\n' "$1" "$2" "$3"; failures=$((failures + 1)); }
}

expect "each line names one package and its reason" "" \
    "$(grep -nvE '^$|^# |^\[[a-z-]+\]$|^[a-z0-9][a-z0-9.+-]+ +# .+' "$packages_file" || true)"
for section in build test lint-fuzz lab; do
    names=$(sed -n "/^\[$section\]\$/,/^\[/{/^\[/d;s/ .*//;/./p}" "$packages_file")
    expect "no package twice in [$section]" "" "$(sort <<<"$names" | uniq -d)"
    expect "packages_of $section gives all of them" "$(sort -u <<<"$names")" "$(packages_of "$section")"
done
expect_match "an unknown section is an error" 'has no section \[nonsense\]' "$(packages_of nonsense 2>&1 || true)"
expect "what is not installed is missing" "no-such-package" "$(missing_of bash no-such-package coreutils)"
expect "nothing is missing of what is installed" "" "$(missing_of bash coreutils)"

# A fresh Debian 12 has nothing but its essential packages: every other program that the tree runs needs an entry.
programs=(abidiff bash ccache clang-format cmake curl flock g++ git ip jq ld.mold make mount ninja nm nsenter openssl ping
    pkill readelf scp setpriv shellcheck ssh ssh-add ssh-agent ssh-keygen sshd vtysh zebra)
listed=$(packages_of build test lab)
for program in "${programs[@]}"; do
    path=$(PATH=/usr/bin:/usr/sbin:/usr/lib/frr command -v "$program") || {
        expect "$program is installed" yes no
        continue
    }
    owner=$({ dpkg-query -S "$path" "${path#/usr}" 2>/dev/null || true; } | sed -n '1s/:.*//p') # the system may know it as /bin/…
    [ "$(dpkg-query -W -f '${Essential}' "$owner")" = yes ] || grep -qxF -- "$owner" <<<"$listed" ||
        expect "the package of $program is listed" "$program" "$owner is in none of [build] [test] [lab]"
done

# With nothing missing, root is not asked for.
expect "a complete machine needs no root and no network" "" "$(
    missing_of() { :; }
    can_be_root() { echo "asked for root"; }
    install_packages build test
)"
expect_match "without root and sudo it says what to do" 'there is no sudo: run this as root, or ask for: apt-get install .*no-such-package' "$(
    packages_of() { echo no-such-package; }
    can_be_root() { false; }
    install_packages lab 2>&1 || true
)"
expect_match "on another system it says where the list is" 'this is not Debian: install by hand what scripts/packages.txt lists in \[lab\]' "$(
    # shellcheck disable=SC2317 # install_packages calls it
    command() { [ "$2" != dpkg-query ]; }
    install_packages lab 2>&1 || true
)"
[ "$failures" -eq 0 ]
