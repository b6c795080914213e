# Layout of an installed prefix: bin, lib/ferrule/plugins, include/ferrule, share/ferrule/platforms, etc/ferrule, a systemd unit, a CMake package.
