#include "base/redact.hpp"

#include "base/strings.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace ferrule::base {

namespace {

constexpr std::array<std::string_view, 14> secret_words{
    "password",  "passwd",        "passphrase", "secret",         "token",           "privatekey", "apikey",
    "accesskey", "authorization", "cookie",     "enablepassword", "credentialvalue", "otp",        "pin"};

// Exactly these; as parts of words they are harmless ("pinned", "topology").
constexpr std::array<std::string_view, 2> whole_words{"otp", "pin"};

bool word_char(char c) noexcept {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

std::string_view::size_type value_end(std::string_view text, std::size_t at) {
    if (at < text.size() && (text[at] == '"' || text[at] == '\'')) {
        const char quote = text[at];
        for (auto i = at + 1; i < text.size(); ++i) {
            if (text[i] == '\\')
                ++i;
            else if (text[i] == quote)
                return i + 1;
        }
        return text.size();
    }
    auto end = at;
    while (end < text.size() && std::isspace(static_cast<unsigned char>(text[end])) == 0 && text[end] != ',' &&
           text[end] != ';' && text[end] != '&' && text[end] != '}' && text[end] != ')')
        ++end;
    return end;
}

// `user:password@` between `://` and the end of the authority.
std::string redact_urls(std::string text) {
    for (auto at = text.find("://"); at != std::string::npos; at = text.find("://", at + 3)) {
        const auto begin = at + 3;
        const auto end = text.find_first_of(" \t\r\n/?#\"'<>", begin);
        const auto sign = text.substr(begin, end == std::string::npos ? end : end - begin).rfind('@');
        if (sign == std::string::npos)
            continue;
        const auto colon = text.find(':', begin);
        if (colon != std::string::npos && colon < begin + sign)
            text.replace(colon + 1, begin + sign - colon - 1, redacted);
    }
    return text;
}

std::string redact_keys(std::string text) {
    constexpr std::string_view begin_mark = "-----BEGIN ";
    for (auto at = text.find(begin_mark); at != std::string::npos; at = text.find(begin_mark, at + 1)) {
        const auto head = text.find("PRIVATE KEY-----", at);
        if (head == std::string::npos || head - at > 40)
            continue;
        const auto tail = text.find("PRIVATE KEY-----", head + 1);
        text.replace(at, tail == std::string::npos ? std::string::npos : tail + 16 - at, redacted);
    }
    return text;
}

} // namespace

bool is_secret_key(std::string_view key) noexcept {
    std::array<char, 64> flat{};
    std::size_t size = 0;
    for (const char c : key) {
        if (c == '_' || c == '-' || c == ' ' || c == '.')
            continue;
        if (size == flat.size())
            break;
        flat[size++] = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    const std::string_view name(flat.data(), size);
    return std::any_of(secret_words.begin(), secret_words.end(), [name](std::string_view word) {
        const bool whole = std::find(whole_words.begin(), whole_words.end(), word) != whole_words.end();
        return whole ? name == word : name.find(word) != std::string_view::npos;
    });
}

std::string redact(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        if (!word_char(text[i])) {
            out += text[i++];
            continue;
        }
        auto end = i;
        while (end < text.size() && word_char(text[end]))
            ++end;
        const auto word = text.substr(i, end - i);
        out += word;
        i = end;
        auto at = end;
        if (at < text.size() && (text[at] == '"' || text[at] == '\''))
            ++at;
        while (at < text.size() && text[at] == ' ')
            ++at;
        const bool assigned = at < text.size() && (text[at] == '=' || text[at] == ':') && is_secret_key(word);
        const bool bearer = equals_ignoring_case(word, "bearer") && end < text.size() && text[end] == ' ';
        if (!assigned && !bearer)
            continue;
        at = assigned ? at + 1 : end;
        while (at < text.size() && text[at] == ' ')
            ++at;
        auto stop = value_end(text, at);
        const auto value = text.substr(at, stop - at);
        if (assigned && (equals_ignoring_case(value, "bearer") || equals_ignoring_case(value, "basic"))) {
            while (stop < text.size() && text[stop] == ' ')
                ++stop;
            stop = value_end(text, stop);
        }
        out += text.substr(end, at - end);
        if (stop > at)
            out += redacted;
        i = stop;
    }
    return redact_keys(redact_urls(std::move(out)));
}

} // namespace ferrule::base
