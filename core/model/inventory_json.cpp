#include "model/inventory_json.hpp"

#include <algorithm>
#include <cctype>

namespace ferrule::model {

using base::json;
using base::object_reader;

namespace {

constexpr std::int64_t port_limit = 65535;

std::string options_text(object_reader& reader) {
    const auto* options = reader.object("options");
    return options == nullptr || options->empty() ? std::string() : base::dump(*options);
}

std::vector<jump_host> read_jumps(object_reader& reader) {
    std::vector<jump_host> hops;
    const auto* list = reader.array("jump");
    if (list == nullptr)
        return hops;
    for (std::size_t i = 0; i < list->size(); ++i) {
        object_reader hop((*list)[i], reader.path_of("jump[" + std::to_string(i) + "]"));
        jump_host read;
        read.host = hop.required_text("host");
        if (!read.host.empty() && !is_host(read.host))
            hop.complain("host", "is not a host name or address");
        read.port = static_cast<std::uint16_t>(hop.integer_or("port", 22, 1, port_limit));
        read.credential = hop.required_text("credential");
        read.options = options_text(hop);
        reader.absorb(hop);
        hops.push_back(std::move(read));
    }
    return hops;
}

json with_jumps(json shown, const target& at) {
    for (const auto& hop : at.jump) {
        json entry{{"host", hop.host}, {"port", hop.port}, {"credential", hop.credential}};
        if (!hop.options.empty())
            entry["options"] = json::parse(hop.options, nullptr, false);
        shown["jump"].push_back(std::move(entry));
    }
    return shown;
}

void put_secret(json& into, const char* key, const base::secret& value) {
    if (!value.empty())
        into[key] = value.reveal();
}

} // namespace

bool is_name(std::string_view text) noexcept {
    const auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
    return !text.empty() && text.size() <= 128 && plain(text.front()) &&
           std::all_of(text.begin(), text.end(),
                       [plain](char c) { return plain(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_host(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_' || c == ':' ||
               c == '%';
    });
}

target read_target(object_reader& reader) {
    target read;
    read.driver = reader.text_or("driver", "ssh");
    if (!is_name(read.driver))
        reader.complain("driver", "is not a plugin's name");
    read.platform = reader.text_or("platform", "");
    if (!read.platform.empty() && !is_name(read.platform))
        reader.complain("platform", "is not a platform's name");
    read.host = reader.required_text("host");
    if (!read.host.empty() && !is_host(read.host))
        reader.complain("host", "is not a host name or address");
    read.port = static_cast<std::uint16_t>(reader.integer_or("port", 22, 1, port_limit));
    read.credential = reader.text_or("credential", "");
    read.options = options_text(reader);
    read.jump = read_jumps(reader);
    return read;
}

credential read_login(object_reader& reader) {
    credential read;
    read.username = reader.text_or("username", "");
    const auto secret = [&reader](std::string_view key) { return base::secret(reader.text_or(key, "")); };
    read.password = secret("password");
    read.private_key = secret("private_key");
    read.passphrase = secret("passphrase");
    read.agent_socket = reader.text_or("agent_socket", "");
    read.enable_password = secret("enable_password");
    if (const auto* answers = reader.array("answers")) {
        for (std::size_t i = 0; i < answers->size(); ++i) {
            object_reader answer((*answers)[i], reader.path_of("answers[" + std::to_string(i) + "]"));
            prompt_reply reply;
            reply.pattern = answer.required_text("pattern");
            reply.reply = base::secret(answer.text_or("reply", ""));
            reader.absorb(answer);
            read.answers.push_back(std::move(reply));
        }
    }
    return read;
}

std::optional<base::duration> read_span(object_reader& reader, std::string_view key) {
    constexpr base::duration longest = std::chrono::days(365);
    auto span = reader.time_span(key);
    if (span && *span > longest) {
        reader.complain(key, "must be at most 365d");
        span.reset();
    }
    return span;
}

labels read_labels(object_reader& reader) {
    labels read;
    const auto* given = reader.object("labels");
    if (given == nullptr)
        return read;
    for (const auto& [key, value] : given->items()) {
        if (!is_name(key))
            reader.complain("labels", "\"" + key + "\" is not a label's name");
        else if (!value.is_string())
            reader.complain("labels." + key, "expected a text");
        else
            read.emplace(key, value.get<std::string>());
    }
    return read;
}

namespace {

node_selector read_selector(object_reader& reader) {
    node_selector read;
    const auto* given = reader.object("nodes");
    if (given == nullptr)
        return read;
    object_reader fields(*given, reader.path_of("nodes"));
    read.names = fields.texts("names");
    read.region = fields.text_or("region", "");
    read.tags = read_labels(fields);
    reader.absorb(fields);
    return read;
}

json to_json(const node_selector& shown) {
    json value = json::object();
    if (!shown.names.empty())
        value["names"] = shown.names;
    if (!shown.region.empty())
        value["region"] = shown.region;
    if (!shown.tags.empty())
        value["labels"] = shown.tags;
    return value;
}

} // namespace

result<device> device_from_json(const json& body) {
    object_reader reader(body);
    device read;
    read.name = reader.required_text("name");
    if (!read.name.empty() && !is_name(read.name))
        reader.complain("name", "must be 1 to 128 letters, digits, dots, dashes and underscores");
    read.at = read_target(reader);
    read.tags = read_labels(reader);
    read.nodes = read_selector(reader);
    read.enabled = reader.boolean_or("enabled", true);
    read.session_ttl = read_span(reader, "session_ttl");
    if (auto bad = reader.finish())
        return *bad;
    return read;
}

json to_json(const target& shown) {
    json value{{"driver", shown.driver}, {"host", shown.host}, {"port", shown.port}};
    if (!shown.platform.empty())
        value["platform"] = shown.platform;
    if (!shown.credential.empty())
        value["credential"] = shown.credential;
    if (!shown.options.empty())
        value["options"] = json::parse(shown.options, nullptr, false);
    return with_jumps(std::move(value), shown);
}

json to_json(const device& shown) {
    json value = to_json(shown.at);
    value["name"] = shown.name;
    value["labels"] = json(shown.tags);
    value["enabled"] = shown.enabled;
    value["origin"] = shown.origin;
    if (!shown.nodes.empty())
        value["nodes"] = to_json(shown.nodes);
    if (shown.session_ttl)
        value["session_ttl"] = base::to_text(*shown.session_ttl);
    return value;
}

result<credential> credential_from_json(const json& body) {
    object_reader reader(body);
    const auto name = reader.required_text("name");
    if (!name.empty() && !is_name(name))
        reader.complain("name", "must be 1 to 128 letters, digits, dots, dashes and underscores");
    auto read = read_login(reader);
    read.name = name;
    if (read.username.empty())
        reader.complain("username", "is required");
    if (auto bad = reader.finish())
        return *bad;
    return read;
}

json to_json(const credential& shown) {
    json has = json::array();
    const auto note = [&has](const char* part, const base::secret& value) {
        if (!value.empty())
            has.push_back(part);
    };
    note("password", shown.password);
    note("private_key", shown.private_key);
    note("passphrase", shown.passphrase);
    note("enable_password", shown.enable_password);
    if (!shown.agent_socket.empty())
        has.push_back("agent_socket");
    if (!shown.answers.empty())
        has.push_back("answers");
    return json{{"name", shown.name}, {"username", shown.username}, {"has", std::move(has)}};
}

json to_secret_json(const credential& kept) {
    json value{{"name", kept.name}, {"username", kept.username}};
    put_secret(value, "password", kept.password);
    put_secret(value, "private_key", kept.private_key);
    put_secret(value, "passphrase", kept.passphrase);
    if (!kept.agent_socket.empty())
        value["agent_socket"] = kept.agent_socket;
    put_secret(value, "enable_password", kept.enable_password);
    for (const auto& answer : kept.answers)
        value["answers"].push_back({{"pattern", answer.pattern}, {"reply", answer.reply.reveal()}});
    return value;
}

void wipe(json& value) noexcept {
    if (value.is_string())
        base::wipe(value.get_ref<std::string&>());
    else if (value.is_structured())
        for (auto& each : value)
            wipe(each);
}

result<credential> credential_from_secret_json(const json& kept) {
    object_reader reader(kept);
    const auto name = reader.text_or("name", "");
    auto read = read_login(reader);
    read.name = name;
    if (auto bad = reader.finish("corrupt_record"))
        return *bad;
    return read;
}

} // namespace ferrule::model
