#include "base/redact.hpp"

#include <catch2/catch.hpp>

using namespace ferrule::base;

TEST_CASE("names of secrets are known in any spelling") {
    for (const auto* key :
         {"password",   "Password",    "PASSWORD",      "enable_password", "enable-password", "enablePassword",
          "passphrase", "secret",      "client_secret", "token",           "access-token",    "X-Api-Key",
          "api_key",    "private_key", "privateKey",    "Authorization",   "Cookie",          "Set-Cookie",
          "otp",        "pin",         "passwd"}) {
        INFO(key);
        CHECK(is_secret_key(key));
    }
    for (const auto* key : {"", "username", "host", "pinned", "topology", "spin", "key", "public", "enabled", "pass",
                            "command", "optional"}) {
        INFO(key);
        CHECK_FALSE(is_secret_key(key));
    }
}

TEST_CASE("secrets are masked wherever text quotes them, and nothing else is") {
    const std::pair<const char*, const char*> table[] = {
        {"password=hunter2", "password=[redacted]"},
        {"password = hunter2, user=bob", "password = [redacted], user=bob"},
        {"user=bob password: hunter2", "user=bob password: [redacted]"},
        {R"({"password": "hun\"ter2", "user": "bob"})", R"({"password": [redacted], "user": "bob"})"},
        {R"({"password":"hunter2"})", R"({"password":[redacted]})"},
        {"{'api_key': 'abc def'}", "{'api_key': [redacted]}"},
        {"Authorization: Bearer abc.def-ghi", "Authorization: [redacted]"},
        {"Authorization: Basic dXNlcjpwdw==", "Authorization: [redacted]"},
        {"sent bearer abcdef to it", "sent bearer [redacted] to it"},
        {"GET /x?token=abc&page=2", "GET /x?token=[redacted]&page=2"},
        {"https://bob:hunter2@example.net/x", "https://bob:[redacted]@example.net/x"},
        {"https://bob:hun@ter2@example.net/x", "https://bob:[redacted]@example.net/x"},
        {"https://example.net:443/a@b", "https://example.net:443/a@b"},
        {"ssh://bob@example.net", "ssh://bob@example.net"},
        {"a -----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY----- b", "a [redacted] b"},
        {"cut -----BEGIN RSA PRIVATE KEY-----\nabc", "cut [redacted]"},
        {"-----BEGIN CERTIFICATE-----\nabc", "-----BEGIN CERTIFICATE-----\nabc"},
        {"the password was refused", "the password was refused"},
        {"strategy: pinned", "strategy: pinned"},
        {"pin: 1234", "pin: [redacted]"},
        {"", ""},
        {"password=", "password="},
        {"password", "password"},
        {"\"password\": \"unterminated", "\"password\": [redacted]"},
    };
    for (const auto& [text, expected] : table) {
        INFO(text);
        CHECK(redact(text) == expected);
    }
}
