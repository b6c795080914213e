#include "fleet/exec/envelope.hpp"

#include "base/id.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"
#include "model/command_json.hpp"

#include <sodium.h>

#include <array>
#include <utility>

namespace ferrule::fleet::exec {

using base::json;
using base::object_reader;

namespace {

constexpr std::int64_t version = 1;
constexpr std::size_t longest = std::size_t{1} << 20U;
constexpr std::size_t most_nonce = 128;

std::string hash(std::string_view text) {
    std::array<unsigned char, 16> digest{};
    crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                       nullptr, 0);
    std::array<char, 33> hex{};
    sodium_bin2hex(hex.data(), hex.size(), digest.data(), digest.size());
    return hex.data();
}

std::string encode(const order& given) {
    json raw{{"v", version},
             {"key_id", given.key_id},
             {"task_id", given.task_id},
             {"target", given.target},
             {"issued_at", base::to_rfc3339(given.issued_at)},
             {"not_after", base::to_rfc3339(given.not_after)},
             {"nonce", given.nonce},
             {"action", given.what == action::run ? "run" : "cancel"},
             {"args", given.what == action::run ? model::to_json(given.spec) : json::object()}};
    return base::dump(raw);
}

// What stands beside the signed bytes.
json repeated(const order& given) {
    const bool runs = given.what == action::run;
    const auto& spec = given.spec;
    const auto timeout = runs ? std::chrono::ceil<std::chrono::seconds>(spec.timeout).count() : 0;
    std::string line;
    if (runs)
        line = spec.shell.empty() ? base::join(spec.argv, " ") : spec.shell;
    return json{{"task_id", given.task_id},
                {"command", line},
                {"timeout", timeout},
                {"user", runs ? spec.user : std::string()},
                {"timestamp", std::chrono::floor<std::chrono::seconds>(given.issued_at).time_since_epoch().count()}};
}

error bad(const std::string& why) {
    return error("bad_envelope", "the message is no order: " + why);
}

result<base::wall_time> read_time(object_reader& reader, std::string_view key) {
    auto time = base::parse_rfc3339(reader.required_text(key));
    if (!time)
        reader.complain(key, "is not a time of RFC 3339");
    return time;
}

result<order> decode(const json& raw) {
    object_reader reader(raw);
    order read;
    reader.integer("v", version, version);
    read.key_id = reader.required_text("key_id");
    read.task_id = reader.required_text("task_id");
    read.target = reader.required_text("target");
    const auto issued = read_time(reader, "issued_at");
    const auto last = read_time(reader, "not_after");
    read.nonce = reader.required_text("nonce");
    if (!base::is_id(read.task_id))
        reader.complain("task_id", "is not an id");
    if (read.nonce.size() < 16 || read.nonce.size() > most_nonce)
        reader.complain("nonce", "must have 16 to " + std::to_string(most_nonce) + " characters");
    const auto what = reader.one_of("action", {"run", "cancel"});
    read.what = what == "cancel" ? action::cancel : action::run;
    const auto* args = reader.object("args");
    if (auto fault = reader.finish("bad_envelope"))
        return *fault;
    read.issued_at = *issued;
    read.not_after = *last;
    if (args == nullptr)
        return bad("it has no args");
    if (read.what == action::cancel)
        return args->empty() ? result<order>(std::move(read)) : result<order>(bad("args of cancel must be empty"));
    auto spec = model::command_spec_from_json(*args);
    if (!spec)
        return bad("args: " + spec.error().message());
    read.spec = std::move(*spec);
    return read;
}

} // namespace

json seal(const order& given, const signing_key& with) {
    auto named = given;
    named.key_id = with.shown().id();
    auto raw = encode(named);
    auto message = repeated(named);
    message["key_id"] = named.key_id;
    message["sign"] = with.sign(raw);
    message["signed"] = std::move(raw);
    return message;
}

verifier::verifier(trusted_keys keys, rules wanted)
    : keys_(std::move(keys))
    , rules_(std::move(wanted)) {}

result<opened> verifier::open(const json& message) const {
    if (!message.is_object() || !message.contains("signed") || !message["signed"].is_string() ||
        !message.contains("sign") || !message["sign"].is_string())
        return bad("it has no signed bytes or no signature");
    const auto& raw = message["signed"].get_ref<const std::string&>();
    const auto& signature = message["sign"].get_ref<const std::string&>();
    if (raw.size() > longest)
        return bad("it is longer than " + std::to_string(longest) + " bytes");
    // Which key it is said to be; that the key says so itself shows once the signature holds.
    const auto parsed = base::parse_json(raw);
    if (!parsed)
        return error("altered", "the signed bytes are no JSON, so they are not what a controller signed");
    const auto id = claimed(*parsed, "key_id");
    const auto* key = keys_.find(id);
    if (key == nullptr) {
        const auto known = keys_.ids();
        return error("unknown_key",
                     "the order is signed with the key \"" + id + "\", which this agent does not trust" +
                         (known.empty() ? std::string("; it trusts none") : "; it trusts " + base::join(known, ", ")) +
                         ": add the controller's public key to agent.exec.keys");
    }
    if (!key->verifies(raw, signature))
        return error("altered",
                     "the signature does not fit: the order was altered on its way, or somebody else made it");
    if (parsed->is_object() && parsed->contains("v") && (*parsed)["v"] != version)
        return error("unsupported_version", "the order has another version than " + std::to_string(version) +
                                                ", the only one that this agent knows: update the agent");
    auto read = decode(*parsed);
    if (!read)
        return read.error();
    if (read->target != rules_.self)
        return error("wrong_target", "the order is for the agent \"" + base::shortened(read->target, 128) +
                                         "\", and this is \"" + rules_.self + "\"");
    const auto copy = repeated(*read);
    for (const auto& [name, value] : copy.items())
        if (const auto beside = message.find(name); beside != message.end() && *beside != value)
            return error("altered", "the member " + name + " of the message differs from what was signed");
    opened made;
    made.what = std::move(*read);
    made.digest = hash(raw);
    return made;
}

result<void> verifier::timely(const order& given, base::wall_time now) const {
    const auto skew = std::chrono::duration_cast<std::chrono::milliseconds>(rules_.skew);
    const auto clocks = std::string(" (this agent's clock says ") + base::to_rfc3339(now) + ")";
    // In milliseconds: as nanoseconds, centuries would overflow and seem short.
    const auto most = std::chrono::floor<std::chrono::milliseconds>(rules_.max_lifetime);
    if (given.not_after - given.issued_at > most || given.not_after < given.issued_at)
        return error("lifetime_too_long", "the order is valid from " + base::to_rfc3339(given.issued_at) + " to " +
                                              base::to_rfc3339(given.not_after) +
                                              ", which is more than agent.exec.max_lifetime (" +
                                              base::to_text(rules_.max_lifetime) + ") allows");
    if (now + skew < given.issued_at)
        return error("not_yet_valid", "the order was issued at " + base::to_rfc3339(given.issued_at) + clocks +
                                          ": set the clocks right");
    // Late by the other clock is late: the allowance never makes an order live longer.
    if (now > given.not_after)
        return error("expired", "the order was valid until " + base::to_rfc3339(given.not_after) + clocks);
    return ok();
}

std::string digest_of(const json& message) {
    if (!message.is_object() || !message.contains("signed") || !message["signed"].is_string())
        return {};
    return hash(message["signed"].get_ref<const std::string&>());
}

std::string claimed(const json& message, const char* member) {
    if (!message.is_object())
        return {};
    const auto at = message.find(member);
    if (at == message.end() || !at->is_string())
        return {};
    return base::shortened(at->get_ref<const std::string&>(), 128);
}

} // namespace ferrule::fleet::exec
