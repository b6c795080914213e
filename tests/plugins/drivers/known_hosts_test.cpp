// SPDX-License-Identifier: Apache-2.0
#include "ssh/hostkey/host_key_store.hpp"
#include "ssh/hostkey/known_hosts.hpp"
#include "ssh/net/digest.hpp"

#include "plugins/drivers/rig.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using namespace ferrule::ssh;
using kind = host_key_verdict::kind;

namespace {

/// A key in wire format: its type as a string, then whatever.
std::string key(const std::string& type, const std::string& body) {
    return std::string("\0\0\0", 3) + static_cast<char>(type.size()) + type + body;
}

const std::string ed = "ssh-ed25519";
const std::string rsa = "ssh-rsa";
const std::string one = key(ed, "one");
const std::string two = key(ed, "two");
const std::string third = key(rsa, "three");

std::string line(const std::string& hosts, const std::string& type, const std::string& blob) {
    return hosts + " " + type + " " + base64(blob) + " a comment\n";
}

kind judged(const std::string& text, const std::string& host, std::uint16_t port, const std::string& type,
            const std::string& blob) {
    const auto file = known_hosts::parse(text);
    return file.check(host, port, type, blob).what;
}

} // namespace

TEST_CASE("a listed key is known, another is changed, and an unlisted host is unknown") {
    const auto text = line("r1,192.0.2.1", ed, one);
    CHECK(judged(text, "r1", 22, ed, one) == kind::known);
    CHECK(judged(text, "R1", 22, ed, one) == kind::known);
    CHECK(judged(text, "192.0.2.1", 22, ed, one) == kind::known);
    CHECK(judged(text, "r1", 22, ed, two) == kind::changed);
    CHECK(judged(text, "r1", 22, rsa, third) == kind::changed);
    CHECK(judged(text, "r2", 22, ed, one) == kind::unknown);
}

TEST_CASE("another port is another host") {
    const auto text = line("[r1]:2222", ed, one);
    CHECK(judged(text, "r1", 2222, ed, one) == kind::known);
    CHECK(judged(text, "r1", 22, ed, one) == kind::unknown);
    CHECK(judged(line("r1", ed, one), "r1", 2222, ed, one) == kind::unknown);
}

TEST_CASE("wildcards fit and negations exclude") {
    const auto text = line("*.example.net,!bad.example.net,core?", ed, one);
    CHECK(judged(text, "r1.example.net", 22, ed, one) == kind::known);
    CHECK(judged(text, "bad.example.net", 22, ed, one) == kind::unknown);
    CHECK(judged(text, "core7", 22, ed, one) == kind::known);
    CHECK(judged(text, "core77", 22, ed, one) == kind::unknown);
    CHECK(judged(line(std::string(200, '*') + "x", ed, one), std::string(2000, 'a'), 22, ed, one) == kind::unknown);
}

TEST_CASE("a host with several keys knows each of them") {
    const auto text = line("r1", ed, one) + line("r1", rsa, third);
    CHECK(judged(text, "r1", 22, ed, one) == kind::known);
    CHECK(judged(text, "r1", 22, rsa, third) == kind::known);
    CHECK(judged(text, "r1", 22, ed, two) == kind::changed);
    CHECK(known_hosts::parse(text).key_types("r1", 22) == std::vector<std::string>{ed, rsa});
}

TEST_CASE("a revoked key is refused even where it is also listed") {
    const auto text = line("r1", ed, one) + line("@revoked *", ed, one);
    CHECK(judged(text, "r1", 22, ed, one) == kind::revoked);
    CHECK(judged(line("@revoked *", ed, one), "r2", 22, ed, two) == kind::unknown);
}

TEST_CASE("hashed names are found") {
    const std::string salt = "01234567890123456789";
    const auto hosts = "|1|" + base64(salt) + "|" + base64(hmac_sha1(salt, "[r1]:2222"));
    CHECK(judged(line(hosts, ed, one), "r1", 2222, ed, one) == kind::known);
    CHECK(judged(line(hosts, ed, one), "r2", 2222, ed, one) == kind::unknown);
    CHECK(judged(line("|1|broken", ed, one), "r1", 22, ed, one) == kind::unknown);
}

TEST_CASE("what cannot be read is skipped by line, authorities apart") {
    const auto file =
        known_hosts::parse("# comment\n\nr1\nr2 ssh-ed25519 !!!\nr3 ssh-rsa " + base64(one) +
                           "\n@cert-authority * ssh-rsa AAAA\n@other r ssh-rsa AAAA\n" + line("r4", ed, one));
    CHECK(file.skipped() == std::vector<std::size_t>{3, 4, 5, 7});
    CHECK(file.authorities() == std::vector<std::size_t>{6});
    REQUIRE(file.entries().size() == 1);
    CHECK(file.entries()[0].line == 8);
}

TEST_CASE("a line that is written is read back") {
    const auto text = known_hosts::line_for("Core1.Example.NET", 830, ed, one);
    CHECK(judged(text, "core1.example.net", 830, ed, one) == kind::known);
}

TEST_CASE("remembering from many threads at once keeps every key once") {
    const ferrule::drivers_test::scratch place;
    const auto path = place.write("known_hosts", "r0 ssh-ed25519 " + base64(one)); // without line feed at its end
    host_key_store store;
    std::atomic<int> remembered{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int host = 1; host <= 20; ++host) {
                const shown_key shown{"r" + std::to_string(host), 22, ed, one};
                remembered += store.remember(path, shown).has_value() ? 1 : 0;
            }
        });
    }
    for (auto& each : threads) {
        each.join();
    }
    CHECK(remembered == 80);
    const auto loaded = store.load(path);
    REQUIRE(loaded.has_value());
    CHECK((*loaded)->entries().size() == 21);
    CHECK((*loaded)->skipped().empty());
}

TEST_CASE("remembering refuses a key that contradicts the file, whatever the cache says") {
    const ferrule::drivers_test::scratch place;
    const auto path = place.path("known_hosts");
    host_key_store store;
    CHECK(store.load(path).value()->entries().empty());
    place.write("known_hosts", line("r1", ed, one));
    const auto refused = store.remember(path, {"r1", 22, ed, two});
    REQUIRE(!refused.has_value());
    CHECK(refused.error().code() == "host_key_mismatch");
    CHECK(refused.error().message().find(fingerprint(one)) != std::string::npos);
    CHECK(refused.error().message().find(fingerprint(two)) != std::string::npos);
    CHECK(store.fresh(path) == nullptr);
}

TEST_CASE("a file that cannot be written is known_hosts_unwritable") {
    host_key_store store;
    const auto refused = store.remember("/nonexistent/known_hosts", {"r1", 22, ed, one});
    REQUIRE(!refused.has_value());
    CHECK(refused.error().code() == "known_hosts_unwritable");
}

TEST_CASE("the .ssh of a user who has none yet is made, and no other folder") {
    const ferrule::drivers_test::scratch place;
    host_key_store store;
    CHECK(store.remember(place.path(".ssh/known_hosts"), {"r1", 22, ed, one}).has_value());
    CHECK(!store.remember(place.path("elsewhere/known_hosts"), {"r1", 22, ed, one}).has_value());
    CHECK(!store.remember(place.path(".ssh/deeper/known_hosts"), {"r1", 22, ed, one}).has_value());
}

TEST_CASE("a fingerprint is what ssh-keygen prints") {
    const auto blob = from_base64("AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl");
    REQUIRE(blob.has_value());
    CHECK(fingerprint(*blob) == "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU");
}
