#include "simdevice/text.hpp"

#include <charconv>

namespace ferrule::simdevice {

std::string to_crlf(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 16);
    char before = '\0';
    for (const char c : text) {
        if (c == '\n' && before != '\r') {
            out += '\r';
        }
        out += c;
        before = c;
    }
    return out;
}

bool has_placeholders(std::string_view text) {
    return text.find("${") != std::string_view::npos;
}

std::string expand(std::string_view text, const lookup& values) {
    std::string out;
    while (!text.empty()) {
        const auto start = text.find("${");
        const auto end = start == std::string_view::npos ? start : text.find('}', start);
        if (end == std::string_view::npos) {
            break;
        }
        out += text.substr(0, start);
        auto name = text.substr(start + 2, end - start - 2);
        std::size_t limit = std::string::npos;
        if (const auto colon = name.find(':'); colon != std::string_view::npos) {
            const auto digits = name.substr(colon + 1);
            std::from_chars(digits.data(), digits.data() + digits.size(), limit);
            name = name.substr(0, colon);
        }
        if (const auto value = values(name)) {
            out += value->substr(0, limit);
        } else {
            out += text.substr(start, end - start + 1);
        }
        text.remove_prefix(end + 1);
    }
    out += text;
    return out;
}

std::string unquote_word(std::string_view text) {
    std::string out;
    char quote = '\0';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quote != '\0') {
            if (c == quote) {
                quote = '\0';
            } else if (c == '\\' && quote == '"' && i + 1 < text.size()) {
                out += text[++i];
            } else {
                out += c;
            }
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == ' ' || c == ';') {
            break;
        } else if (c == '\\' && i + 1 < text.size()) {
            out += text[++i];
        } else {
            out += c;
        }
    }
    return out;
}

std::vector<std::string> split_sequence(std::string_view line) {
    std::vector<std::string> parts;
    char quote = '\0';
    std::size_t start = 0;
    for (std::size_t i = 0; i <= line.size(); ++i) {
        const char c = i < line.size() ? line[i] : ';';
        if (c == ';' && (quote == '\0' || i == line.size())) {
            if (const auto part = trimmed(line.substr(start, i - start)); !part.empty()) {
                parts.emplace_back(part);
            }
            start = i + 1;
        } else if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
        } else if (c == '\'' || c == '"') {
            quote = c;
        }
    }
    return parts;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

} // namespace ferrule::simdevice
