# shellcheck shell=bash
# Installs what is missing of scripts/packages.txt. With nothing missing it neither needs root nor the network.

packages_file=$(dirname "${BASH_SOURCE[0]}")/../packages.txt

# packages_of SECTION... : the names in these sections
packages_of() {
    local section
    for section in "$@"; do
        grep -qx "\[$section\]" "$packages_file" || die "scripts/packages.txt has no section [$section]"
        sed -n "/^\[$section\]\$/,/^\[/{/^\[/d;s/[[:space:]]*#.*//;/./p}" "$packages_file"
    done | sort -u
}

# missing_of NAME... : those that are not fully installed
missing_of() {
    comm -23 <(printf '%s\n' "$@" | sort -u) \
        <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | sort -u)
}

# install_packages SECTION...
install_packages() {
    local wanted missing
    command -v dpkg-query >/dev/null ||
        die "this is not Debian: install by hand what scripts/packages.txt lists in [$*]"
    mapfile -t wanted < <(packages_of "$@")
    mapfile -t missing < <(missing_of "${wanted[@]}")
    [ "${#missing[@]}" -gt 0 ] || return 0
    step "Installing ${#missing[@]} Debian packages (of the sections: $*)"
    note "${missing[*]}"
    can_be_root ||
        die "installing packages needs root, and there is no sudo: run this as root, or ask for: apt-get install ${missing[*]}"
    as_root "installing packages" bash "$(dirname "${BASH_SOURCE[0]}")/apt_install.sh" "${missing[@]}"
    mapfile -t missing < <(missing_of "${wanted[@]}")
    [ "${#missing[@]}" -eq 0 ] || die "apt-get ended well, but these are still missing: ${missing[*]}"
}
