#include "devices/job_records.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "model/inventory_json.hpp"
#include "model/job_json.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::devices {

using base::json;

namespace {

constexpr const char* jobs = "jobs";
constexpr const char* keys = "idempotency";

std::int64_t after(base::wall_time from, base::duration span) {
    return (from + std::chrono::duration_cast<std::chrono::milliseconds>(span)).time_since_epoch().count();
}

std::string purpose(const std::string& id) {
    return "job " + id;
}

// One damaged record must not hide the others, nor keep the daemon from starting.
void unreadable(const std::string& id, const error& why) {
    base::log::error("devices", "a stored job is left out, because it cannot be read",
                     {{"job", id}, {"why", why.message()}});
}

} // namespace

std::vector<store::collection> job_records::collections() {
    std::vector<store::collection> kept;
    kept.emplace_back(jobs, std::vector<std::string>{"state", "device"});
    kept.emplace_back(keys, std::vector<std::string>{});
    return kept;
}

job_records::job_records(store::store& records, const vault& sealing, base::duration retention,
                         base::duration key_window, const base::clock& clock)
    : records_(records)
    , sealing_(sealing)
    , retention_(retention)
    , key_window_(key_window)
    , clock_(clock) {}

store::record job_records::make_record(const model::job& kept) const {
    const bool over = model::is_final(kept.state);
    std::string sealed;
    if (!over) {
        if (auto secrets = model::job_secrets(kept.request); !secrets.is_null()) {
            auto text = base::dump(secrets);
            sealed = sealing_.seal(text, purpose(kept.id));
            base::wipe(text);
            model::wipe(secrets);
        }
    }
    store::record made(jobs, kept.id, model::to_record_text(kept, sealed));
    made.attributes = {std::string(model::to_text(kept.state)), kept.device};
    made.expires_at_ms = over ? after(kept.finished_at.value_or(kept.created_at), retention_) : 0;
    return made;
}

void job_records::put(const model::job& record, std::function<void(result<void>)> done) {
    records_.write(make_record(record), std::move(done));
}

void job_records::put_with_key(const model::job& record, const std::string& key, const std::string& fingerprint,
                               std::function<void(result<void>)> done) {
    store::record use(keys, key, base::dump(json{{"job", record.id}, {"fingerprint", fingerprint}}));
    use.expires_at_ms = after(record.created_at, key_window_);
    std::vector<store::record> both;
    both.push_back(std::move(use));
    both.push_back(make_record(record));
    records_.write(std::move(both), std::move(done));
}

asio::awaitable<result<std::optional<job_records::key_use>>> job_records::find_key(std::string key) {
    auto row = co_await records_.get(keys, std::move(key));
    if (!row)
        co_return row.error();
    std::optional<key_use> found;
    // The store removes what has expired when it gets to it.
    if (*row && (*row)->expires_at_ms > clock_.wall_now().time_since_epoch().count()) {
        const auto value = json::parse((*row)->value, nullptr, false);
        base::object_reader reader(value);
        key_use use;
        use.job = reader.required_text("job");
        use.fingerprint = reader.required_text("fingerprint");
        if (const auto bad = reader.finish("corrupt_record"))
            co_return bad->within("a stored Idempotency-Key");
        found = std::move(use);
    }
    co_return found;
}

result<model::job> job_records::read(const std::string& value, bool with_secrets) const {
    const auto parsed = json::parse(value, nullptr, false);
    auto kept = model::job_from_record(parsed);
    if (!kept || !with_secrets || !parsed.contains("sealed"))
        return kept;
    const auto& sealed = parsed["sealed"];
    auto opened = sealing_.open_sealed(sealed.is_string() ? sealed.get_ref<const std::string&>() : std::string(),
                                       purpose(kept->id));
    if (!opened) {
        kept->error = opened.error();
        return kept;
    }
    auto secrets = json::parse(opened->reveal(), nullptr, false);
    if (const auto restored = model::restore_secrets(kept->request, secrets); !restored)
        kept->error = restored.error();
    model::wipe(secrets);
    return kept;
}

asio::awaitable<result<std::optional<model::job>>> job_records::get(std::string id) {
    auto row = co_await records_.get(jobs, std::move(id));
    if (!row)
        co_return row.error();
    std::optional<model::job> found;
    if (!*row)
        co_return found;
    auto kept = read((*row)->value, false);
    if (!kept)
        co_return kept.error();
    found = std::move(*kept);
    co_return found;
}

asio::awaitable<result<model::page<job_ptr>>> job_records::list(job_query query) {
    store::query wanted;
    wanted.collection = jobs;
    wanted.reverse = true;
    wanted.to = query.cursor;
    wanted.limit = query.limit + 1;
    if (!query.device.empty())
        wanted.filters.emplace_back("device", query.device);
    if (query.state)
        wanted.filters.emplace_back("state", model::to_text(*query.state));
    auto rows = co_await records_.scan(std::move(wanted));
    if (!rows)
        co_return rows.error();
    model::page<job_ptr> found;
    if (rows->size() > query.limit) {
        rows->pop_back();
        found.next = rows->empty() ? std::string() : rows->back().key;
    }
    for (const auto& row : *rows) {
        auto kept = read(row.value, false);
        if (!kept) {
            unreadable(row.key, kept.error());
            continue;
        }
        found.items.push_back(std::make_shared<const model::job>(std::move(*kept)));
    }
    co_return found;
}

asio::awaitable<result<std::vector<model::job>>> job_records::unfinished() {
    store::query wanted;
    wanted.collection = jobs;
    wanted.filters.emplace_back("state", "queued");
    wanted.filters.emplace_back("state", "running");
    auto rows = co_await records_.scan(std::move(wanted));
    if (!rows)
        co_return rows.error();
    std::vector<model::job> left;
    left.reserve(rows->size());
    for (const auto& row : *rows) {
        auto kept = read(row.value, true);
        if (!kept) {
            unreadable(row.key, kept.error());
            continue;
        }
        left.push_back(std::move(*kept));
    }
    co_return left;
}

} // namespace ferrule::devices
