// SPDX-License-Identifier: Apache-2.0
#include "plugins/probes/pki.hpp"
#include "plugins/probes/rig.hpp"
#include "plugins/probes/servers.hpp"

#include <catch2/catch.hpp>

#include <ctime>

using namespace ferrule::probes_test;
using Catch::Contains;

namespace {

/// A TLS server with a certificate of an authority that `trusting` targets know.
struct tls_server {
    explicit tls_server(const certificate_spec& spec = {}, int newest = 0)
        : context(ca.server(spec)) {
        SSL_CTX_set_max_proto_version(context.get(), newest);
    }

    [[nodiscard]] json trusting(json more = json::object()) const {
        more["ca_file"] = ca_file;
        return {{"host", "localhost"}, {"port", server.port()}, {"tls", true}, {"tls_config", more}};
    }

    authority ca;
    scratch files;
    std::string ca_file = files.write("ca.pem", ca.pem());
    std::shared_ptr<SSL_CTX> context;
    tcp_server server{[this](peer& client) {
        if (client.secure(context.get())) {
            client.end();
        }
    }};
};

json measure(const json& target) {
    rig tcp("tcp");
    tcp.on.services().set_name("localhost", {"127.0.0.1"});
    return tcp.measure(target);
}

} // namespace

TEST_CASE("a TLS server is up, with what its certificate says") {
    const tls_server tls({"DNS:localhost,DNS:other.test,IP:127.0.0.1", -10, 5000});
    const auto now = static_cast<double>(std::time(nullptr));
    const auto seen = measure(tls.trusting());
    INFO(seen.dump());
    REQUIRE(seen["success"] == true);
    CHECK(seen["phases_ms"].contains("tls"));
    CHECK(seen["labels"]["tls_version"] == "TLS 1.3");
    CHECK(seen["labels"]["ssl_subject"] == "CN=server");
    CHECK(seen["labels"]["ssl_issuer"] == "CN=Test Authority");
    CHECK(seen["labels"]["ssl_subjectalternative"] == "localhost,other.test");
    CHECK(seen["labels"]["ssl_ip_addresses"] == "127.0.0.1");
    CHECK(seen["labels"]["ssl_serialnumber"] == "0abcde");
    CHECK(seen["labels"]["ssl_fingerprint_sha256"].get<std::string>().size() == 64);
    CHECK(seen["metrics"]["ssl_earliest_cert_expiry"].get<double>() == Approx(now + 5000).margin(60));
    CHECK(seen["metrics"]["certificate_days"].get<double>() == Approx(5000.0 / 86'400).margin(60.0 / 86'400));
    CHECK(seen["metrics"]["ssl_last_chain_expiry_timestamp_seconds"].get<double>() == Approx(now + 5000).margin(60));
}

TEST_CASE("an address as the host is looked for among the addresses of the certificate") {
    const tls_server tls;
    auto to = tls.trusting();
    to["host"] = "127.0.0.1";
    CHECK(measure(to)["success"] == true);
}

TEST_CASE("a certificate that is refused says which way, and is described all the same") {
    struct wrong {
        certificate_spec spec;
        json tls;
        bool trusted;
        std::string reason;
    };

    const std::vector<wrong> all{
        {{"DNS:localhost", -7200, -3600}, json::object(), true, "it expired at 20"},
        {{"DNS:localhost", 3600, 7200}, json::object(), true, "it is not valid before 20"},
        {{"DNS:www.test,IP:192.0.2.9", -10, 3600},
         json::object(),
         true,
         "it is for www.test,192.0.2.9, not for localhost"},
        {{"DNS:localhost", -10, 3600}, {{"server_name", "shop.test"}}, true, "it is for localhost, not for shop.test"},
        {{"DNS:localhost", -10, 3600}, json::object(), false, "its authority is unknown"},
    };
    const auto i = GENERATE(range(0, 5));
    const auto& now = all[static_cast<std::size_t>(i)];
    const tls_server tls(now.spec);
    auto to = tls.trusting(now.tls);
    if (!now.trusted) {
        to["tls_config"]["ca_file"] = tls.files.write("other.pem", authority("Somebody Else").pem());
    }
    const auto seen = measure(to);
    CHECK(seen["success"] == false);
    CHECK(seen["failed_phase"] == "tls");
    CHECK_THAT(seen["reason"].get<std::string>(), Contains("the certificate is refused: ") && Contains(now.reason));
    CHECK(seen["labels"]["ssl_subject"] == "CN=server");
    CHECK(seen["metrics"].contains("ssl_earliest_cert_expiry"));
    to["tls_config"] = {{"verify", false}};
    CHECK(measure(to)["success"] == true);
}

TEST_CASE("a server that does not speak TLS, or not the right version, or hangs up, is down in the phase tls") {
    SECTION("text") {
        tcp_server server([](peer& client) {
            client.say("220 mail.example.test ESMTP ready\r\n");
            client.end();
        });
        const auto seen = measure({{"host", "127.0.0.1"}, {"port", server.port()}, {"tls", true}});
        CHECK(seen["failed_phase"] == "tls");
        CHECK_THAT(seen["reason"].get<std::string>(), Contains("is not TLS"));
    }
    SECTION("an old version") {
        const tls_server tls({}, TLS1_2_VERSION);
        const auto seen = measure(tls.trusting({{"min_version", "1.3"}}));
        CHECK(seen["failed_phase"] == "tls");
        CHECK_THAT(seen["reason"].get<std::string>(), Contains("no version of TLS in common"));
        CHECK(measure(tls.trusting())["labels"]["tls_version"] == "TLS 1.2");
    }
    SECTION("the end") {
        tcp_server server([](peer& client) { client.hear(5); });
        const auto seen = measure({{"host", "127.0.0.1"}, {"port", server.port()}, {"tls", true}});
        CHECK(seen["failed_phase"] == "tls");
        CHECK_THAT(seen["reason"].get<std::string>(), Contains("reset") || Contains("closed the connection"));
    }
    SECTION("silence") {
        tcp_server server([](peer& client) { client.end(); });
        rig tcp("tcp");
        const auto op = tcp.start({{"host", "127.0.0.1"}, {"port", server.port()}, {"tls", true}});
        tcp.on.loop().finish_blocking(); // the context is made
        tcp.on.loop().advance(std::chrono::seconds(5));
        const auto seen = tcp.finish(op);
        CHECK(seen["failed_phase"] == "tls");
        CHECK_THAT(seen["reason"].get<std::string>(), Contains("no answer to the TLS handshake within 5 s"));
    }
}

TEST_CASE("files that cannot be used are an error and not a state of the target") {
    const tls_server tls;
    auto to = tls.trusting();
    to["tls_config"]["ca_file"] = "/nowhere/ca.pem";
    const auto seen = measure(to);
    CHECK(seen["error"]["code"] == "tls_files");
    CHECK_THAT(seen["error"]["message"].get<std::string>(), Contains("'/nowhere/ca.pem' cannot be used"));
}

TEST_CASE("a file of authorities that changes is read again, and one that stays is read once") {
    const tls_server tls;
    const auto to = tls.trusting();
    rig tcp("tcp");
    tcp.on.services().set_name("localhost", {"127.0.0.1"});
    CHECK(tcp.measure(to)["success"] == true);
    CHECK(tcp.measure(to)["success"] == true);
    tls.files.write("ca.pem", authority().pem() + "\n");
    const auto seen = tcp.measure(to);
    CHECK(seen["success"] == false);
    CHECK_THAT(seen["reason"].get<std::string>(), Contains("not signed by the trusted authority of that name"));
}

TEST_CASE("measurements that begin together share one context") {
    const tls_server tls;
    rig tcp("tcp");
    tcp.on.services().set_name("localhost", {"127.0.0.1"});
    const auto ops = tcp.probe.start_batch({tls.trusting().dump(), tls.trusting().dump(), tls.trusting().dump()});
    for (const auto op : ops) {
        CHECK(tcp.finish(op)["success"] == true);
    }
}
