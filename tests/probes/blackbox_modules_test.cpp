#include "probes/blackbox/module_file.hpp"

#include "base/json.hpp"

#include "support/print_result.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace ferrule::probes::blackbox;
using base::json;
using Catch::Matchers::Contains;

namespace {

result<module_set> read(const std::string& text, beyond_us what = beyond_us::refuse) {
    return read_modules(text, "blackbox.yml", "/etc/prometheus", what);
}

// One module "m" with these options of a prober.
result<module_set> read_one(const std::string& prober, const std::string& options) {
    return read("modules:\n  m:\n    prober: " + prober + "\n    " + prober + ":\n      " + options + "\n");
}

json settings_of(const std::string& prober, const std::string& options) {
    const auto all = read_one(prober, options);
    INFO((all ? std::string() : all.error().message()));
    REQUIRE(all);
    return json::parse(all->known.at("m").settings);
}

std::string complaint(const std::string& prober, const std::string& options) {
    const auto all = read_one(prober, options);
    REQUIRE_FALSE(all);
    CHECK(all.error().code() == "invalid_modules");
    return all.error().message();
}

std::string complaint(const std::string& text) {
    const auto all = read(text);
    REQUIRE_FALSE(all);
    return all.error().message();
}

} // namespace

TEST_CASE("modules without options are what blackbox_exporter makes of them") {
    const auto all = read("modules: {h: {prober: http}, t: {prober: tcp, tcp:}, i: {prober: icmp}}");
    REQUIRE(all);
    const auto http = json::parse(all->known.at("h").settings);
    CHECK(http["method"] == "GET");
    CHECK(http["ip_version"] == 6);
    CHECK(http["ip_fallback"] == true);
    CHECK(http["follow_redirects"] == true);
    CHECK(http["max_redirects"] == 10);
    CHECK(http["http2"] == true);
    CHECK(http["compression"] == "none");
    CHECK(http["body_size_limit"] == 1 << 30);
    CHECK(http["tls_config"] == json{{"min_version", "1.2"}});
    CHECK_FALSE(all->known.at("h").timeout);
    CHECK(json::parse(all->known.at("i").settings) == json{{"count", 1}, {"ip_version", 6}, {"ip_fallback", true}});
    CHECK(json::parse(all->known.at("t").settings)["tls"] == false);
    CHECK(all->known.at("t").how == prober::tcp);
    CHECK(all->warnings.empty());
}

TEST_CASE("every option of an http module has its place") {
    const auto got = settings_of("http", R"({valid_status_codes: [200, 404], valid_http_versions: [HTTP/1.1, HTTP/2.0],
        preferred_ip_protocol: ip4, ip_protocol_fallback: no, method: POST, body: '{}', compression: gzip,
        headers: {Host: a.example, Accept-Encoding: 'br;q=0.1, gzip', X-Number: 5}, no_follow_redirects: true, fail_if_ssl: off,
        fail_if_not_ssl: on, fail_if_body_matches_regexp: ['a$'], fail_if_body_not_matches_regexp: [b, c],
        fail_if_header_matches: [{header: Set-Cookie, regexp: '.*', allow_missing: true}],
        fail_if_header_not_matches: [{header: Server, regexp: 'x$'}], body_size_limit: 10MB, enable_http2: false,
        basic_auth: {username: me, password: secret}, proxy_url: 'http://proxy:3128', proxy_connect_header: {X-A: [b]},
        tls_config: {insecure_skip_verify: true, ca_file: ca.pem, cert_file: /c.pem, key_file: ../k.pem, server_name: n.example,
                     min_version: TLS10, max_version: TLS13}})");
    const auto wanted =
        json::parse(R"({"valid_status_codes": ["200", "404"], "valid_http_versions": ["HTTP/1.1", "HTTP/2.0"],
        "ip_version": 4, "ip_fallback": false, "method": "POST", "body": "{}", "compression": "gzip", "compression_asked": false, "compression_required": true,
        "headers": {"Host": "a.example", "Accept-Encoding": "br;q=0.1, gzip", "X-Number": "5"}, "follow_redirects": false,
        "max_redirects": 10, "fail_if_not_ssl": true, "fail_if_body_matches_regexp": ["a\\z"],
        "fail_if_body_not_matches_regexp": ["b", "c"],
        "fail_if_header_matches": [{"header": "Set-Cookie", "regexp": ".*", "allow_missing": true}],
        "fail_if_header_not_matches": [{"header": "Server", "regexp": "x\\z", "allow_missing": false}],
        "body_size_limit": 10485760, "http2": false, "basic_auth": {"username": "me", "password": "secret"},
        "proxy_url": "http://proxy:3128", "proxy_headers": {"X-A": "b"},
        "tls_config": {"verify": false, "ca_file": "/etc/prometheus/ca.pem", "client_cert": "/c.pem", "client_key": "/etc/k.pem",
                       "server_name": "n.example", "min_version": "1.0", "max_version": "1.3"}})");
    CHECK(got == wanted);
}

TEST_CASE("SOCKS proxies are taken from a module, without the headers of HTTP proxies") {
    const std::string url = GENERATE("socks5://me:hush@proxy:1080", "socks5h://proxy");
    const auto all = read("modules: {m: {prober: http, http: {proxy_url: '" + url +
                          "', proxy_connect_header: {X-A: [b]}, skip_resolve_phase_with_proxy: true}}}");
    REQUIRE(all);
    const auto& got = all->known.at("m");
    CHECK(json::parse(got.settings)["proxy_url"] == url);
    CHECK_FALSE(json::parse(got.settings).contains("proxy_headers"));
    CHECK(got.leaves_resolving);
    CHECK_THAT(shown_settings(got), !Contains("hush"));
    REQUIRE(all->warnings.size() == 1);
    CHECK_THAT(all->warnings.front(), Contains("proxy_connect_header: is not used, for a SOCKS proxy"));
}

TEST_CASE("every option of tcp, icmp and dns modules has its place") {
    CHECK(settings_of("tcp", R"({tls: true, source_ip_address: 192.0.2.1, tls_config: {server_name: a},
              query_response: [{expect: '^220 ([^ ]+)$', send: 'EHLO $1'}, {send: 'a$b'}, {}, {expect: x, labels: [{name: l, value: $1}]}]})") ==
          json::parse(R"({"ip_version": 6, "ip_fallback": true, "source": "192.0.2.1", "tls": true,
              "tls_config": {"server_name": "a", "min_version": "1.2"},
              "steps": [{"expect": "^220 ([^ ]+)\\z", "send": "EHLO ${1}\n"}, {"send": "a$$b\n"},
                        {"expect": "x", "labels": {"l": "${1}"}}]})"));
    CHECK(
        settings_of("icmp", "{payload_size: 100, dont_fragment: true, ttl: 5, source_ip_address: '::1'}") ==
        json::parse(
            R"({"count": 1, "ip_version": 6, "ip_fallback": true, "size": 100, "dont_fragment": true, "ttl": 5, "source": "::1"})"));
    CHECK(settings_of("icmp", "{payload_size: 0, ttl: 0}") == settings_of("icmp", "{}"));
    CHECK(
        settings_of("dns", R"({query_name: example.org, query_type: SOA, query_class: CH, recursion_desired: false,
              transport_protocol: tcp, dns_over_tls: true, valid_rcodes: [NOERROR, NXDOMAIN],
              validate_answer_rrs: {fail_if_matches_regexp: [a], fail_if_all_match_regexp: [b]},
              validate_authority_rrs: {fail_if_not_matches_regexp: [c]},
              validate_additional_rrs: {fail_if_none_matches_regexp: [d]}})") ==
        json::parse(
            R"({"ip_version": 6, "ip_fallback": true, "tls_config": {"min_version": "1.2"}, "query_name": "example.org",
              "query_type": "SOA", "query_class": "CH", "recursion_desired": false, "transport": "tls", "attempts": 1,
              "valid_rcodes": ["NOERROR", "NXDOMAIN"],
              "validate_answer_rrs": {"fail_if_matches_regexp": ["a"], "fail_if_all_match_regexp": ["b"]},
              "validate_authority_rrs": {"fail_if_not_matches_regexp": ["c"]},
              "validate_additional_rrs": {"fail_if_none_matches_regexp": ["d"]}})"));
    CHECK(settings_of("dns", "{query_name: a}")["query_type"] == "ANY");
    CHECK(settings_of("dns", "{query_name: a}")["transport"] == "udp");
}

TEST_CASE("secrets in files are named with their place, relative to the module file") {
    const auto file_of = [](const std::string& options) {
        const auto all = read_one("http", options);
        REQUIRE(all);
        const auto& files = all->known.at("m").files;
        REQUIRE(files.size() == 1);
        return files.front().path + " " + files.front().pointer + " " + files.front().before;
    };
    CHECK(file_of("bearer_token_file: token") == "/etc/prometheus/token /bearer_token ");
    CHECK(file_of("basic_auth: {username: a, password_file: /p}") == "/p /basic_auth/password ");
    CHECK(file_of("authorization: {credentials_file: /c}") == "/c /bearer_token ");
    CHECK(file_of("authorization: {type: Token, credentials_file: /c}") == "/c /headers/Authorization Token ");
    CHECK(settings_of("http", "bearer_token: t")["bearer_token"] == "t");
    CHECK(settings_of("http", "authorization: {type: Token, credentials: t}")["headers"]["Authorization"] == "Token t");
}

TEST_CASE("a bad module file is refused with the place and what to do") {
    CHECK(complaint("http", "methd: GET") ==
          "blackbox.yml:5:7: modules.m.http.methd: unknown key; did you mean \"method\"?");
    CHECK(complaint("http", "fail_if_body_matches_regexp: ['a', '(']") ==
          "blackbox.yml:5:42: modules.m.http.fail_if_body_matches_regexp[1]: this is not a regular expression: missing "
          "closing "
          "parenthesis at character 2");
    CHECK(complaint("http", "headers: {A b: c}") ==
          "blackbox.yml:5:22: modules.m.http.headers.A b: this is no name of a header");
    CHECK(
        complaint("http", "{headers: {Accept-Encoding: 'gzip;q=0, br'}, compression: gzip}") ==
        "blackbox.yml:5:35: modules.m.http.headers.Accept-Encoding: does not accept gzip, which compression asks for");
    CHECK(complaint("http", "body_size_limit: 10") == "blackbox.yml:5:24: modules.m.http.body_size_limit: expected a "
                                                      "size with its unit, such as 512B, 10MB or 10MiB");
    CHECK_THAT(complaint("http", "valid_status_codes: [2xx]"), Contains("expected a status code from 100 to 999"));
    CHECK_THAT(complaint("http", "valid_http_versions: [HTTP/3.0]"),
               Contains("is not one of HTTP/1.0, HTTP/1.1, HTTP/2.0"));
    CHECK_THAT(complaint("http", "preferred_ip_protocol: ipv4"), Contains("\"ipv4\" is not one of ip4, ip6"));
    CHECK_THAT(complaint("http", "{basic_auth: {username: a}, bearer_token: b}"),
               Contains("bearer_token: stands beside basic_auth; give one of them"));
    CHECK_THAT(
        complaint("http", "oauth2: {client_id: a}"),
        Contains("modules.m.http.oauth2: blackbox_exporter has this and Ferrule has not; have something else fetch"));
    CHECK_THAT(complaint("http", "proxy_url: 'https://a:1'"),
               Contains("goes through proxies of http://, socks5:// and socks5h:// only"));
    CHECK_THAT(complaint("http", "proxy_url: 'socks5://'"), Contains("expected socks5://HOST:PORT"));
    CHECK_THAT(complaint("http", "tls_config: {cert_file: a}"),
               Contains("tls_config.cert_file: cert_file and key_file belong together"));
    CHECK_THAT(complaint("http", "tls_config: {max_version: TLS11}"), Contains("is older than min_version"));
    CHECK_THAT(complaint("http", "fail_if_header_matches: [{header: a}]"),
               Contains("fail_if_header_matches[0].regexp: is missing: a regular expression"));
    CHECK_THAT(complaint("http", "{fail_if_ssl: true, fail_if_not_ssl: true}"), Contains("nothing can meet both"));
    CHECK_THAT(complaint("tcp", "{tls: true, query_response: [{starttls: true}]}"), Contains("TLS has begun already"));
    CHECK_THAT(complaint("tcp", "source_ip_address: eth0"), Contains("expected an address of this machine"));
    CHECK_THAT(complaint("icmp", "payload_size: 5"), Contains("give at least 16"));
    CHECK_THAT(complaint("icmp", "ttl: 256"), Contains("expected a whole number from 0 to 255; found 256"));
    CHECK_THAT(complaint("dns", "query_type: A"), Contains("modules.m.dns.query_name: is missing"));
    CHECK_THAT(complaint("dns", "{query_name: a, query_type: FOO}"), Contains("write TYPE and its number"));
    CHECK_THAT(complaint("dns", "{query_name: a, dns_over_tls: true}"), Contains("add \"transport_protocol: tcp\""));
    CHECK_THAT(complaint("dns", "{query_name: a, valid_rcodes: [NOERROR, OOPS]}"),
               Contains("valid_rcodes[1]: \"OOPS\""));
    CHECK_THAT(complaint("dns", "{query_name: 'a..b'}"), Contains("is not a domain name"));
}

TEST_CASE("what is wrong around the options is told too") {
    CHECK(complaint("modules:\n  m: {prober: grpc, grpc: {tls: true}}\n") ==
          "blackbox.yml:2:15: modules.m.prober: blackbox_exporter has the prober grpc and Ferrule has not; remove the "
          "module, or keep "
          "blackbox_exporter for it");
    CHECK(complaint("modules:\n  m: {prober: carrier}\n") ==
          "blackbox.yml:2:15: modules.m.prober: \"carrier\" is not one of http, tcp, icmp, dns");
    CHECK(complaint("modules:\n  m: {timeout: 5s}\n") ==
          "blackbox.yml:2:6: modules.m.prober: is missing: one of http, tcp, icmp and dns");
    CHECK(complaint("modules:\n  m: {prober: http, timeout: 5}\n") ==
          "blackbox.yml:2:30: modules.m.timeout: expected a duration with its unit of at most 24h, such as 5s or "
          "500ms; found \"5\"");
    CHECK_THAT(complaint("moduls: {}"), Contains("moduls: unknown key; did you mean \"modules\"?"));
    CHECK_THAT(complaint("{}"), Contains("modules: is missing"));
    CHECK_THAT(complaint("modules: [a]"), Contains("modules: expected a map; found a list"));
    CHECK_THAT(complaint("modules: {m: {prober: http, http: [a]}}"),
               Contains("modules.m.http: expected a map; found a list"));
    CHECK_THAT(complaint("modules: {m: {prober: http}, m: {prober: tcp}}"), Contains("m"));
    CHECK_THAT(complaint("modules: {m: {prober: http"), Contains("blackbox.yml:1"));
    const auto both = complaint("modules:\n  a: {prober: x}\n  b: {prober: http, http: {method: 'A B'}}\n");
    CHECK_THAT(both, Contains("modules.a.prober") && Contains("modules.b.http.method"));
}

TEST_CASE("secrets are not quoted by what is told of a file") {
    const auto told = complaint("modules: {m: {prober: http, http: {bearer_token: hush, headers: {A: hush, B: [hush]}, "
                                "basic_auth: {username: a, password: hush}, proxy_url: 'https://u:hush@p'}}}");
    CHECK(told.find("hush") == std::string::npos);
    for (const auto* slip :
         {"prober: http, http: {authorization: Bearer hush}", "prober: http, http: {basic_auth: 'me:hush'}",
          "prober: http, http: {headers: 'Authorization: hush'}",
          "prober: http, http: {proxy_connect_header: {A: Basic hush}}",
          "prober: tcp, tcp: {query_response: [PASS hush]}", "prober: tcp, tcp: {query_response: hush}"}) {
        const auto said = complaint("modules: {m: {" + std::string(slip) + "}}");
        CHECK_FALSE(said.empty());
        CHECK(said.find("hush") == std::string::npos);
    }
    const auto all = read("modules: {m: {prober: http, http: {bearer_token: hush, headers: {A: hush}, body: hush, "
                          "proxy_url: 'http://u:hush@p', proxy_connect_header: {B: [hush]}}}, "
                          "t: {prober: tcp, tcp: {query_response: [{send: PASS hush}]}}}");
    REQUIRE(all);
    for (const auto& [name, each] : all->known)
        CHECK(shown_settings(each).find("hush") == std::string::npos);
    CHECK(shown_settings(all->known.at("m")).find("\"A\":\"<hidden>\"") != std::string::npos);
}

TEST_CASE("a header Authorization beats the module's login") {
    const auto got = settings_of(
        "http",
        "{headers: {authorization: Mine x}, authorization: {type: Token, credentials: hush}, enable_http2: true}");
    CHECK(got["headers"] == json{{"authorization", "Mine x"}});
    CHECK_FALSE(settings_of("http", "{headers: {AUTHORIZATION: Mine x}, basic_auth: {username: a, password: b}}")
                    .contains("basic_auth"));
    CHECK_FALSE(settings_of("http", "{headers: {Authorization: Mine x}, bearer_token: b}").contains("bearer_token"));
}

TEST_CASE("modules with credentials are named, with their place, for where others than admins may ask") {
    const auto all = read("modules:\n"
                          "  a: {prober: http, http: {basic_auth: {username: u, password: hush}}}\n"
                          "  b: {prober: http, http: {bearer_token_file: token}}\n"
                          "  c: {prober: http, http: {headers: {X-Api-Key: hush}}}\n"
                          "  d: {prober: http, http: {authorization: {type: Token, credentials: hush}}}\n"
                          "  e: {prober: http, http: {headers: {Accept: text/plain}, basic_auth: {username: u}}}\n"
                          "  f: {prober: tcp}\n");
    REQUIRE(all);
    REQUIRE(all->with_credentials.size() == 4);
    CHECK_THAT(all->with_credentials[0], Contains("blackbox.yml:2:3: modules.a: has credentials, which go to whatever "
                                                  "server a caller names"));
    CHECK_THAT(all->with_credentials[1], Contains("blackbox.yml:3:3: modules.b: "));
    CHECK_THAT(all->with_credentials[2], Contains("modules.c: "));
    CHECK_THAT(all->with_credentials[3], Contains("modules.d: ") && !Contains("hush"));
}

TEST_CASE("keys of newer versions leave their module out like other things beyond us") {
    for (const auto* each : {"tls_config: {ca: x}", "tls_config: {key_ref: x}", "basic_auth: {username_file: x}",
                             "basic_auth: {username: u, password_ref: x}", "authorization: {credentials_ref: x}"}) {
        INFO(each);
        const auto text = "modules: {m: {prober: http, http: {" + std::string(each) + "}}}";
        CHECK_THAT(complaint(text), Contains("blackbox_exporter has this and Ferrule has not"));
        const auto all = read(text, beyond_us::leave_out);
        REQUIRE(all);
        CHECK(all->left_out.contains("m"));
    }
}

TEST_CASE("modules beyond us can be left out, with the reason") {
    const std::string text = "modules: {a: {prober: http}, b: {prober: grpc}, c: {prober: http, http: {oauth2: {}}}}";
    const auto all = read(text, beyond_us::leave_out);
    REQUIRE(all);
    CHECK(all->known.size() == 1);
    CHECK_THAT(all->left_out.at("b"), Contains("modules.b.prober: blackbox_exporter has the prober grpc"));
    CHECK(all->left_out.contains("c"));
    CHECK_FALSE(read("modules: {b: {prober: grpc}, c: {prober: tpc}}", beyond_us::leave_out));
}

TEST_CASE("a section that the prober does not use is checked, and told of") {
    const auto all = read("modules: {m: {prober: tcp, http: {method: GET}}}");
    REQUIRE(all);
    REQUIRE(all->warnings.size() == 1);
    CHECK(all->warnings.front() == "blackbox.yml:1:34: modules.m.http: is not used, for the prober is tcp");
    CHECK_FALSE(read("modules: {m: {prober: tcp, http: {methd: GET}}}"));
}

TEST_CASE("without a file there are the modules that everybody knows") {
    const auto& all = default_modules();
    for (const auto* name :
         {"http_2xx", "http_post_2xx", "tcp_connect", "pop3s_banner", "ssh_banner", "irc_banner", "icmp", "icmp_ttl5"})
        CHECK(all.known.contains(name));
    CHECK(all.known.at("icmp_ttl5").timeout == std::chrono::seconds(5));
}
