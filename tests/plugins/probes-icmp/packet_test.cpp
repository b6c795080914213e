#include "icmp/departures.hpp"
#include "icmp/due_heap.hpp"
#include "icmp/packet.hpp"
#include "icmp/sequence_table.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

using namespace ferrule::icmp;

namespace {

constexpr cookie mark{0x0123456789abcdef, 0xf00dcafe4242, 7};

std::vector<std::uint8_t> reply(family of, std::size_t payload) {
    const auto head = make_request(of, 0x1234, 0xfffe, mark, payload);
    std::vector<std::uint8_t> bytes(head.begin(), head.end());
    bytes.insert(bytes.end(), filler().begin(), filler().begin() + static_cast<std::ptrdiff_t>(payload - cookie_size));
    bytes[0] = of == family::v4 ? 0 : 129;
    return bytes;
}

} // namespace

TEST_CASE("a reply brings back what the request carried") {
    const auto of = GENERATE(family::v4, family::v6);
    const auto seen = read_reply(of, reply(of, 56), false);
    REQUIRE(seen);
    CHECK(seen->id == 0x1234);
    CHECK(seen->sequence == 0xfffe);
    CHECK(seen->mark == mark);
}

TEST_CASE("the checksum of an IPv4 request is right for every size, odd ones too") {
    const auto size = GENERATE(16U, 17U, 56U, 1473U, 65507U);
    auto bytes = reply(family::v4, size);
    bytes[0] = 8;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        sum += i % 2 == 0 ? static_cast<std::uint64_t>(bytes[i]) << 8 : bytes[i];
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    CHECK(sum == 0xffff);
}

TEST_CASE("requests, other messages and cut ones are no replies") {
    auto bytes = reply(family::v4, 56);
    CHECK_FALSE(read_reply(family::v6, bytes, false));
    CHECK_FALSE(read_reply(family::v4, std::span(bytes).first(7), false));
    CHECK_FALSE(read_reply(family::v4, {}, true));
    CHECK_FALSE(read_quoted_request(family::v4, bytes));
    const auto cut = read_reply(family::v4, std::span(bytes).first(23), false);
    REQUIRE(cut);
    CHECK_FALSE(cut->mark);
    bytes[1] = 1;
    CHECK_FALSE(read_reply(family::v4, bytes, false));
}

TEST_CASE("a raw socket's IPv4 header is skipped, with options too") {
    const auto words = GENERATE(5U, 6U, 15U);
    std::vector<std::uint8_t> bytes(words * 4);
    bytes[0] = static_cast<std::uint8_t>(0x40 | words);
    const auto icmp = reply(family::v4, 16);
    bytes.insert(bytes.end(), icmp.begin(), icmp.end());
    CHECK(read_reply(family::v4, bytes, true)->mark == mark);
    bytes[0] = 0x44;
    CHECK_FALSE(read_reply(family::v4, bytes, true));
    bytes[0] = 0x65;
    CHECK_FALSE(read_reply(family::v4, bytes, true));
}

TEST_CASE("no sequence number is given twice while its packet is out, however long it goes on") {
    sequence_table table;
    REQUIRE(table.reserve(1000));
    const probe_handle probe(3, 1);
    std::vector<std::uint16_t> out;
    std::set<std::uint16_t> held;
    for (std::uint32_t i = 0; i < 200'000; ++i) {
        const packet_handle packet(probe, static_cast<std::uint16_t>(i));
        const auto sequence = table.take(packet);
        REQUIRE(held.insert(sequence).second);
        REQUIRE(table.owner(sequence) == packet);
        out.push_back(sequence);
        if (out.size() == 1000) {
            const auto oldest = out.begin() + (i % 7);
            table.free(*oldest);
            held.erase(*oldest);
            out.erase(oldest);
        }
    }
    CHECK(table.reserve(sequence_table::most_reserved - 1000));
    CHECK_FALSE(table.reserve(1));
    table.release(1);
    CHECK(table.reserve(1));
}

TEST_CASE("departures are found by their key until it is too old") {
    departures recent;
    for (std::uint16_t i = 0; i < 2000; ++i) {
        recent.handed_over(packet_handle(probe_handle(1, 1), i));
    }
    CHECK(recent.find(1999).index() == 1999);
    CHECK(recent.find(976).index() == 976);
    CHECK(recent.find(975).empty());
    CHECK(recent.find(2000).empty());
    recent.restart();
    CHECK(recent.find(0).empty());
}

TEST_CASE("the earliest slot is on top, whatever was moved or taken out") {
    due_heap heap;
    std::vector<std::uint64_t> times(200, UINT64_MAX);
    std::mt19937 random(1);
    for (int i = 0; i < 20'000; ++i) {
        const auto slot = static_cast<std::uint32_t>(random() % times.size());
        if (random() % 3 == 0) {
            heap.remove(slot);
            times[slot] = UINT64_MAX;
        } else {
            times[slot] = random() % 1000;
            heap.set(slot, times[slot]);
        }
        REQUIRE(heap.next() == *std::min_element(times.begin(), times.end()));
        REQUIRE((heap.empty() || times[heap.top()] == heap.next()));
    }
}
