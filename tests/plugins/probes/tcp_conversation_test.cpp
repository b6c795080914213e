// SPDX-License-Identifier: Apache-2.0
#include "plugins/probes/pki.hpp"
#include "plugins/probes/rig.hpp"
#include "plugins/probes/servers.hpp"

#include <catch2/catch.hpp>

#include <cerrno>

using namespace ferrule::probes_test;
using Catch::Contains;

namespace {

json local(std::uint16_t port, json steps) {
    return {{"host", "127.0.0.1"}, {"port", port}, {"steps", std::move(steps)}};
}

/// What the server hears until the client ends.
struct mail_server {
    std::string heard;
    int ended = -1;
    tcp_server server{[this](peer& client) {
        client.say("220-welcome to\r\n220 mail.example.test ESM");
        client.say("TP 4.2\r\n");
        heard = client.hear_to("\r\n");
        client.say("250-first\r\n250 last\r\n");
        ended = client.end();
    }};
};

} // namespace

TEST_CASE("a conversation goes step by step, and what one expects goes into what is sent and labelled") {
    mail_server mail;
    rig tcp("tcp");
    const auto seen = tcp.measure(local(mail.server.port(), {{{"expect", "^220 (?<host>[^ ]+) ESMTP ([0-9.]+)$"},
                                                              {"send", "EHLO ${host} $2 $$1\r\n"},
                                                              {"labels", {{"version", "v$2"}}}},
                                                             {{"expect", "^250 "}}}));
    CHECK(seen["success"] == true);
    CHECK(seen["labels"]["expect_version"] == "v4.2");
    CHECK(seen["metrics"]["failed_due_to_regex"] == 0);
    mail.server.stop();
    CHECK(mail.heard == "EHLO mail.example.test 4.2 $1\r\n");
    CHECK(mail.ended == 0); // a conversation ends orderly
}

TEST_CASE("a peer that ends before it said what is expected is down, with the last that it said") {
    tcp_server server([](peer& client) { client.say("hello\r\n554 go away"); });
    rig tcp("tcp");
    const auto seen = tcp.measure(local(server.port(), {{{"expect", "^220 "}}}));
    CHECK(seen["success"] == false);
    CHECK(seen["failed_phase"] == "reply");
    CHECK(seen["metrics"]["failed_due_to_regex"] == 1);
    CHECK_THAT(seen["reason"].get<std::string>(), Contains("'^220 '") && Contains("554 go away"));
}

TEST_CASE("a peer that says nothing is down at the deadline in the phase reply") {
    tcp_server server([](peer& client) { client.end(); });
    rig tcp("tcp");
    const auto op = tcp.start(local(server.port(), {{{"expect", "^220 "}}}), std::chrono::milliseconds(250));
    tcp.on.loop().advance(std::chrono::milliseconds(250));
    const auto seen = tcp.finish(op);
    CHECK(seen["failed_phase"] == "reply");
    CHECK(seen["duration_ms"] == 250);
    CHECK_THAT(seen["reason"].get<std::string>(), Contains("no text within 250 ms"));
}

TEST_CASE("a peer that resets is down with that reason") {
    tcp_server server([](peer& client) { client.hear(1); }); // leaves the rest unread, so that closing resets
    rig tcp("tcp");
    const auto seen = tcp.measure(local(server.port(), {{{"send", "many words"}}, {{"expect", "x"}}}));
    CHECK(seen["failed_phase"] == "reply");
    CHECK_THAT(seen["reason"].get<std::string>(), Contains("reset the connection"));
}

TEST_CASE("reading ends at the limit") {
    tcp_server server([](peer& client) {
        client.say(std::string(5000, 'x'));
        client.end();
    });
    rig tcp("tcp");
    auto to = local(server.port(), {{{"expect", "ready"}}});
    to["max_bytes"] = 1000;
    const auto seen = tcp.measure(to);
    CHECK(seen["failed_phase"] == "reply");
    CHECK_THAT(seen["reason"].get<std::string>(), Contains("first 1000 bytes") && Contains("max_bytes"));
}

TEST_CASE("a prompt without the end of a line is found in the stream") {
    std::string heard;
    tcp_server server([&](peer& client) {
        client.say("Welcome\n\nlogin: ");
        heard = client.hear(3);
        client.say("ok");
    });
    rig tcp("tcp");
    const auto seen =
        tcp.measure(local(server.port(), {{{"expect", "login: $"}, {"match", "stream"}, {"send_hex", "00 ff 0A"}},
                                          {{"expect", "ok$"}, {"match", "stream"}}}));
    CHECK(seen["success"] == true);
    CHECK(heard == std::string("\0\xff\n", 3));
}

TEST_CASE("STARTTLS secures a conversation that began in the clear") {
    const authority ca;
    const scratch files;
    const auto context = ca.server();
    std::string heard;
    tcp_server server([&](peer& client) {
        client.say("220 ready\r\n");
        client.hear_to("STARTTLS\r\n");
        client.say("220 go ahead\r\n");
        client.secure(context.get());
        heard = client.hear_to("\r\n");
        client.say("250 secret\r\n");
        client.end();
    });
    rig tcp("tcp");
    auto to = local(server.port(), {{{"expect", "^220 "}, {"send", "STARTTLS\r\n"}},
                                    {{"expect", "^220 "}, {"starttls", true}},
                                    {{"send", "EHLO x\r\n"}},
                                    {{"expect", "^250 (.*)"}, {"labels", {{"said", "$1"}}}}});
    to["tls_config"] = {{"ca_file", files.write("ca.pem", ca.pem())}};
    const auto seen = tcp.measure(to);
    CHECK(seen["success"] == true);
    CHECK(seen["labels"]["expect_said"] == "secret");
    CHECK(seen["labels"]["tls_version"] == "TLS 1.3");
    CHECK(heard == "EHLO x\r\n");
}

TEST_CASE("text that comes in the clear behind the go-ahead of STARTTLS is not taken for the secured peer's") {
    tcp_server server([](peer& client) {
        client.say("220 go ahead\r\n250 injected\r\n");
        client.end();
    });
    rig tcp("tcp");
    const auto seen =
        tcp.measure(local(server.port(), {{{"expect", "^220 "}, {"starttls", true}}, {{"expect", "^250 "}}}));
    CHECK(seen["failed_phase"] == "tls");
    CHECK_THAT(seen["reason"].get<std::string>(), Contains("more text came before TLS began"));
}
