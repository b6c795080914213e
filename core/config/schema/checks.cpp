#include "config/schema/checks.hpp"

#include "base/clock.hpp"
#include "model/inventory_json.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <charconv>

namespace ferrule::config::schema {

std::string check_name(std::string_view text) {
    if (model::is_name(text))
        return {};
    return "\"" + std::string(text.substr(0, 60)) +
           "\" is not a name: use 1 to 128 letters, digits and any of . _ -, and begin with a letter or digit";
}

std::string check_host(std::string_view text) {
    if (model::is_host(text))
        return {};
    return "\"" + std::string(text.substr(0, 60)) + "\" is not a host: write a name or an address, without a port";
}

std::string check_listen(std::string_view text) {
    const auto colon = text.rfind(':');
    const auto host = text.substr(0, colon == std::string_view::npos ? text.size() : colon);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    const auto bare = bracketed ? host.substr(1, host.size() - 2) : host;
    unsigned port = 65536;
    if (colon != std::string_view::npos) {
        const char* end = text.data() + text.size();
        const auto [stop, failed] = std::from_chars(text.data() + colon + 1, end, port);
        if (failed != std::errc{} || stop != end)
            port = 65536;
    }
    const bool open_ipv6 = !bracketed && bare.find(':') != std::string_view::npos;
    if (port <= 65535 && !open_ipv6 && model::is_host(bare))
        return {};
    return "\"" + std::string(text.substr(0, 60)) +
           "\" is not an address to listen on: write host:port, such as 127.0.0.1:8520 or [::1]:8520";
}

std::string check_regex(std::string_view text) {
    int code = 0;
    PCRE2_SIZE offset = 0;
    auto* compiled = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                   PCRE2_CASELESS | PCRE2_MULTILINE | PCRE2_UTF, &code, &offset, nullptr);
    if (compiled != nullptr) {
        pcre2_code_free(compiled);
        return {};
    }
    std::array<PCRE2_UCHAR, 256> why{};
    pcre2_get_error_message(code, why.data(), why.size());
    return "this is not a regular expression: " + std::string(reinterpret_cast<const char*>(why.data())) +
           " at character " + std::to_string(offset + 1);
}

std::string check_token_hash(std::string_view text) {
    if (text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos)
        return {};
    return "this is not the hash of a token: it has 64 lower-case hexadecimal digits, and never is the token itself";
}

std::string check_not_empty(std::string_view text) {
    return text.empty() ? "must not be empty" : "";
}

} // namespace ferrule::config::schema
