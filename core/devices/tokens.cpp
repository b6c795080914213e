#include "devices/tokens.hpp"

#include "base/id.hpp"
#include "base/json.hpp"
#include "base/token_hash.hpp"
#include "devices/cancelled.hpp"

#include <algorithm>

namespace ferrule::devices {

using base::json;

namespace {

constexpr const char* token_records = "tokens";
constexpr std::size_t token_bytes = 32;

json to_record(const model::token& kept) {
    json value{{"name", kept.name},
               {"role", model::to_text(kept.may)},
               {"hash", kept.hash},
               {"created_at", base::to_rfc3339(kept.created_at)}};
    if (kept.expires_at)
        value["expires_at"] = base::to_rfc3339(*kept.expires_at);
    return value;
}

result<model::token> from_record(const std::string& id, const std::string& text) {
    const auto value = json::parse(text, nullptr, false);
    base::object_reader reader(value);
    model::token kept;
    kept.id = id;
    kept.name = reader.text_or("name", "");
    kept.hash = reader.required_text("hash");
    const auto may = model::role_from(reader.required_text("role"));
    const auto created = base::parse_rfc3339(reader.required_text("created_at"));
    const auto expires = reader.text("expires_at");
    const auto bad = reader.finish("corrupt_record");
    if (bad || !may || !created)
        return error("corrupt_record", "the stored token " + id + " cannot be read");
    kept.may = *may;
    kept.created_at = *created;
    if (expires)
        if (const auto at = base::parse_rfc3339(*expires))
            kept.expires_at = *at;
    return kept;
}

bool has_expired(const model::token& each, base::wall_time now) {
    return each.expires_at && *each.expires_at <= now;
}

bool is_admin(const model::token& each, base::wall_time now) {
    return each.may == model::role::admin && !has_expired(each, now);
}

} // namespace

std::string hash_token(std::string_view text) {
    return base::hash_token(text);
}

std::vector<store::collection> tokens::collections() {
    std::vector<store::collection> kept;
    kept.emplace_back(token_records, std::vector<std::string>{});
    return kept;
}

tokens::tokens(store::store& records, const base::clock& clock)
    : records_(records)
    , clock_(clock) {}

asio::awaitable<result<void>> tokens::load(std::vector<model::token> configured) {
    store::query all;
    all.collection = token_records;
    auto rows = co_await records_.scan(std::move(all));
    if (!rows)
        co_return rows.error();
    const std::lock_guard lock(mutex_);
    for (const auto& row : *rows) {
        auto kept = from_record(row.key, row.value);
        if (!kept)
            co_return kept.error();
        auto hash = kept->hash;
        by_hash_[std::move(hash)] = std::make_shared<const model::token>(std::move(*kept));
    }
    for (auto& each : configured) {
        auto hash = each.hash;
        by_hash_[std::move(hash)] = std::make_shared<const model::token>(std::move(each));
    }
    co_return ok();
}

bool tokens::empty() const {
    const std::lock_guard lock(mutex_);
    return by_hash_.empty();
}

// Looked up by hash, so the time that a comparison takes tells nothing about a token.
std::shared_ptr<const model::token> tokens::recognise(std::string_view text, base::wall_time now) const {
    const auto hash = hash_token(text);
    const std::lock_guard lock(mutex_);
    const auto at = by_hash_.find(hash);
    if (at == by_hash_.end() || has_expired(*at->second, now))
        return nullptr;
    return at->second;
}

bool tokens::holds(const model::token& recognised, base::wall_time now) const {
    const std::lock_guard lock(mutex_);
    const auto at = by_hash_.find(recognised.hash);
    return at != by_hash_.end() && !has_expired(*at->second, now);
}

std::vector<std::shared_ptr<const model::token>> tokens::list() const {
    std::vector<std::shared_ptr<const model::token>> all;
    const std::lock_guard lock(mutex_);
    all.reserve(by_hash_.size());
    for (const auto& [hash, each] : by_hash_)
        all.push_back(each);
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a->id < b->id; });
    return all;
}

asio::awaitable<result<tokens::made>> tokens::make(std::string name, model::role may,
                                                   std::optional<base::wall_time> expires_at) {
    made fresh;
    fresh.text = base::secret("frl_" + base::random_token(token_bytes));
    model::token entry;
    entry.id = base::make_id();
    entry.name = std::move(name);
    entry.may = may;
    entry.hash = hash_token(fresh.text.reveal());
    entry.created_at = clock_.wall_now();
    entry.expires_at = expires_at;
    store::record kept(token_records, entry.id, base::dump(to_record(entry)));
    auto written = co_await records_.put(std::move(kept));
    if (!written)
        co_return written.error();
    fresh.entry = std::make_shared<const model::token>(std::move(entry));
    const std::lock_guard lock(mutex_);
    by_hash_[fresh.entry->hash] = fresh.entry;
    co_return fresh;
}

asio::awaitable<result<void>> tokens::revoke(std::string id) {
    const auto turn = co_await endings_.take();
    if (!turn)
        co_return cancelled();
    const auto now = clock_.wall_now();
    std::shared_ptr<const model::token> ending;
    {
        const std::lock_guard lock(mutex_);
        std::size_t admins = 0;
        for (const auto& [hash, each] : by_hash_) {
            admins += is_admin(*each, now) ? 1U : 0U;
            if (each->id == id)
                ending = each;
        }
        if (!ending)
            co_return error("token_not_found", "there is no token with the id " + id);
        if (ending->id.starts_with("config:"))
            co_return error("read_only", "the token \"" + ending->name +
                                             "\" comes from the configuration file and is changed there");
        if (is_admin(*ending, now) && admins == 1)
            co_return error("last_admin", "this is the only admin token: make another one first");
    }
    co_return co_await forget(std::move(id));
}

asio::awaitable<result<void>> tokens::forget(std::string id) {
    store::record gone(token_records, id, {});
    gone.remove = true;
    auto written = co_await records_.put(std::move(gone));
    if (!written)
        co_return written.error();
    const std::lock_guard lock(mutex_);
    std::erase_if(by_hash_, [&id](const auto& each) { return each.second->id == id; });
    co_return ok();
}

} // namespace ferrule::devices
