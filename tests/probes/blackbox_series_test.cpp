#include "probes/blackbox/series.hpp"

#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>
#include <vector>

using namespace ferrule;
using namespace ferrule::probes::blackbox;

namespace {

// Without the lines of help and types.
std::vector<std::string> lines_of(prober how, const model::sample& found, bool leaves_resolving = false,
                                  bool asks_serial = false) {
    probe_module of;
    of.how = how;
    of.leaves_resolving = leaves_resolving;
    of.asks_serial = asks_serial;
    std::istringstream in(series_text(of, found));
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);)
        if (!line.starts_with('#'))
            lines.push_back(line);
    return lines;
}

model::sample located() {
    model::sample found;
    found.success = true;
    found.duration_ms = 20;
    found.tags["address"] = "127.0.0.1";
    found.metrics["ip_protocol"] = 4;
    found.phases_ms["resolve"] = 2;
    return found;
}

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("an address has the hash that blackbox_exporter gives it") {
    const auto got = lines_of(prober::tcp, located());
    CHECK(got == lines{"probe_dns_lookup_time_seconds 0.002", "probe_duration_seconds 0.02",
                       "probe_failed_due_to_regex 0", "probe_ip_addr_hash 3668918509", "probe_ip_protocol 4",
                       "probe_success 1"});
    auto six = located();
    six.tags["address"] = "::1";
    CHECK(lines_of(prober::tcp, six)[3] == "probe_ip_addr_hash 1751717746");
}

TEST_CASE("a name that cannot be looked up has zeros for an address") {
    model::sample found;
    found.duration_ms = 5;
    found.failed_phase = "resolve";
    CHECK(lines_of(prober::http, found) ==
          lines{"probe_dns_lookup_time_seconds 0.005", "probe_duration_seconds 0.005", "probe_failed_due_to_regex 0",
                "probe_http_content_length 0", "probe_http_duration_seconds{phase=\"resolve\"} 0.005",
                "probe_http_redirects 0", "probe_http_ssl 0", "probe_http_status_code 0",
                "probe_http_uncompressed_body_length 0", "probe_http_version 0", "probe_ip_addr_hash 0",
                "probe_ip_protocol 0", "probe_success 0"});
    CHECK(lines_of(prober::icmp, found) == lines{"probe_dns_lookup_time_seconds 0.005", "probe_duration_seconds 0.005",
                                                 "probe_icmp_duration_seconds{phase=\"resolve\"} 0",
                                                 "probe_icmp_duration_seconds{phase=\"rtt\"} 0",
                                                 "probe_icmp_duration_seconds{phase=\"setup\"} 0",
                                                 "probe_ip_addr_hash 0", "probe_ip_protocol 0", "probe_success 0"});
}

TEST_CASE("a target that is none says nothing of addresses") {
    model::sample found;
    found.failed = error("invalid_target", "no port");
    CHECK(lines_of(prober::tcp, found) ==
          lines{"probe_duration_seconds 0", "probe_failed_due_to_regex 0", "probe_success 0"});
}

TEST_CASE("phases of http that were not reached are zeros, and TLS is told of an answer alone") {
    auto found = located();
    found.success = false;
    found.tags["tls_version"] = "TLS 1.3";
    found.phases_ms["connect"] = 1;
    found.metrics["redirects"] = 2;
    const auto without = lines_of(prober::http, found);
    CHECK(std::count(without.begin(), without.end(), "probe_http_duration_seconds{phase=\"connect\"} 0.001") == 1);
    CHECK(std::count(without.begin(), without.end(), "probe_http_duration_seconds{phase=\"transfer\"} 0") == 1);
    CHECK(std::count(without.begin(), without.end(), "probe_http_redirects 2") == 1);
    CHECK(std::none_of(without.begin(), without.end(), [](const auto& line) { return line.starts_with("probe_tls"); }));
    found.metrics["status_code"] = 200;
    const auto with = lines_of(prober::http, found);
    CHECK(std::count(with.begin(), with.end(), "probe_tls_version_info{version=\"TLS 1.3\"} 1") == 1);
    CHECK(std::count(with.begin(), with.end(), "probe_ssl_last_chain_expiry_timestamp_seconds -62135596800") == 1);
}

TEST_CASE("labels of certificates are escaped") {
    auto found = located();
    found.tags["tls_version"] = "TLS 1.2";
    found.tags["ssl_serialnumber"] = "0aff";
    found.tags["ssl_subject"] = "CN=a\\,\"b\"\nc";
    for (const auto& line : lines_of(prober::tcp, found))
        if (line.starts_with("probe_ssl_last_chain_info"))
            CHECK(line == "probe_ssl_last_chain_info{fingerprint_sha256=\"\",issuer=\"\",serialnumber=\"0aff\",subject="
                          "\"CN=a\\\\,\\\"b\\\"\\nc\","
                          "subjectalternative=\"\"} 1");
}

TEST_CASE("what a conversation caught is told as labels") {
    auto found = located();
    found.tags["expect_banner"] = "mail";
    const auto got = lines_of(prober::tcp, found);
    CHECK(std::count(got.begin(), got.end(), "probe_expect_info{banner=\"mail\"} 1") == 1);
}

TEST_CASE("a proxy that looks names up leaves nothing to tell of addresses") {
    const auto got = lines_of(prober::http, located(), true);
    for (const auto& line : got)
        CHECK((line.find("probe_ip") == std::string::npos && line.find("lookup") == std::string::npos &&
               line.find("resolve") == std::string::npos));
    CHECK(std::count(got.begin(), got.end(), "probe_http_duration_seconds{phase=\"connect\"} 0") == 1);
}

TEST_CASE("the serial is told where it was asked for and an answer came") {
    auto found = located();
    found.metrics["dns_query_succeeded"] = 1;
    found.metrics["dns_serial"] = 2024010203;
    found.phases_ms["connect"] = 1;
    found.phases_ms["tls"] = 2;
    const auto has = [](const lines& all) { return std::count(all.begin(), all.end(), "probe_dns_serial 2024010203"); };
    CHECK(has(lines_of(prober::dns, found)) == 0);
    const auto got = lines_of(prober::dns, found, false, true);
    CHECK(has(got) == 1);
    CHECK(std::count(got.begin(), got.end(), "probe_dns_duration_seconds{phase=\"connect\"} 0.003") == 1);
    found.metrics["dns_query_succeeded"] = 0;
    CHECK(has(lines_of(prober::dns, found, false, true)) == 0);
}
