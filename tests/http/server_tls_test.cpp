#include "http/http_client.hpp"
#include "http/server_fixture.hpp"

#include <catch2/catch.hpp>

#include <openssl/ssl.h>

#include <cstdlib>
#include <filesystem>

#include <unistd.h>

using namespace ferrule;
using namespace ferrule::http_test;

namespace {

// A key and a certificate made by the openssl program, as an operator would.
struct certificate {
    certificate()
        : folder(std::filesystem::temp_directory_path() / ("ferrule-tls-test-" + std::to_string(::getpid()))) {
        std::filesystem::create_directories(folder);
        const auto command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
                             "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout '" +
                             key() + "' -out '" + file() + "' 2>/dev/null";
        if (std::system(command.c_str()) != 0)
            throw std::runtime_error("openssl cannot make a certificate");
    }

    ~certificate() { std::filesystem::remove_all(folder); }

    [[nodiscard]] std::string key() const { return (folder / "key.pem").string(); }

    [[nodiscard]] std::string file() const { return (folder / "cert.pem").string(); }

    std::filesystem::path folder;
};

config::http_settings with(const certificate& made) {
    auto wanted = fixture::settings();
    wanted.tls.cert = made.file();
    wanted.tls.key = made.key();
    return wanted;
}

tls_offer offer(const certificate& made, std::string alpn = "http/1.1", int least = 0, int most = 0) {
    return {made.file(), std::move(alpn), least, most};
}

} // namespace

TEST_CASE("TLS 1.3 is preferred and http/1.1 agreed upon") {
    const certificate made;
    fixture on(with(made));
    client connection(on.address(), offer(made));
    CHECK(connection.tls_version() == "TLSv1.3");
    CHECK(connection.alpn() == "http/1.1");
    for (int i = 0; i < 3; ++i) {
        connection.request("GET /hello");
        CHECK(connection.read().status == 200);
    }
    connection.request("GET /big");
    CHECK(connection.read().body.size() == 4U << 20U);
    const std::string text = "\"" + std::string(100'000, 'x') + "\"";
    connection.request("POST /echo", "Content-Type: application/json\r\nConnection: close\r\n", text);
    CHECK(connection.read().body == text);
    CHECK(connection.read_to_end().empty());
}

TEST_CASE("TLS 1.2 is served unless the settings demand more, what is older never") {
    const certificate made;
    auto wanted = with(made);
    SECTION("by default") {
        fixture on(wanted);
        client old(on.address(), offer(made, "", TLS1_2_VERSION, TLS1_2_VERSION));
        CHECK(old.tls_version() == "TLSv1.2");
        CHECK(old.alpn().empty());
        old.request("GET /hello");
        CHECK(old.read().status == 200);
        CHECK_THROWS(client(on.address(), offer(made, "", TLS1_1_VERSION, TLS1_1_VERSION)));
    }
    SECTION("with 1.3 as the least") {
        wanted.tls.min_version = config::tls_version::tls_1_3;
        fixture on(wanted);
        CHECK_THROWS(client(on.address(), offer(made, "", TLS1_2_VERSION, TLS1_2_VERSION)));
        CHECK(client(on.address(), offer(made)).tls_version() == "TLSv1.3");
    }
}

TEST_CASE("a client that insists on HTTP/2 is refused in the handshake") {
    const certificate made;
    fixture on(with(made));
    CHECK_THROWS(client(on.address(), offer(made, "h2")));
}

TEST_CASE("plain text to a TLS port ends the connection and nothing else") {
    const certificate made;
    fixture on(with(made));
    client plain(on.address());
    plain.request("GET /hello");
    plain.read_to_end();
    client connection(on.address(), offer(made));
    connection.request("GET /hello");
    CHECK(connection.read().status == 200);
}

TEST_CASE("a handshake that does not come is given up") {
    const certificate made;
    auto wanted = with(made);
    wanted.header_timeout = std::chrono::milliseconds(50);
    fixture on(wanted);
    client silent(on.address());
    CHECK(silent.read_to_end().empty());
}

TEST_CASE("streams work over TLS and end with their client") {
    const certificate made;
    fixture on(with(made));
    {
        client connection(on.address(), offer(made));
        connection.request("GET /ticks");
        connection.read_until("tick\r\n");
        on.held.wait();
    }
    on.let_go.wait();
    SUCCEED("the producer was cancelled");
}

TEST_CASE("a certificate that cannot be read stops the start") {
    const certificate made;
    auto wanted = with(made);
    wanted.tls.key = made.folder / "absent.pem";
    CHECK_THROWS(fixture(wanted));
}
