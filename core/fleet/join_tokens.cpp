#include "fleet/join_tokens.hpp"

#include "base/id.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"
#include "base/token_hash.hpp"
#include "fleet/protocol/frame.hpp"

#include <algorithm>

namespace ferrule::fleet {

using base::json;

namespace {

constexpr const char* records_name = "join_tokens";
constexpr std::string_view prefix = "frj1";
constexpr std::size_t secret_bytes = 24;

std::optional<join_token> from_record(const std::string& id, const std::string& text) {
    const auto value = json::parse(text, nullptr, false);
    if (!value.is_object())
        return std::nullopt;
    join_token out;
    out.id = id;
    out.name = protocol::text_of(value, "name");
    out.tags = protocol::labels_of(value, "labels");
    out.region = protocol::text_of(value, "region");
    out.hash = protocol::text_of(value, "hash");
    out.used_by = protocol::text_of(value, "used_by");
    out.requester = protocol::text_of(value, "requester");
    const auto created = base::parse_rfc3339(protocol::text_of(value, "created_at"));
    const auto expires = base::parse_rfc3339(protocol::text_of(value, "expires_at"));
    if (!created || !expires || out.hash.empty())
        return std::nullopt;
    out.created_at = *created;
    out.expires_at = *expires;
    if (const auto used = base::parse_rfc3339(protocol::text_of(value, "used_at")))
        out.used_at = *used;
    return out;
}

} // namespace

result<std::string> authority_in(std::string_view token) {
    const auto parts = base::split(token, '.');
    const bool right = parts.size() == 3 && parts[0] == prefix && parts[1].size() == 64 &&
                       parts[1].find_first_not_of("0123456789abcdef") == std::string_view::npos && parts[2].size() > 16;
    if (!right)
        return error("join_token_invalid", "this is no join token: make one with `ferrule agent token create`, and "
                                           "copy all of it");
    return std::string(parts[1]);
}

store::collection join_tokens::collection() {
    return {records_name, {}};
}

join_tokens::join_tokens(store::store& records, const base::clock& clock)
    : records_(records)
    , clock_(clock) {}

asio::awaitable<result<void>> join_tokens::load() {
    store::query all;
    all.collection = records_name;
    auto rows = co_await records_.scan(std::move(all));
    if (!rows)
        co_return rows.error();
    const std::lock_guard lock(mutex_);
    for (const auto& row : *rows) {
        auto kept = from_record(row.key, row.value);
        if (!kept)
            co_return error("corrupt_record", "the stored join token " + row.key + " cannot be read");
        by_hash_[kept->hash] = std::move(*kept);
    }
    forget_expired();
    co_return ok();
}

void join_tokens::forget_expired() {
    const auto now = clock_.wall_now();
    std::erase_if(by_hash_, [now](const auto& each) { return each.second.expires_at <= now; });
}

std::vector<join_token> join_tokens::list() const {
    std::vector<join_token> all;
    const auto now = clock_.wall_now();
    const std::lock_guard lock(mutex_);
    for (const auto& [hash, each] : by_hash_)
        if (each.expires_at > now)
            all.push_back(each);
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return all;
}

store::record join_tokens::record_of(const join_token& from) const {
    json value{{"name", from.name},
               {"labels", from.tags},
               {"region", from.region},
               {"hash", from.hash},
               {"created_at", base::to_rfc3339(from.created_at)},
               {"expires_at", base::to_rfc3339(from.expires_at)}};
    if (from.used_at) {
        value["used_at"] = base::to_rfc3339(*from.used_at);
        value["used_by"] = from.used_by;
        value["requester"] = from.requester;
    }
    store::record out(records_name, from.id, base::dump(value));
    out.expires_at_ms = from.expires_at.time_since_epoch().count();
    return out;
}

asio::awaitable<result<join_tokens::made>> join_tokens::make(join_token wanted, base::duration lifetime,
                                                             std::string fingerprint) {
    made fresh;
    fresh.text = base::secret(std::string(prefix) + "." + fingerprint + "." + base::random_token(secret_bytes));
    fresh.entry = std::move(wanted);
    fresh.entry.id = base::make_id();
    fresh.entry.hash = base::hash_token(fresh.text.reveal());
    fresh.entry.created_at = clock_.wall_now();
    fresh.entry.expires_at = fresh.entry.created_at + std::chrono::floor<std::chrono::milliseconds>(lifetime);
    auto written = co_await records_.put(record_of(fresh.entry));
    if (!written)
        co_return written.error();
    const std::lock_guard lock(mutex_);
    forget_expired();
    by_hash_[fresh.entry.hash] = fresh.entry;
    co_return fresh;
}

asio::awaitable<result<void>> join_tokens::remove(std::string id) {
    {
        const std::lock_guard lock(mutex_);
        if (std::none_of(by_hash_.begin(), by_hash_.end(), [&](const auto& each) { return each.second.id == id; }))
            co_return error("join_token_not_found", "there is no join token with the id " + id);
        std::erase_if(by_hash_, [&](const auto& each) { return each.second.id == id; });
    }
    store::record gone(records_name, id, {});
    gone.remove = true;
    co_return co_await records_.put(std::move(gone));
}

result<join_token> join_tokens::claim(std::string_view text, const std::string& requester) {
    const auto hash = base::hash_token(text);
    const auto now = clock_.wall_now();
    const std::lock_guard lock(mutex_);
    const auto at = by_hash_.find(hash);
    if (at == by_hash_.end())
        return error("join_token_unknown", "the join token is not known here: it was removed, has expired, or is "
                                           "another controller's");
    if (at->second.expires_at <= now)
        return error("join_token_expired",
                     "the join token has expired at " + base::to_rfc3339(at->second.expires_at) + ": make a new one");
    const bool again = at->second.used_at && at->second.requester == requester;
    if (claimed_.contains(hash) || (at->second.used_at && !again))
        return error("join_token_used", "the join token was already used" +
                                            (at->second.used_by.empty() ? "" : " by " + at->second.used_by) +
                                            ": each admits one agent, so make a new one");
    claimed_.insert(hash);
    return at->second;
}

void join_tokens::release(const join_token& claimed) {
    const std::lock_guard lock(mutex_);
    claimed_.erase(claimed.hash);
}

void join_tokens::settle(const join_token& used) {
    const std::lock_guard lock(mutex_);
    claimed_.erase(used.hash);
    if (const auto at = by_hash_.find(used.hash); at != by_hash_.end())
        at->second = used;
}

} // namespace ferrule::fleet
