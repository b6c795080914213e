// Reads what Linux tells under /proc; pure functions of its text.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/agent.hpp"

namespace ferrule::fleet::host {

/// Of /proc/stat's first line: ticks since boot.
struct cpu_ticks {
    std::uint64_t busy = 0;
    std::uint64_t idle = 0; ///< Waiting for disks included.
    std::uint64_t stolen = 0;
    unsigned cores = 0;
};

std::optional<cpu_ticks> parse_stat(std::string_view text);

/// Of /proc/meminfo, in bytes.
struct memory {
    std::uint64_t total = 0;
    std::uint64_t available = 0;
    std::uint64_t swap_total = 0;
    std::uint64_t swap_free = 0;
};

std::optional<memory> parse_meminfo(std::string_view text);

/// Of /proc/loadavg.
struct load {
    double one = 0;
    double five = 0;
    double fifteen = 0;
};

std::optional<load> parse_loadavg(std::string_view text);

/// Of /proc/net/dev, without the loopback interface.
std::map<std::string, model::interface_counters> parse_net_dev(std::string_view text);

/// Of /proc/self/mounts: where disks are mounted, each device once.
std::vector<std::string> parse_mounts(std::string_view text);

/// Of /proc/uptime, in seconds.
std::optional<double> parse_uptime(std::string_view text);

/// Of /proc/self/stat: what this process has used.
struct own_use {
    std::uint64_t cpu_ticks = 0;
    std::uint64_t resident_pages = 0;
    std::uint64_t threads = 0;
};

std::optional<own_use> parse_own_stat(std::string_view text);

} // namespace ferrule::fleet::host
