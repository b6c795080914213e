#include "fleet/protocol/greeting.hpp"

#include "base/json.hpp"
#include "base/json_text.hpp"
#include "fleet/protocol/frame.hpp"

#include <algorithm>

namespace ferrule::fleet::protocol {

using base::json;

namespace {

constexpr std::size_t longest_pem = 32768;
constexpr base::duration shortest_heartbeat = std::chrono::milliseconds(100);
constexpr base::duration longest_heartbeat = std::chrono::hours(1);
constexpr base::duration longest_wait = std::chrono::hours(1);

std::int64_t milliseconds(base::duration value) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(value).count();
}

base::duration span_of(const json& from, std::string_view key, base::duration most) {
    const auto count = std::min<std::uint64_t>(number_of(from, key), static_cast<std::uint64_t>(milliseconds(most)));
    return std::chrono::milliseconds(static_cast<std::int64_t>(count));
}

void write_texts(base::json_text& out, std::string_view key, const std::vector<std::string>& all) {
    out.key(key).begin_array();
    for (const auto& each : all)
        out.value(each);
    out.end_array();
}

error invalid(std::string_view kind, std::string_view what) {
    return error("invalid_message", "the message \"" + std::string(kind) + "\" has no " + std::string(what));
}

} // namespace

std::string to_json(const hello& from) {
    base::json_text out;
    out.begin_object()
        .member("protocol", static_cast<std::int64_t>(from.newest))
        .member("oldest_protocol", static_cast<std::int64_t>(from.oldest))
        .member("version", from.version)
        .member("host", from.host)
        .member("boot_id", from.boot_id);
    write_texts(out, "features", from.features);
    out.key("labels").begin_object();
    for (const auto& [name, value] : from.tags)
        out.key(base::dump(name).substr(1, base::dump(name).size() - 2)).value(value);
    out.end_object()
        .member("region", from.region)
        .member("heartbeat_ms", milliseconds(from.heartbeat))
        .member("lost", static_cast<std::int64_t>(from.lost))
        .end_object();
    return out.take();
}

result<hello> hello_from(const json& body) {
    hello out;
    out.newest = number_of(body, "protocol");
    out.oldest = number_of(body, "oldest_protocol", out.newest);
    out.version = text_of(body, "version", 64);
    out.host = text_of(body, "host");
    out.boot_id = text_of(body, "boot_id", 64);
    out.features = texts_of(body, "features");
    out.tags = labels_of(body, "labels");
    out.region = text_of(body, "region", 128);
    out.heartbeat = std::clamp(span_of(body, "heartbeat_ms", longest_heartbeat), shortest_heartbeat, longest_heartbeat);
    out.lost = number_of(body, "lost");
    if (out.newest == 0)
        return invalid(kinds::hello, "protocol");
    if (out.boot_id.empty())
        return invalid(kinds::hello, "boot_id");
    return out;
}

std::string to_json(const welcome& from) {
    base::json_text out;
    out.begin_object()
        .member("protocol", static_cast<std::int64_t>(from.version))
        .member("version", from.program)
        .member("lost", static_cast<std::int64_t>(from.lost));
    write_texts(out, "features", from.features);
    out.end_object();
    return out.take();
}

result<welcome> welcome_from(const json& body) {
    welcome out;
    out.version = number_of(body, "protocol");
    out.program = text_of(body, "version", 64);
    out.features = texts_of(body, "features");
    out.lost = number_of(body, "lost");
    if (out.version < oldest_version || out.version > newest_version)
        return invalid(kinds::welcome, "protocol that was offered");
    return out;
}

std::optional<std::uint64_t> common_version(std::uint64_t newest, std::uint64_t oldest) noexcept {
    const auto both = std::min(newest, newest_version);
    if (both < oldest || both < oldest_version)
        return std::nullopt;
    return both;
}

std::string to_json(const farewell& from) {
    base::json_text out;
    out.begin_object().member("code", from.code).member("message", from.message);
    if (from.retry_after > base::duration::zero())
        out.member("retry_after_ms", milliseconds(from.retry_after));
    out.end_object();
    return out.take();
}

farewell farewell_from(const json& body) {
    farewell out;
    out.code = text_of(body, "code", 64);
    out.message = text_of(body, "message", 1024);
    out.retry_after = span_of(body, "retry_after_ms", longest_wait);
    return out;
}

std::string to_json(const enrolment& from) {
    base::json_text out;
    out.begin_object()
        .member("token", from.token)
        .member("csr", from.request)
        .member("name", from.name)
        .member("host", from.host)
        .end_object();
    return out.take();
}

result<enrolment> enrolment_from(const json& body) {
    enrolment out;
    out.token = text_of(body, "token");
    out.request = text_of(body, "csr", longest_pem);
    out.name = text_of(body, "name", 129);
    out.host = text_of(body, "host");
    if (out.token.empty())
        return invalid(kinds::enrol, "token");
    if (out.request.empty())
        return invalid(kinds::enrol, "csr");
    return out;
}

std::string to_json(const grant& from) {
    base::json_text out;
    out.begin_object().member("certificate", from.certificate).member("authority", from.authority);
    if (!from.command_key.empty())
        out.member("command_key", from.command_key);
    out.end_object();
    return out.take();
}

result<grant> grant_from(const json& body) {
    grant out;
    out.certificate = text_of(body, "certificate", longest_pem);
    out.authority = text_of(body, "authority", longest_pem);
    out.command_key = text_of(body, "command_key", longest_pem);
    if (out.certificate.empty())
        return invalid(kinds::enrolled, "certificate");
    return out;
}

} // namespace ferrule::fleet::protocol
