#include "fleet/spool.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "fleet/link.hpp"
#include "fleet/protocol/frame.hpp"

#include <charconv>

namespace ferrule::fleet {

namespace {

constexpr const char* messages_name = "spool";
constexpr const char* state_name = "link_state";
constexpr std::size_t most_fresh = std::size_t{2} << 20U;
constexpr std::uint32_t page = 64;

// So that keys sort as numbers do.
std::string key_of(std::uint64_t seq) {
    auto digits = std::to_string(seq);
    return std::string(20 - digits.size(), '0') + digits;
}

std::uint64_t seq_of(const std::string& key) {
    std::uint64_t seq = 0;
    std::from_chars(key.data(), key.data() + key.size(), seq);
    return seq;
}

} // namespace

std::vector<store::collection> spool::collections() {
    std::vector<store::collection> all;
    all.emplace_back(messages_name, std::vector<std::string>{});
    all.emplace_back(state_name, std::vector<std::string>{});
    return all;
}

spool::spool(store::store& records, protocol::outbox::limits wanted, const base::clock& clock)
    : records_(records)
    , clock_(clock)
    , outbox_(wanted) {}

asio::awaitable<result<void>> spool::load() {
    std::vector<std::pair<std::uint64_t, std::size_t>> left;
    std::string from;
    for (;;) {
        store::query wanted;
        wanted.collection = messages_name;
        wanted.from = from;
        wanted.limit = page;
        auto rows = co_await records_.scan(std::move(wanted));
        if (!rows)
            co_return rows.error();
        const auto before = left.size();
        for (const auto& row : *rows)
            if (left.empty() || seq_of(row.key) > left.back().first)
                left.emplace_back(seq_of(row.key), row.value.size());
        if (rows->size() < page || left.size() == before)
            break;
        from = key_of(left.back().first + 1);
    }
    auto state = co_await records_.get(state_name, "lost");
    if (!state)
        co_return state.error();
    const std::lock_guard lock(mutex_);
    outbox_.restore(left, 1);
    if (*state) {
        const auto value = base::json::parse((*state)->value, nullptr, false);
        outbox_.set_lost(protocol::number_of(value.is_object() ? value : base::json::object(), "count"));
    }
    if (!left.empty())
        base::log::info("fleet", "kept for a controller from before", {{"messages", std::to_string(left.size())}});
    co_return ok();
}

store::record spool::lost_record() const {
    return {state_name, "lost", R"({"count":)" + std::to_string(outbox_.lost()) + "}"};
}

void spool::remove(const std::vector<std::uint64_t>& all, std::vector<store::record>& into) {
    for (const auto seq : all) {
        store::record gone(messages_name, key_of(seq), {});
        gone.remove = true;
        into.push_back(std::move(gone));
        if (const auto at = fresh_.find(seq); at != fresh_.end()) {
            fresh_bytes_ -= at->second.size();
            fresh_.erase(at);
        }
    }
}

// What stays behind after a failure is sent again, which harms nothing.
void spool::write_later(std::vector<store::record> all) {
    if (!all.empty())
        records_.write(std::move(all), [pace = complaints_](const result<void>& done) {
            const auto times = done ? std::nullopt : pace->take(base::system_clock().steady_now());
            if (times)
                base::log::warn("fleet", "the spool cannot be written",
                                {{"reason", done.error().message()}, {"times", std::to_string(*times)}});
        });
}

void spool::add(std::string_view kind, std::string_view body, std::function<void(result<void>)> kept) {
    std::vector<store::record> changes;
    const std::lock_guard lock(mutex_); // also over the write, so that order on disk is the order of numbers
    const auto before = outbox_.lost();
    const auto made = outbox_.add(kind.size() + body.size() + 48);
    auto text = protocol::make_frame(kind, body, made.seq);
    remove(made.dropped, changes);
    const bool lost = outbox_.lost() != before;
    if (lost)
        changes.push_back(lost_record());
    if (fresh_bytes_ + text.size() <= most_fresh) {
        fresh_bytes_ += text.size();
        fresh_.emplace(made.seq, text);
    }
    changes.emplace_back(messages_name, key_of(made.seq), std::move(text));
    records_.write(std::move(changes), [this, seq = made.seq, lost, kept = std::move(kept)](result<void> done) {
        {
            const std::lock_guard again(mutex_);
            if (done)
                outbox_.kept(seq);
            else
                outbox_.not_kept(seq);
        }
        if (done && news_)
            news_();
        if (lost)
            for (const auto& hear : hear_lost_)
                hear();
        if (kept)
            kept(std::move(done));
    });
}

void spool::connected() {
    const std::lock_guard lock(mutex_);
    outbox_.connected();
}

void spool::disconnected() {
    const std::lock_guard lock(mutex_);
    outbox_.disconnected();
}

asio::awaitable<std::vector<spool::message>> spool::next() {
    std::vector<message> out;
    std::vector<std::uint64_t> missing;
    {
        const std::lock_guard lock(mutex_);
        while (out.size() < page) {
            const auto seq = outbox_.next(clock_.steady_now());
            if (!seq)
                break;
            message one;
            one.seq = *seq;
            if (const auto at = fresh_.find(*seq); at != fresh_.end())
                one.text = at->second;
            else
                missing.push_back(*seq);
            out.push_back(std::move(one));
        }
    }
    if (missing.empty())
        co_return out;
    store::query wanted;
    wanted.collection = messages_name;
    wanted.from = key_of(missing.front());
    wanted.to = key_of(missing.back() + 1);
    auto rows = co_await records_.scan(std::move(wanted));
    if (!rows) {
        base::log::warn("fleet", "the spool cannot be read", {{"reason", rows.error().message()}});
        not_sent(out.front().seq);
        out.clear();
        co_return out;
    }
    std::map<std::uint64_t, std::string> found;
    for (auto& row : *rows)
        found.emplace(seq_of(row.key), std::move(row.value));
    for (auto& each : out)
        if (each.text.empty())
            each.text = std::move(found[each.seq]);
    // What is not on disk either was acknowledged or dropped meanwhile.
    std::erase_if(out, [](const message& each) { return each.text.empty(); });
    co_return out;
}

void spool::not_sent(std::uint64_t seq) {
    const std::lock_guard lock(mutex_);
    outbox_.not_sent(seq);
}

void spool::acknowledged(std::uint64_t seq) {
    std::vector<store::record> changes;
    {
        const std::lock_guard lock(mutex_);
        remove(outbox_.acknowledged(seq, clock_.steady_now()), changes);
        write_later(std::move(changes));
    }
    if (news_)
        news_();
}

void spool::rejected(std::uint64_t seq, const std::string& kind) {
    {
        const std::lock_guard lock(mutex_);
        if (!outbox_.rejected(seq))
            return;
        std::vector<store::record> changes;
        remove({seq}, changes);
        changes.push_back(lost_record());
        write_later(std::move(changes));
    }
    base::log::warn("fleet",
                    "the controller does not know what is sent to it, which is lost: it is older than this agent",
                    {{"kind", kind}});
    if (news_)
        news_();
}

void spool::told(std::uint64_t lost) {
    const std::lock_guard lock(mutex_);
    if (lost == 0)
        return;
    outbox_.told(lost);
    std::vector<store::record> changes;
    changes.push_back(lost_record());
    write_later(std::move(changes));
}

std::uint64_t spool::lost() const {
    const std::lock_guard lock(mutex_);
    return outbox_.lost();
}

std::uint64_t spool::bytes() const {
    const std::lock_guard lock(mutex_);
    return outbox_.bytes();
}

std::size_t spool::size() const {
    const std::lock_guard lock(mutex_);
    return outbox_.size();
}

} // namespace ferrule::fleet
