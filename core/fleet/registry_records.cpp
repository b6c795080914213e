// Agents at rest.
#include "fleet/registry.hpp"

#include "base/json.hpp"
#include "fleet/protocol/frame.hpp"

#include <boost/asio/this_coro.hpp>

namespace ferrule::fleet {

using base::json;
using protocol::number_of;
using protocol::text_of;

namespace {

constexpr const char* records_name = "agents";

json time_or_null(const std::optional<base::wall_time>& when) {
    return when ? json(base::to_rfc3339(*when)) : json();
}

std::optional<base::wall_time> time_of(const json& from, std::string_view key) {
    const auto read = base::parse_rfc3339(text_of(from, key));
    return read ? std::optional(*read) : std::nullopt;
}

} // namespace

store::collection registry::collection() {
    return {records_name, {}};
}

store::record registry::to_record(const entry& from) const {
    const auto& shown = *from.shown;
    const json value{{"labels", shown.tags},
                     {"token_labels", from.token_tags},
                     {"region", shown.region},
                     {"token_region", from.token_region},
                     {"version", shown.version},
                     {"host", shown.host},
                     {"features", shown.features},
                     {"address", shown.address},
                     {"boot_id", shown.boot_id},
                     {"heartbeat_ms", std::chrono::duration_cast<std::chrono::milliseconds>(shown.heartbeat).count()},
                     {"joined_at", base::to_rfc3339(shown.joined_at)},
                     {"last_seen_at", time_or_null(shown.last_seen_at)},
                     {"serial", shown.certificate_serial},
                     {"least_serial", from.least_serial},
                     {"highest_serial", from.highest_serial},
                     {"expires_at", time_or_null(shown.certificate_expires_at)},
                     {"revoked", from.revoked},
                     {"lost", shown.lost_deliveries},
                     {"traffic", from.traffic.to_record()}};
    return {records_name, shown.name, base::dump(value)};
}

std::optional<registry::entry> registry::from_record(const std::string& name, const std::string& text) {
    const auto value = json::parse(text, nullptr, false);
    if (!value.is_object())
        return std::nullopt;
    model::agent shown;
    shown.name = name;
    shown.tags = protocol::labels_of(value, "labels");
    shown.region = text_of(value, "region");
    shown.version = text_of(value, "version");
    shown.host = text_of(value, "host");
    shown.features = protocol::texts_of(value, "features");
    shown.address = text_of(value, "address");
    shown.boot_id = text_of(value, "boot_id");
    shown.heartbeat = std::chrono::milliseconds(static_cast<std::int64_t>(number_of(value, "heartbeat_ms")));
    shown.joined_at = time_of(value, "joined_at").value_or(base::wall_time{});
    shown.last_seen_at = time_of(value, "last_seen_at");
    shown.certificate_serial = text_of(value, "serial");
    shown.certificate_expires_at = time_of(value, "expires_at");
    shown.lost_deliveries = number_of(value, "lost");
    entry out;
    out.token_tags = protocol::labels_of(value, "token_labels");
    out.token_region = text_of(value, "token_region");
    out.least_serial = text_of(value, "least_serial");
    out.highest_serial = text_of(value, "highest_serial");
    const auto revoked = value.find("revoked");
    // What cannot be read must not let anyone in.
    if (revoked == value.end() || !revoked->is_boolean())
        return std::nullopt;
    out.revoked = revoked->get<bool>();
    out.gone = true;
    shown.state = out.revoked ? model::agent_state::revoked : model::agent_state::offline;
    if (const auto kept = value.find("traffic"); kept != value.end() && kept->is_object())
        out.traffic = fleet::traffic::from_record(*kept);
    shown.traffic = out.traffic.shown();
    out.shown = std::make_shared<const model::agent>(std::move(shown));
    return out;
}

asio::awaitable<result<void>> registry::load() {
    store::query wanted;
    wanted.collection = records_name;
    auto rows = co_await records_.scan(std::move(wanted));
    if (!rows)
        co_return rows.error();
    const std::lock_guard lock(mutex_);
    for (const auto& row : *rows) {
        auto read = from_record(row.key, row.value);
        if (!read)
            co_return error("corrupt_record", "the stored agent " + row.key + " cannot be read");
        all_[row.key] = std::move(*read);
    }
    co_return ok();
}

// What follows begins each write under the lock, in the order of the changes.

begun_write registry::begin_writing(store::record one, const asio::any_io_executor& on) {
    std::vector<store::record> all;
    all.push_back(std::move(one));
    return {records_, std::move(all), on};
}

asio::awaitable<result<void>> registry::renewed(std::string name, net::certificate_facts fresh) {
    const auto on = co_await asio::this_coro::executor;
    std::optional<begun_write> writing;
    {
        const std::lock_guard lock(mutex_);
        auto& found = entry_of(name);
        if (found.revoked)
            co_return error("certificate_revoked", "the agent " + name + " is revoked");
        found.highest_serial = std::max(found.highest_serial, fresh.serial);
        writing.emplace(begin_writing(to_record(found), on));
    }
    co_return co_await writing->done();
}

asio::awaitable<result<void>> registry::revoke(std::string name, bool unknown) {
    const auto on = co_await asio::this_coro::executor;
    std::optional<begun_write> writing;
    {
        const std::lock_guard lock(mutex_);
        if (!unknown && !all_.contains(name))
            co_return error("agent_not_found", "there is no agent named \"" + name +
                                                   "\" here; to refuse one that another controller admitted, say "
                                                   "that it may be unknown");
        // In force at once, before it is written: the other order would let it in meanwhile.
        auto& found = entry_of(name);
        found.revoked = true;
        ++found.revocations;
        auto changed = *found.shown;
        changed.state = model::agent_state::revoked;
        show(found, std::move(changed));
        writing.emplace(begin_writing(to_record(found), on));
    }
    co_return co_await writing->done();
}

asio::awaitable<result<void>> registry::forget(std::string name) {
    const auto on = co_await asio::this_coro::executor;
    std::optional<begun_write> writing;
    {
        const std::lock_guard lock(mutex_);
        const auto at = all_.find(name);
        if (at == all_.end())
            co_return error("agent_not_found", "there is no agent named \"" + name + "\"");
        const auto ends = at->second.shown->certificate_expires_at;
        if (!at->second.revoked || !ends || *ends > clock_.wall_now())
            co_return error("agent_in_use",
                            "the agent " + name +
                                " can be forgotten once it is revoked and its certificate is known "
                                "here and has expired; until then its record is what refuses that certificate");
        all_.erase(at);
        store::record gone(records_name, name, {});
        gone.remove = true;
        writing.emplace(begin_writing(std::move(gone), on));
    }
    co_return co_await writing->done();
}

asio::awaitable<void> registry::save() {
    const auto on = co_await asio::this_coro::executor;
    std::optional<begun_write> writing;
    {
        const std::lock_guard lock(mutex_);
        std::vector<store::record> changed;
        for (auto& [name, each] : all_)
            if (std::exchange(each.changed, false))
                changed.push_back(to_record(each));
        if (!changed.empty())
            writing.emplace(records_, std::move(changed), on);
    }
    if (writing)
        co_await writing->done(); // a failure is logged by the store, and the next start knows less
}

} // namespace ferrule::fleet
