// What an agent reads of its host.
#include "fleet/host/proc.hpp"
#include "fleet/host/sampler.hpp"

#include "base/json.hpp"

#include <catch2/catch.hpp>

#include "support/print_result.hpp"

using namespace ferrule;
using namespace ferrule::fleet::host;
using namespace std::chrono_literals;

TEST_CASE("ticks of the processor are read with cores, steal and waiting for disks") {
    const auto read = parse_stat("cpu  10 20 30 400 50 6 7 8 9 0\ncpu0 5 10 15 200 25 3 3 4 4 0\n"
                                 "cpu1 5 10 15 200 25 3 4 4 5 0\nintr 1 2\nctxt 9\n");
    REQUIRE(read);
    CHECK(read->busy == 73);
    CHECK(read->idle == 450);
    CHECK(read->stolen == 8);
    CHECK(read->cores == 2);
    CHECK_FALSE(parse_stat("nothing of the kind"));
}

TEST_CASE("memory is in bytes, and needs what old kernels did not tell") {
    const auto read = parse_meminfo("MemTotal:       16000 kB\nMemFree: 1 kB\nMemAvailable:    8000 kB\n"
                                    "SwapTotal:  100 kB\nSwapFree: 40 kB\n");
    REQUIRE(read);
    CHECK(read->total == 16384000);
    CHECK(read->available == 8192000);
    CHECK(read->swap_total == 102400);
    CHECK(read->swap_free == 40960);
    CHECK_FALSE(parse_meminfo("MemTotal: 16000 kB\n"));
}

TEST_CASE("load, uptime and what this process uses") {
    const auto load = parse_loadavg("0.52 1.25 3.00 2/345 6789\n");
    REQUIRE(load);
    CHECK(load->one == 0.52);
    CHECK(load->fifteen == 3.0);
    CHECK_FALSE(parse_loadavg("0.52"));
    CHECK(parse_uptime("12345.67 999.0\n") == 12345.67);
    CHECK_FALSE(parse_uptime(""));
    const auto own = parse_own_stat("4711 (a ) name) S 1 2 3 4 5 6 7 8 9 10 120 30 0 0 20 0 7 0 100 200000 555 1 1\n");
    REQUIRE(own);
    CHECK(own->cpu_ticks == 150);
    CHECK(own->threads == 7);
    CHECK(own->resident_pages == 555);
    CHECK_FALSE(parse_own_stat("4711 (short) S 1"));
}

TEST_CASE("interfaces are read without the loopback, also with old kernels' missing space") {
    const auto read = parse_net_dev("Inter-|   Receive                                                |  Transmit\n"
                                    " face |bytes    packets errs drop fifo frame compressed multicast|bytes packets\n"
                                    "    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
                                    "  eth0:100 2 3 4 5 6 7 8 900 10 11 12 13 14 15 16\n"
                                    "eth0:1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n  odd: 1 2\n");
    REQUIRE(read.size() == 2);
    CHECK(read.at("eth0").rx_bytes == 100);
    CHECK(read.at("eth0").tx_bytes == 900);
    CHECK(read.at("eth0").tx_dropped == 12);
    CHECK(read.contains("eth0:1"));
}

TEST_CASE("of mounts those that are disks count, each once") {
    CHECK(
        parse_mounts("proc /proc proc rw 0 0\n/dev/sda1 / ext4 rw 0 0\n/dev/sda1 /also ext4 rw 0 0\n"
                     "/dev/loop3 /snap/x squashfs ro 0 0\n/dev/sdb1 /a\\040b xfs rw 0 0\ntmpfs /run tmpfs rw 0 0\n") ==
        std::vector<std::string>{"/", "/a b"});
}

TEST_CASE("this host is read as it is") {
    sampler of;
    of.sample();
    auto body = of.sample();
    CHECK(body["cpu"]["cores"].get<int>() >= 1);
    CHECK(body["memory"]["total"].get<std::uint64_t>() > 1000000);
    CHECK(body["load"].size() == 3);
    CHECK(body["uptime_seconds"].get<double>() > 0);
    CHECK(body["processes"].get<int>() >= 1);
    CHECK(body["host_boot_id"].get<std::string>().size() == 36);
    CHECK(body["agent"]["memory"].get<std::uint64_t>() > 1000000);
    CHECK(body["agent"].contains("cpu_percent"));
}

TEST_CASE("a sampler without anything to read says what it can") {
    sampler of(base::system_clock(), "/nowhere");
    const auto body = of.sample();
    CHECK_FALSE(body.contains("cpu"));
    CHECK(body.contains("at"));
}
