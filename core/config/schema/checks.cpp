#include "config/schema/checks.hpp"

#include "base/clock.hpp"
#include "model/inventory_json.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <charconv>
#include <filesystem>

namespace ferrule::config::schema {

namespace {

bool is_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
    return !text.empty() && read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

bool is_address(int family, std::string_view text) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return inet_pton(family, std::string(text).c_str(), bytes.data()) == 1;
}

// No names but localhost: what a name means can change, and a daemon must know where it listens.
bool is_listen_host(std::string_view host) {
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (!bracketed)
        return host == "*" || host == "localhost" || is_address(AF_INET, host);
    const auto inside = host.substr(1, host.size() - 2);
    return is_address(AF_INET6, inside.substr(0, inside.find('%'))); // %eth0 of a link-local address
}

} // namespace

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
    constexpr std::string_view unix_prefix = "unix:";
    constexpr std::size_t longest_unix_path = 107; // sockaddr_un
    if (text.starts_with(unix_prefix)) {
        const auto path = text.substr(unix_prefix.size());
        if (path.starts_with('/') && path.size() <= longest_unix_path)
            return {};
        return "\"" + std::string(text.substr(0, 60)) +
               "\" is not a socket to listen on: the path must be absolute and have at most " +
               std::to_string(longest_unix_path) + " characters";
    }
    const auto colon = text.rfind(':');
    const auto host = text.substr(0, colon == std::string_view::npos ? text.size() : colon);
    if (is_port(colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1)) && is_listen_host(host))
        return {};
    return "\"" + std::string(text.substr(0, 60)) +
           "\" is not an address to listen on: write ADDRESS:PORT, such as 127.0.0.1:8520, [::1]:8520 or *:8520, or "
           "unix:/PATH";
}

std::string check_listen_tcp(std::string_view text) {
    if (text.starts_with("unix:"))
        return "agents connect by TCP: write ADDRESS:PORT, such as *:8521";
    return check_listen(text);
}

std::string check_host_port(std::string_view text) {
    const auto colon = text.rfind(':');
    auto host = text.substr(0, colon == std::string_view::npos ? 0 : colon);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed)
        host = host.substr(1, host.size() - 2);
    const bool right = bracketed ? is_address(AF_INET6, host) : host.find(':') == host.npos && model::is_host(host);
    if (right && is_port(text.substr(colon + 1)) && text.substr(colon + 1) != "0")
        return {};
    return "\"" + std::string(text.substr(0, 60)) +
           "\" is not HOST:PORT: write a name or address with its port, such as controller.example.net:8521 or "
           "[2001:db8::1]:8521";
}

namespace {

std::string check_expression(std::string_view text, std::uint32_t options) {
    int code = 0;
    PCRE2_SIZE offset = 0;
    auto* compiled =
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), options, &code, &offset, nullptr);
    if (compiled != nullptr) {
        pcre2_code_free(compiled);
        return {};
    }
    std::array<PCRE2_UCHAR, 256> why{};
    pcre2_get_error_message(code, why.data(), why.size());
    return "this is not a regular expression: " + std::string(reinterpret_cast<const char*>(why.data())) +
           " at character " + std::to_string(offset + 1);
}

} // namespace

std::string check_regex(std::string_view text) {
    return check_expression(text, PCRE2_CASELESS | PCRE2_MULTILINE | PCRE2_UTF);
}

std::string check_whole_regex(std::string_view text) {
    return check_expression(text, PCRE2_UTF | PCRE2_DOTALL | PCRE2_ANCHORED | PCRE2_ENDANCHORED);
}

std::string check_absolute(std::string_view text) {
    const std::filesystem::path path(text);
    if (path.is_absolute() && path.lexically_normal().native() == text)
        return {};
    return "\"" + std::string(text.substr(0, 60)) + "\" is not an absolute path in its plain form, such as /usr/bin/df";
}

std::string check_public_key(std::string_view text) {
    constexpr std::string_view prefix = "ed25519:";
    constexpr std::size_t size = 44; // 32 bytes in base64
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (text.starts_with(prefix) && text.size() == prefix.size() + size && text.back() == '=' &&
        text.substr(prefix.size(), size - 1).find_first_not_of(letters) == std::string_view::npos)
        return {};
    return "this is not a controller's public key: write what \"ferrule command key\" prints, ed25519: and 44 "
           "characters";
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
