#include "api/parameters.hpp"

#include "base/id.hpp"
#include "base/strings.hpp"
#include "model/inventory_json.hpp"

#include <algorithm>
#include <charconv>

namespace ferrule::api {

namespace {

std::optional<std::uint64_t> whole_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
        return std::nullopt;
    return value;
}

// The parser quotes what stands at the fault, which may be a password; the place is enough to find it.
error without_quotation(const error& fault) {
    auto message = fault.message();
    const auto quoted = message.find(" near '");
    const auto place = message.rfind(" at line ");
    if (quoted != std::string::npos && place != std::string::npos && quoted < place)
        message.erase(quoted, place - quoted);
    return error(fault.code(), std::move(message));
}

} // namespace

parameter_reader::parameter_reader(const http::request& asked)
    : asked_(asked) {}

std::optional<std::string> parameter_reader::text(std::string_view name, std::size_t most) {
    std::optional<std::string> found;
    for (const auto& [key, value] : asked_.query) {
        if (key != name)
            continue;
        if (found)
            complain(name, "stands more than once");
        found = value;
    }
    if (found && found->empty())
        complain(name, "must not be empty");
    if (found && found->size() > most)
        complain(name, "is longer than " + std::to_string(most) + " characters");
    return found;
}

std::uint32_t parameter_reader::limit() {
    const auto given = text("limit");
    if (!given)
        return default_limit;
    const auto value = whole_number(*given);
    if (!value || *value < 1 || *value > most_limit) {
        complain("limit", "must be a whole number from 1 to " + std::to_string(most_limit));
        return default_limit;
    }
    return static_cast<std::uint32_t>(*value);
}

std::string parameter_reader::id_cursor() {
    auto given = text("cursor").value_or("");
    if (!given.empty() && !base::is_id(given))
        complain("cursor", "is not the \"next\" of a page");
    return given;
}

bool parameter_reader::boolean(std::string_view name) {
    const auto given = text(name);
    if (given && *given != "true" && *given != "false")
        complain(name, "must be true or false");
    return given == "true";
}

std::optional<base::duration> parameter_reader::time_span(std::string_view name, base::duration most) {
    const auto given = text(name);
    if (!given)
        return std::nullopt;
    const auto value = base::parse_duration(*given);
    if (!value) {
        complain(name, value.error().message());
        return std::nullopt;
    }
    if (*value > most)
        complain(name, "must be at most " + base::to_text(most));
    return *value;
}

std::optional<std::uint64_t> parameter_reader::number(std::string_view name) {
    const auto given = text(name);
    if (!given)
        return std::nullopt;
    const auto value = whole_number(*given);
    if (!value)
        complain(name, "must be a whole number");
    return value;
}

model::labels parameter_reader::labels(std::string_view name) {
    model::labels read;
    for (const auto& [key, value] : asked_.query) {
        if (key != name)
            continue;
        const auto equals = value.find('=');
        if (equals == std::string::npos || equals == 0 || !model::is_name(value.substr(0, equals)))
            complain(name, "must have the form KEY=VALUE");
        else if (!read.emplace(value.substr(0, equals), value.substr(equals + 1)).second)
            complain(name, "asks twice for \"" + value.substr(0, equals) + "\"");
    }
    return read;
}

std::string parameter_reader::idempotency_key() {
    constexpr std::string_view name = "Idempotency-Key";
    constexpr std::size_t most = 255;
    const auto count = asked_.header_count(name);
    const auto key = asked_.header(name);
    const bool visible = std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (fault_ || count == 0)
        return {};
    if (count > 1 || key.empty() || key.size() > most || !visible)
        fault_ = error("invalid_parameter",
                       "the header Idempotency-Key must be there once, with 1 to 255 visible ASCII characters");
    return std::string(key);
}

void parameter_reader::complain(std::string_view name, std::string_view message) {
    if (!fault_)
        fault_ = error("invalid_parameter", "the query parameter \"" + std::string(name) + "\" " + std::string(message),
                       false, base::dump(base::json{{"parameter", name}}));
}

result<base::json> read_body(const http::request& asked) {
    if (base::trim(asked.body).empty())
        return error("invalid_json", "the request has no body; send a JSON object");
    auto parsed = base::parse_json(asked.body);
    return parsed ? std::move(parsed) : result<base::json>(without_quotation(parsed.error()));
}

} // namespace ferrule::api
