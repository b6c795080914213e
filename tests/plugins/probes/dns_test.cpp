// SPDX-License-Identifier: Apache-2.0
#include "plugins/probes/name_server.hpp"
#include "plugins/probes/pki.hpp"
#include "plugins/probes/rig.hpp"
#include "plugins/probes/servers.hpp"

#include <catch2/catch.hpp>

#include <cstddef>

using namespace ferrule::probes_test;
using Catch::Contains;

namespace {

json ask(std::uint16_t port, const std::string& name = "www.example.test", json more = json::object()) {
    more["host"] = "127.0.0.1";
    more["port"] = port;
    more["query_name"] = name;
    more["recursion_desired"] = false;
    return more;
}

/// The zone's records behind SOA, NS and ns A.
std::string zone() {
    std::string records =
        "www A 192.0.2.80\nwww 120 A 192.0.2.81\n@ MX 10 mail\nmail A 192.0.2.25\n_sip._tcp SRV 0 5 5060 www\n";
    for (int i = 0; i < 20; ++i) { // more than a datagram of 512 bytes holds
        records += "big TXT \"" + std::to_string(i) + std::string(60, 'x') + "\"\n";
    }
    return records;
}

/// The query as an answer without records, with its flags changed.
std::string answer_to(std::string query, unsigned char flags_high = 0x84, unsigned char flags_low = 0) {
    query[2] = static_cast<char>(flags_high);
    query[3] = static_cast<char>(flags_low);
    return query;
}

std::string framed(const std::string& text) {
    return std::string{static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 0xff)} + text;
}

} // namespace

TEST_CASE("NSD is asked, and its answers are counted, described and checked") {
    if (!name_server::available()) {
        FAIL("nsd is not installed; scripts/test installs it");
    }
    const name_server nsd(zone());
    rig dns("dns");

    SECTION("the records of an answer, over each transport") {
        const auto over = GENERATE(as<std::string>{}, "auto", "udp", "tcp");
        const auto seen = dns.measure(ask(nsd.port(), "www.example.test", {{"transport", over}}));
        INFO(seen.dump());
        CHECK(seen["success"] == true);
        CHECK(seen["metrics"]["dns_query_succeeded"] == 1);
        CHECK(seen["metrics"]["dns_answer_rrs"] == 2);
        CHECK(seen["metrics"]["dns_authority_rrs"] == 1);
        CHECK(seen["metrics"]["dns_additional_rrs"] == 1);
        CHECK(seen["metrics"]["dns_authoritative"] == 1);
        CHECK(seen["labels"]["rcode"] == "NOERROR");
        CHECK(seen["labels"]["transport"] == (over == "tcp" ? "tcp" : "udp"));
        for (const auto* phase : {"resolve", "connect", "request"}) {
            CHECK(seen["phases_ms"].contains(phase));
        }
    }
    SECTION("the serial of a zone") {
        const auto seen = dns.measure(ask(nsd.port(), "example.test.", {{"query_type", "soa"}}));
        CHECK(seen["metrics"]["dns_serial"] == 2026010203);
        CHECK(seen["metrics"]["dns_ttl_seconds"] == 300);
    }
    SECTION("an answer too large for a datagram is asked for over TCP") {
        const auto seen = dns.measure(ask(nsd.port(), "big.example.test", {{"query_type", "TXT"}}));
        CHECK(seen["success"] == true);
        CHECK(seen["labels"]["transport"] == "tcp");
        CHECK(seen["metrics"]["dns_truncated"] == 1);
        CHECK(seen["metrics"]["dns_answer_rrs"] == 20);
        const auto cut =
            dns.measure(ask(nsd.port(), "big.example.test", {{"query_type", "TXT"}, {"transport", "udp"}}));
        CHECK(cut["success"] == true);
        CHECK(cut["metrics"]["dns_truncated"] == 1);
        CHECK(cut["metrics"]["dns_answer_rrs"] < 20);
    }
    SECTION("a code that is not right is down, with both codes") {
        const auto seen = dns.measure(ask(nsd.port(), "none.example.test"));
        CHECK(seen["success"] == false);
        CHECK(seen["failed_phase"] == "reply");
        CHECK(seen["labels"]["rcode"] == "NXDOMAIN");
        CHECK_THAT(seen["reason"].get<std::string>(), Contains("answers NXDOMAIN, expected NOERROR"));
        CHECK(dns.measure(ask(nsd.port(), "none.example.test", {{"valid_rcodes", {"NXDOMAIN"}}}))["success"] == true);
        CHECK(dns.measure(ask(nsd.port(), "elsewhere.test"))["labels"]["rcode"] == "REFUSED");
    }
    SECTION("records are held against patterns, section by section") {
        struct rule {
            std::string section, kind, pattern, complaint;
        };

        const auto now = GENERATE(values<rule>({
            {"answer", "fail_if_matches_regexp", "192\\.0\\.2\\.81$", "matches '192"},
            {"answer", "fail_if_matches_regexp", "198", ""},
            {"answer", "fail_if_all_match_regexp", "^www\\.example\\.test\\.\t", "every record matches"},
            {"answer", "fail_if_all_match_regexp", "80$", ""},
            {"answer", "fail_if_not_matches_regexp", "\tIN\tA\t.*80$", "does not match all of"},
            {"answer", "fail_if_not_matches_regexp", "\tIN\tA\t192", ""},
            {"answer", "fail_if_none_matches_regexp", "MX", "no record matches any of 'MX'"},
            {"answer", "fail_if_none_matches_regexp", "81$", ""},
            {"authority", "fail_if_not_matches_regexp", "^example\\.test\\.\t300\tIN\tNS\tns\\.example\\.test\\.$", ""},
            {"authority", "fail_if_matches_regexp", "NS", "in the authority section"},
            {"additional", "fail_if_none_matches_regexp", "192\\.0\\.2\\.53", ""},
            {"additional", "fail_if_none_matches_regexp", "AAAA", "in the additional section"},
        }));
        const auto seen = dns.measure(
            ask(nsd.port(), "www.example.test", {{"validate_" + now.section + "_rrs", {{now.kind, {now.pattern}}}}}));
        INFO(seen.dump());
        CHECK(seen["success"] == now.complaint.empty());
        CHECK(seen["metrics"]["failed_due_to_regex"] == (now.complaint.empty() ? 0 : 1));
        if (!now.complaint.empty()) {
            CHECK_THAT(seen["reason"].get<std::string>(), Contains(now.complaint));
        }
    }
    SECTION("a section without records fails where one is needed") {
        const auto seen = dns.measure(
            ask(nsd.port(), "www.example.test",
                {{"query_type", "AAAA"}, {"validate_answer_rrs", {{"fail_if_not_matches_regexp", {"."}}}}}));
        CHECK(seen["success"] == false);
        CHECK_THAT(seen["reason"].get<std::string>(), Contains("there are no records"));
    }
}

TEST_CASE("a port without a DNS server, and one that says nothing, are told apart") {
    rig dns("dns");
    SECTION("closed") {
        std::uint16_t port = 0;
        {
            const bound_socket gone(SOCK_DGRAM);
            port = gone.port();
        }
        const auto seen = dns.measure(ask(port));
        CHECK(seen["failed_phase"] == "request");
        CHECK_THAT(seen["reason"].get<std::string>(), Contains("port closed"));
        CHECK(seen["metrics"]["dns_query_succeeded"] == 0);
    }
    SECTION("silent") {
        const bound_socket silent(SOCK_DGRAM);
        const auto op = dns.start(ask(silent.port()), std::chrono::seconds(3));
        dns.on.loop().advance(std::chrono::milliseconds(2999));
        CHECK_FALSE(dns.on.result(op).completed);
        dns.on.loop().advance(std::chrono::milliseconds(1));
        const auto seen = dns.finish(op);
        CHECK(seen["failed_phase"] == "reply");
        CHECK(seen["metrics"]["attempts"] == 3);
        CHECK_THAT(seen["reason"].get<std::string>(), Contains("no answer to 3 queries over UDP within 3 s"));
    }
    SECTION("cancelled") {
        const bound_socket silent(SOCK_DGRAM);
        const auto op = dns.start(ask(silent.port()));
        dns.on.loop().run_ready();
        dns.probe.cancel(op);
        CHECK(dns.on.wait(op).status == FRL_CANCELLED);
    }
}

TEST_CASE("answers that belong to another query are passed over") {
    const udp_server server([](const std::string& query) {
        auto other_id = answer_to(query);
        other_id[0] = static_cast<char>(other_id[0] ^ 1);
        auto other_name = answer_to(query, 0x84, 3);
        other_name[13] = 'x';
        const auto no_answer = answer_to(query, 0x00);
        return std::vector{std::string(), std::string("abc"), other_id, other_name, no_answer, answer_to(query)};
    });
    rig dns("dns");
    const auto seen = dns.measure(ask(server.port()));
    CHECK(seen["success"] == true);
    CHECK(seen["labels"]["rcode"] == "NOERROR");
}

TEST_CASE("an answer that makes no sense is down, with the part that does not") {
    const auto [behind_id, part] =
        GENERATE(table<std::string, std::string>({{"\x84", "header is cut"},
                                                  {std::string("\x84\0\0\1\0\0\0\0\0\0\x7f", 11), "question"},
                                                  {std::string("\x84\0\0\0\0\1\0\0\0\0\0", 11), "record 1 of 1"}}));
    const udp_server server(
        [rest = behind_id](const std::string& query) { return std::vector{query.substr(0, 2) + rest}; });
    rig dns("dns");
    const auto seen = dns.measure(ask(server.port()));
    CHECK(seen["success"] == false);
    CHECK(seen["failed_phase"] == "reply");
    CHECK_THAT(seen["reason"].get<std::string>(), Contains("malformed") && Contains(part));
}

TEST_CASE("a server that closes before its answer is whole is down") {
    tcp_server server([](peer& client) {
        const auto size = client.hear(2);
        client.hear(static_cast<std::size_t>(static_cast<unsigned char>(size[1])));
        client.say(std::string("\1\0half", 6));
    });
    rig dns("dns");
    const auto seen = dns.measure(ask(server.port(), "www.example.test", {{"transport", "tcp"}}));
    CHECK(seen["failed_phase"] == "reply");
    CHECK_THAT(seen["reason"].get<std::string>(), Contains("before its answer was whole"));
}

TEST_CASE("a query goes over TLS, and its certificate is described") {
    const authority ca;
    const scratch files;
    const auto context = ca.server();
    tcp_server server([&](peer& client) {
        if (client.secure(context.get())) {
            const auto size = client.hear(2);
            client.say(framed(answer_to(client.hear(static_cast<std::size_t>(static_cast<unsigned char>(size[1]))))));
            client.end();
        }
    });
    rig dns("dns");
    const auto seen =
        dns.measure(ask(server.port(), "www.example.test",
                        {{"transport", "tls"}, {"tls_config", {{"ca_file", files.write("ca.pem", ca.pem())}}}}));
    INFO(seen.dump());
    CHECK(seen["success"] == true);
    CHECK(seen["labels"]["transport"] == "tls");
    CHECK(seen["labels"]["ssl_issuer"] == "CN=Test Authority");
    CHECK(seen["phases_ms"].contains("tls"));
}
