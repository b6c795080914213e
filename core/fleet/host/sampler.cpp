#include "fleet/host/sampler.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/strings.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

namespace ferrule::fleet::host {

using base::json;

namespace {

std::string read(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Per cent with one digit.
double share(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0.0 : std::round(static_cast<double>(part) * 1000.0 / static_cast<double>(whole)) / 10.0;
}

std::uint64_t process_count(const std::string& proc) {
    auto* const folder = ::opendir(proc.c_str());
    if (folder == nullptr)
        return 0;
    std::uint64_t count = 0;
    while (const auto* entry = ::readdir(folder))
        count += entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? 1U : 0U;
    ::closedir(folder);
    return count;
}

json disks(const disk_report& found) {
    json all = json::object();
    for (const auto& [place, room] : found.rooms)
        all[place] = {{"total", room.total}, {"available", room.available}};
    return all;
}

json interfaces(const std::string& text) {
    json all = json::object();
    for (const auto& [name, each] : parse_net_dev(text))
        all[name] = {{"rx_bytes", each.rx_bytes},     {"rx_packets", each.rx_packets}, {"rx_errors", each.rx_errors},
                     {"rx_dropped", each.rx_dropped}, {"tx_bytes", each.tx_bytes},     {"tx_packets", each.tx_packets},
                     {"tx_errors", each.tx_errors},   {"tx_dropped", each.tx_dropped}};
    return all;
}

} // namespace

sampler::sampler(const base::clock& clock, std::string proc)
    : clock_(clock)
    , proc_(std::move(proc))
    , disks_(proc_ + "/self/mounts")
    , host_boot_(base::trim(read(proc_ + "/sys/kernel/random/boot_id"))) {}

json sampler::sample() {
    json out{{"at", base::to_rfc3339(clock_.wall_now())}, {"host_boot_id", host_boot_}};
    const auto now = clock_.steady_now();
    const auto cpu = parse_stat(read(proc_ + "/stat"));
    if (cpu) {
        const auto earlier = before_.value_or(cpu_ticks());
        const auto busy = cpu->busy - std::min(earlier.busy, cpu->busy);
        const auto idle = cpu->idle - std::min(earlier.idle, cpu->idle);
        const auto stolen = cpu->stolen - std::min(earlier.stolen, cpu->stolen);
        out["cpu"] = {{"cores", cpu->cores},
                      {"busy_percent", share(busy, busy + idle + stolen)},
                      {"stolen_percent", share(stolen, busy + idle + stolen)}};
    }
    if (const auto seen = parse_meminfo(read(proc_ + "/meminfo"))) {
        out["memory"] = {{"total", seen->total}, {"available", seen->available}};
        out["swap"] = {{"total", seen->swap_total}, {"free", seen->swap_free}};
    }
    if (const auto seen = parse_loadavg(read(proc_ + "/loadavg")))
        out["load"] = {seen->one, seen->five, seen->fifteen};
    if (const auto seen = parse_uptime(read(proc_ + "/uptime")))
        out["uptime_seconds"] = *seen;
    out["processes"] = process_count(proc_);
    const auto found = disks_.look();
    out["disks"] = disks(found);
    if (!found.unanswered.empty())
        out["disks_unanswered"] = found.unanswered;
    tell_unanswered(found.unanswered);
    out["network"] = interfaces(read(proc_ + "/net/dev"));
    if (const auto own = parse_own_stat(read(proc_ + "/self/stat"))) {
        const auto seconds = std::chrono::duration<double>(now - sampled_).count();
        const auto ticks = own->cpu_ticks - (own_before_ ? std::min(own_before_->cpu_ticks, own->cpu_ticks) : 0);
        json self{{"memory", own->resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))},
                  {"threads", own->threads}};
        if (own_before_ && seconds > 0)
            self["cpu_percent"] =
                std::round(static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK)) / seconds * 1000) /
                10;
        out["agent"] = std::move(self);
        own_before_ = own;
    }
    before_ = cpu;
    sampled_ = now;
    return out;
}

// Each once, and again when it had answered in between.
void sampler::tell_unanswered(const std::vector<std::string>& places) {
    for (const auto& place : places)
        if (std::ranges::find(unanswered_, place) == unanswered_.end())
            base::log::warn(
                "fleet",
                "a file system does not answer, so heartbeats cannot tell its room; look at what serves it, "
                "or unmount it",
                {{"mount", place}});
    unanswered_ = places;
}

} // namespace ferrule::fleet::host
