#include "fleet/protocol/frame.hpp"

#include "base/json_text.hpp"
#include "base/strings.hpp"

#include <algorithm>
#include <array>

namespace ferrule::fleet::protocol {

using base::json;

namespace {

constexpr std::size_t longest_kind = 64;
constexpr std::size_t most_items = 64;

} // namespace

result<frame> read_frame(std::string_view text) {
    auto read = base::parse_json(text);
    if (!read)
        return error("invalid_message", "a message is not JSON: " + read.error().message());
    if (!read->is_object())
        return error("invalid_message", "a message is not an object");
    frame out;
    out.kind = text_of(*read, "kind", longest_kind + 1);
    if (out.kind.empty() || out.kind.size() > longest_kind)
        return error("invalid_message", "a message has no kind");
    if (const auto at = read->find("seq"); at != read->end()) {
        if (!at->is_number_unsigned())
            return error("invalid_message", "the seq of a message is no number");
        out.seq = at->get<std::uint64_t>();
    }
    const auto body = read->find("body");
    if (body == read->end()) {
        out.body = json::object();
    } else {
        if (!body->is_object())
            return error("invalid_message", "the body of a message is not an object");
        out.body = std::move(*body);
    }
    return out;
}

std::string make_frame(std::string_view kind, std::string_view body, std::optional<std::uint64_t> seq) {
    base::json_text out;
    out.begin_object().member("kind", kind);
    if (seq)
        out.member("seq", static_cast<std::int64_t>(*seq));
    out.key("body").raw(body);
    out.end_object();
    return out.take();
}

bool is_reserved(std::string_view kind) noexcept {
    constexpr std::array all{kinds::hello,     kinds::welcome, kinds::refused,     kinds::busy,
                             kinds::goodbye,   kinds::ack,     kinds::unsupported, kinds::enrol,
                             kinds::heartbeat, kinds::renew,   kinds::renewed,     kinds::enrolled};
    return std::find(all.begin(), all.end(), kind) != all.end();
}

std::string text_of(const json& from, std::string_view key, std::size_t most) {
    const auto at = from.find(key);
    if (at == from.end() || !at->is_string())
        return {};
    const auto& text = at->get_ref<const std::string&>();
    return std::string(base::complete_utf8(std::string_view(text).substr(0, most)));
}

std::uint64_t number_of(const json& from, std::string_view key, std::uint64_t fallback) {
    const auto at = from.find(key);
    return at != from.end() && at->is_number_unsigned() ? at->get<std::uint64_t>() : fallback;
}

std::vector<std::string> texts_of(const json& from, std::string_view key) {
    std::vector<std::string> out;
    const auto at = from.find(key);
    if (at == from.end() || !at->is_array())
        return out;
    for (const auto& each : *at)
        if (each.is_string() && each.get_ref<const std::string&>().size() <= 64 && out.size() < most_items)
            out.push_back(each.get<std::string>());
    return out;
}

model::labels labels_of(const json& from, std::string_view key) {
    model::labels out;
    const auto at = from.find(key);
    if (at == from.end() || !at->is_object())
        return out;
    for (const auto& [name, value] : at->items())
        if (value.is_string() && name.size() <= 128 && value.get_ref<const std::string&>().size() <= 256 &&
            out.size() < most_items)
            out.emplace(name, value.get<std::string>());
    return out;
}

} // namespace ferrule::fleet::protocol
