#include "net/http_exchange.hpp"

#include "base/strings.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace ferrule::net {

namespace {

struct url_deleter {
    void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};

using url_handle = std::unique_ptr<CURLU, url_deleter>;

std::string part(CURLU* url, CURLUPart which) {
    char* text = nullptr;
    if (curl_url_get(url, which, &text, 0) != CURLUE_OK || text == nullptr)
        return {};
    std::string out(text);
    curl_free(text);
    return out;
}

base::duration microseconds(curl_off_t value) noexcept {
    return std::chrono::microseconds(value);
}

base::duration time_of(CURL* handle, CURLINFO which) noexcept {
    curl_off_t value = 0;
    curl_easy_getinfo(handle, which, &value);
    return microseconds(value);
}

bool has_line_break(std::string_view text) noexcept {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

std::string version_of(long number) {
    switch (number) {
    case CURL_HTTP_VERSION_1_0:
        return "1.0";
    case CURL_HTTP_VERSION_1_1:
        return "1.1";
    case CURL_HTTP_VERSION_2_0:
        return "2";
    case CURL_HTTP_VERSION_3:
        return "3";
    default:
        return {};
    }
}

} // namespace

http_exchange::http_exchange(std::uint64_t number, http_request request, asio::any_io_executor on, http_callback done)
    : number_(number)
    , request_(std::move(request))
    , on_(std::move(on))
    , done_(std::move(done)) {}

http_exchange::~http_exchange() {
    curl_slist_free_all(headers_);
    curl_slist_free_all(connect_to_);
}

void http_exchange::tell(result<http_response> what) {
    asio::post(on_, [done = std::move(done_), what = std::move(what)]() mutable { done(std::move(what)); });
}

result<void> http_exchange::prepare(CURL* handle, const http_client_settings& settings) {
    handle_ = handle;
    const url_handle url(curl_url());
    if (curl_url_set(url.get(), CURLUPART_URL, request_.url.c_str(), 0) != CURLUE_OK)
        return error("invalid_url", "the URL is not valid; it must look like https://host[:port]/path");
    const auto scheme = part(url.get(), CURLUPART_SCHEME);
    if (scheme != "http" && scheme != "https")
        return error("invalid_url", "the URL's scheme is '" + scheme + "'; only http and https can be used");
    shown_url_ = scheme + "://" + part(url.get(), CURLUPART_HOST);
    if (const auto port = part(url.get(), CURLUPART_PORT); !port.empty())
        shown_url_ += ":" + port;
    shown_url_ += part(url.get(), CURLUPART_PATH);

    curl_easy_setopt(handle, CURLOPT_URL, request_.url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PRIVATE, this);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, reason_);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &http_exchange::on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &http_exchange::on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, settings.user_agent.c_str());
    const auto wait = std::max<base::duration>(request_.timeout, std::chrono::milliseconds(1));
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(wait / std::chrono::milliseconds(1)));
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, request_.follow_redirects > 0 ? 1L : 0L);
    curl_easy_setopt(handle, CURLOPT_MAXREDIRS, static_cast<long>(request_.follow_redirects));
    curl_easy_setopt(handle, CURLOPT_PROXY, request_.proxy.c_str());
    curl_easy_setopt(handle, CURLOPT_IPRESOLVE,
                     static_cast<long>(request_.ip_version == 4   ? CURL_IPRESOLVE_V4
                                       : request_.ip_version == 6 ? CURL_IPRESOLVE_V6
                                                                  : CURL_IPRESOLVE_WHATEVER));
    curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, request_.fresh_connection ? 1L : 0L);
    curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, request_.fresh_connection ? 1L : 0L);
    if (request_.fresh_connection)
        curl_easy_setopt(handle, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    if (!request_.tls.server_name.empty())
        if (auto bad = set_server_name(url.get()); !bad)
            return bad;
    set_tls();
    if (auto bad = set_headers(); !bad)
        return bad;
    return set_method();
}

// The name goes into the URL, so that SNI and verification use it, and the connection is sent to the real host.
result<void> http_exchange::set_server_name(CURLU* url) {
    const auto& name = request_.tls.server_name;
    const auto host = part(url, CURLUPART_HOST);
    if (curl_url_set(url, CURLUPART_HOST, name.c_str(), 0) != CURLUE_OK)
        return error("invalid_request", "tls.server_name '" + name + "' is not a host name");
    curl_easy_setopt(handle_, CURLOPT_URL, part(url, CURLUPART_URL).c_str());
    connect_to_ = curl_slist_append(connect_to_, (name + "::" + host + ":").c_str());
    curl_easy_setopt(handle_, CURLOPT_CONNECT_TO, connect_to_);
    const bool has_host = std::ranges::any_of(
        request_.headers, [](const auto& each) { return base::equals_ignoring_case(each.first, "host"); });
    if (!has_host) {
        const auto port = part(url, CURLUPART_PORT);
        request_.headers.emplace_back("Host", port.empty() ? host : host + ":" + port);
    }
    return ok();
}

void http_exchange::set_tls() {
    curl_easy_setopt(handle_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    // libcurl keeps parsed certificates only while no folder of them is set, and Debian's sets one; reading the bundle
    // anew costs 16 ms each time.
    curl_easy_setopt(handle_, CURLOPT_CAPATH, nullptr);
    curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYPEER, request_.tls.verify ? 1L : 0L);
    curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYHOST, request_.tls.verify ? 2L : 0L);
    if (!request_.tls.ca_file.empty())
        curl_easy_setopt(handle_, CURLOPT_CAINFO, request_.tls.ca_file.c_str());
    if (!request_.tls.client_cert.empty()) {
        curl_easy_setopt(handle_, CURLOPT_SSLCERT, request_.tls.client_cert.c_str());
        const auto& key = request_.tls.client_key.empty() ? request_.tls.client_cert : request_.tls.client_key;
        curl_easy_setopt(handle_, CURLOPT_SSLKEY, key.c_str());
    }
}

result<void> http_exchange::set_headers() {
    for (const auto& [name, value] : request_.headers) {
        if (name.empty() || has_line_break(name) || has_line_break(value) || name.find(':') != std::string::npos)
            return error("invalid_request", "a header has a name or value that is not allowed in HTTP");
        // libcurl's way of writing a header without a value.
        const auto line = value.empty() ? name + ";" : name + ": " + value;
        headers_ = curl_slist_append(headers_, line.c_str());
    }
    // No pause to ask whether a body is welcome.
    headers_ = curl_slist_append(headers_, "Expect:");
    curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, headers_);
    return ok();
}

result<void> http_exchange::set_method() {
    const auto& method = request_.method;
    if (method.empty() || !std::ranges::all_of(method, [](char c) { return c >= 'A' && c <= 'Z'; }))
        return error("invalid_request", "the method must be one word in capitals, such as GET");
    if (method == "HEAD") {
        curl_easy_setopt(handle_, CURLOPT_NOBODY, 1L);
        return ok();
    }
    if (!request_.body.empty() || method == "POST" || method == "PUT" || method == "PATCH") {
        curl_easy_setopt(handle_, CURLOPT_POST, 1L);
        curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, request_.body.c_str());
        curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    }
    if (method != "GET" && method != "POST")
        curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, method.c_str());
    else if (method == "GET" && !request_.body.empty())
        curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, "GET");
    return ok();
}

std::size_t http_exchange::on_body(char* data, std::size_t size, std::size_t count, void* self) {
    auto& mine = *static_cast<http_exchange*>(self);
    const auto bytes = size * count;
    if (bytes > mine.request_.max_body - std::min(mine.request_.max_body, mine.response_.body.size())) {
        mine.too_large_ = true;
        return 0;
    }
    mine.response_.body.append(data, bytes);
    return bytes;
}

std::size_t http_exchange::on_header(char* data, std::size_t size, std::size_t count, void* self) {
    auto& mine = *static_cast<http_exchange*>(self);
    const std::string_view line(data, size * count);
    if (line.starts_with("HTTP/")) {
        // Another answer: after a redirect, or after 1xx.
        mine.response_.headers.clear();
        mine.response_.body.clear();
    } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
        mine.response_.headers.emplace_back(base::trim(line.substr(0, colon)), base::trim(line.substr(colon + 1)));
    }
    return size * count;
}

http_phases http_exchange::phases() const {
    const auto resolved = time_of(handle_, CURLINFO_NAMELOOKUP_TIME_T);
    const auto connected = std::max(resolved, time_of(handle_, CURLINFO_CONNECT_TIME_T));
    const auto secured = std::max(connected, time_of(handle_, CURLINFO_APPCONNECT_TIME_T));
    const auto answered = std::max(secured, time_of(handle_, CURLINFO_STARTTRANSFER_TIME_T));
    const auto total = std::max(answered, time_of(handle_, CURLINFO_TOTAL_TIME_T));
    http_phases out;
    out.resolve = resolved;
    out.connect = connected - resolved;
    out.tls = secured - connected;
    out.processing = answered - secured;
    out.transfer = total - answered;
    out.total = total;
    return out;
}

result<http_response> http_exchange::outcome(CURLcode code) {
    if (code != CURLE_OK)
        return failure(code);
    long number = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &number);
    response_.status = static_cast<int>(number);
    curl_easy_getinfo(handle_, CURLINFO_HTTP_VERSION, &number);
    response_.version = version_of(number);
    curl_easy_getinfo(handle_, CURLINFO_REDIRECT_COUNT, &number);
    response_.redirects = static_cast<unsigned>(number);
    char* ip = nullptr;
    if (curl_easy_getinfo(handle_, CURLINFO_PRIMARY_IP, &ip) == CURLE_OK && ip != nullptr)
        response_.ip = ip;
    response_.phases = phases();
    return std::move(response_);
}

error http_exchange::failure(CURLcode code) const {
    const std::string reason = reason_[0] != '\0' ? reason_ : curl_easy_strerror(code);
    const auto made = [&](const char* name, bool retryable) {
        return error(name, request_.method + " " + shown_url_ + ": " + reason, retryable);
    };
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return made("resolve_failed", true);
    case CURLE_COULDNT_CONNECT: {
        long number = 0;
        curl_easy_getinfo(handle_, CURLINFO_OS_ERRNO, &number);
        return made(number == ECONNREFUSED ? "connection_refused" : "connect_failed", true);
    }
    case CURLE_OPERATION_TIMEDOUT: {
        const bool connected = time_of(handle_, CURLINFO_CONNECT_TIME_T) > base::duration::zero();
        return made(connected ? "deadline" : "connect_timeout", true);
    }
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return made("certificate_invalid", false);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ENGINE_NOTFOUND:
        return made("tls_failed", false);
    case CURLE_TOO_MANY_REDIRECTS:
        return made("too_many_redirects", false);
    case CURLE_WRITE_ERROR:
        if (too_large_)
            return error("body_too_large", request_.method + " " + shown_url_ + ": the body is longer than " +
                                               std::to_string(request_.max_body) + " bytes");
        return made("protocol_error", true);
    default:
        return made("protocol_error", true);
    }
}

} // namespace ferrule::net
