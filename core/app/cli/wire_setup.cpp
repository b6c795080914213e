#include "app/cli/wire_setup.hpp"

#include "app/cli/server_choice.hpp"

namespace ferrule::app::cli {

namespace {

constexpr long connect_limit_ms = 5000;
constexpr std::string_view unix_prefix = "unix:";

std::string_view remedy(CURLcode why, const std::string& url) {
    switch (why) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return "an address is written http://HOST:PORT, https://HOST:PORT or unix:/PATH";
    case CURLE_SSL_CONNECT_ERROR:
        return "does it speak TLS at all? Otherwise write http://";
    case CURLE_PEER_FAILED_VERIFICATION:
        return "its certificate is not trusted: name the authority that signed it with --ca-file";
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
        return "check the files of --ca-file, --cert and --key";
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
        if (url.starts_with("http://"))
            return "does it speak TLS? Then write https://";
        if (url.starts_with("https://"))
            return "does it ask for a certificate (http.tls.client_ca)? Then give --cert and --key";
        break;
    default:
        break;
    }
    return "is the daemon running, and is the address right? Set FERRULE_URL or --url";
}

} // namespace

void set_up_transfer(CURL* handle, const server_choice& server, const std::string& path) {
    curl_easy_reset(handle);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    if (server.url.starts_with(unix_prefix)) {
        curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, server.url.c_str() + unix_prefix.size());
        curl_easy_setopt(handle, CURLOPT_URL, ("http://localhost" + path).c_str());
    } else {
        curl_easy_setopt(handle, CURLOPT_URL, (server.url + path).c_str());
    }
    if (is_of_this_machine(server.url))
        curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, connect_limit_ms);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    if (!server.ca_file.empty())
        curl_easy_setopt(handle, CURLOPT_CAINFO, server.ca_file.c_str());
    if (!server.cert.empty())
        curl_easy_setopt(handle, CURLOPT_SSLCERT, server.cert.c_str());
    if (!server.key.empty())
        curl_easy_setopt(handle, CURLOPT_SSLKEY, server.key.c_str());
}

error no_answer(const server_choice& server, CURLcode why) {
    return error("unreachable", "no answer from " + server.url + " (" + curl_easy_strerror(why) +
                                    "): " + std::string(remedy(why, server.url)));
}

} // namespace ferrule::app::cli
