#include "store/writer.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <pthread.h>

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "base/log.hpp"

namespace ferrule::store {

namespace {

// The loop first takes up what has already come in; its handlers may write too.
constexpr int rounds_to_gather = 2;

void call(const completion& done, const result<void>& outcome) noexcept {
    try {
        done(outcome);
    } catch (const std::exception& what) {
        base::log::error("store", "the completion of a write failed", {{"why", what.what()}});
    }
}

error broken(const std::exception& what) {
    return error("internal", std::string("writing to the store failed: ") + what.what());
}

/// Suspends a coroutine until a write is over. All that the wait needs lies in the coroutine's frame; the completion
/// that the queue holds is two pointers.
template <class Records>
asio::awaitable<result<void>> wait_for(writer& on, Records records) {
    using waiting_for = asio::async_result<asio::use_awaitable_t<>, void()>::handler_type;
    std::optional<waiting_for> waiting;
    std::optional<result<void>> outcome;
    auto start = [&](auto handler) {
        waiting.emplace(std::move(handler));
        on.write(std::move(records), [&waiting, &outcome](result<void> written) {
            outcome.emplace(std::move(written));
            auto resume = std::move(*waiting);
            const auto home = asio::get_associated_executor(resume);
            asio::dispatch(home, std::move(resume));
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
    co_return std::move(*outcome);
}

} // namespace

writer::writer(backend& to, asio::any_io_executor on, const base::clock& time, writer_limits limits)
    : to_(to)
    , on_(std::move(on))
    , time_(time)
    , limits_(limits)
    , queue_(std::make_shared<write_queue>(limits.queue_bytes, to.tries()))
    , thread_([this] { loop(); }) {
    ::pthread_setname_np(thread_.native_handle(), "store-writer");
}

writer::~writer() {
    stop();
}

void writer::stop() {
    queue_->close();
    if (thread_.joinable())
        thread_.join();
}

// A handler that goes round with the loop and then looks what has been gathered. It holds the queue and not the writer,
// which may have gone by then. A writer that goes closes the queue, and a closed queue gives no lone call; while one is
// out, the writer waits for its return. So whoever gets one may use the writer until then.
struct writer::look {
    writer* of;
    std::shared_ptr<write_queue> queue;
    asio::any_io_executor on;
    int rounds;

    void begin() { asio::post(on, look{*this}); }

    void operator()() {
        if (--rounds > 0)
            asio::post(on, look{*this});
        else if (auto* const lone = queue->take_lone())
            of->write_lone(*lone);
    }
};

writer::look writer::look_later() {
    return {this, queue_, on_, rounds_to_gather};
}

void writer::take(write_queue::verdict answer, look& later, completion& done) {
    if (answer == write_queue::verdict::gathering)
        later.begin();
    else if (answer != write_queue::verdict::taken)
        refuse(std::move(done), answer);
}

// A call may be answered, and the writer gone, before `add` has returned to who made it; so what follows `add` when the
// call was taken uses copies.
void writer::write(record one, completion done) {
    auto later = look_later();
    take(later.queue->add(one, done), later, done);
}

void writer::write(std::vector<record> all, completion done) {
    auto later = look_later();
    take(later.queue->add(all, done), later, done);
}

asio::awaitable<result<void>> writer::put(record one) {
    return wait_for(*this, std::move(one));
}

asio::awaitable<result<void>> writer::put(std::vector<record> all) {
    return wait_for(*this, std::move(all));
}

void writer::put_later(record one) {
    completion nobody;
    auto later = look_later();
    const auto answer = later.queue->add(one, nobody);
    if (answer == write_queue::verdict::gathering) {
        later.begin();
    } else if (answer != write_queue::verdict::taken) {
        ++tally_.failed;
        base::log::error("store",
                         "a record that nobody waits for was dropped, because too much is waiting to be written",
                         {{"collection", one.collection}, {"key", one.key}});
    }
}

// What write_group_in_batches does for the thread, for one call and on the loop.
void writer::write_lone(write_group& lone) {
    const auto count = lone.records.size();
    std::optional<result<void>> written;
    try {
        left_out_.assign(count, 0);
        written = to_.try_put(lone.records, left_out_);
    } catch (const std::exception& what) {
        written = broken(what);
    }
    if (!written) {
        queue_->return_lone(false); // to the thread
        return;
    }
    tally_.batches += *written ? 1 : 0;
    settle(lone.waiters.front(), *written ? outcome_of(lone.records, 0, count) : std::move(*written), count);
    const auto done = std::exchange(finished_, {});
    queue_->return_lone(true); // the last use of the writer, which may be waiting to go
    for (const auto& each : done)
        call(each.done, each.outcome);
}

void writer::maintain() {
    queue_->ask_maintenance();
}

writer::figures writer::counted() const noexcept {
    return {tally_.records.load(), tally_.batches.load(), tally_.failed.load(), tally_.expired.load()};
}

void writer::refuse(completion done, write_queue::verdict why) {
    ++tally_.failed;
    const bool full = why == write_queue::verdict::full;
    auto reason = full ? error("overloaded", "too much is waiting to be stored; try again in a moment", true)
                       : error("stopping", "the store is being closed and takes nothing new", true);
    asio::post(on_, [done = std::move(done), reason = std::move(reason)] { call(done, reason); });
}

void writer::loop() {
    write_group group;
    bool more_expired = false;
    while (true) {
        const auto heard = queue_->wait(group, more_expired);
        write_group_in_batches(group);
        queue_->give_back(group.bytes);
        const bool idle = group.waiters.empty();
        group.clear();
        if (heard.closed && idle)
            break;
        if ((heard.maintain || more_expired) && !heard.closed)
            more_expired = expire();
    }
    if (const auto flushed = to_.flush(); !flushed)
        base::log::error("store", "the last flush failed", {{"why", flushed.error().message()}});
}

void writer::write_group_in_batches(write_group& group) {
    const std::span<const record> records(group.records);
    const std::span<waiter> waiters(group.waiters);
    std::size_t first_record = 0;
    for (std::size_t first = 0; first < waiters.size();) {
        auto last = first + 1; // a call is never cut
        while (last < waiters.size() && waiters[last].end - first_record <= limits_.batch_records)
            ++last;
        const auto end = waiters[last - 1].end;
        write_batch(records.subspan(first_record, end - first_record), waiters.subspan(first, last - first),
                    first_record);
        hand_over();
        first = last;
        first_record = end;
    }
}

void writer::write_batch(std::span<const record> records, std::span<waiter> waiters, std::size_t first) {
    const auto written = try_batch(records);
    if (!written && !written.error().retryable() && waiters.size() > 1)
        return write_alone(records, waiters, first);
    auto from = first;
    for (auto& each : waiters) {
        auto outcome = written ? outcome_of(records, from - first, each.end - first) : written;
        settle(each, std::move(outcome), each.end - from);
        from = each.end;
    }
}

void writer::write_alone(std::span<const record> records, std::span<waiter> waiters, std::size_t first) {
    auto from = first;
    for (auto& each : waiters) {
        const auto own = records.subspan(from - first, each.end - from);
        const auto written = try_batch(own);
        settle(each, written ? outcome_of(own, 0, own.size()) : written, own.size());
        from = each.end;
    }
}

result<void> writer::try_batch(std::span<const record> records) {
    try {
        if (records.empty())
            return ok();
        left_out_.assign(records.size(), 0);
        auto written = to_.put_batch(records, left_out_);
        tally_.batches += written ? 1 : 0;
        return written;
    } catch (const std::exception& what) {
        return broken(what);
    }
}

result<void> writer::outcome_of(std::span<const record> batch, std::size_t from, std::size_t to) const {
    for (auto at = from; at < to; ++at)
        if (left_out_[at] != 0)
            return error("conflict",
                         "the collection " + batch[at].collection + " already has the key " + batch[at].key);
    return ok();
}

void writer::settle(waiter& of, result<void> outcome, std::size_t records) {
    (outcome ? tally_.records : tally_.failed) += records;
    if (of.done) {
        finished_.push_back(finished{std::move(of.done), std::move(outcome)});
    } else if (!outcome) {
        base::log::error("store", "records that nobody waits for could not be written",
                         {{"records", std::to_string(records)}, {"why", outcome.error().message()}});
    }
}

void writer::hand_over() {
    if (finished_.empty())
        return;
    asio::post(on_, [batch = std::exchange(finished_, {})] {
        for (const auto& each : batch)
            call(each.done, each.outcome);
    });
}

bool writer::expire() {
    const auto removed = to_.maintain(time_.wall_now().time_since_epoch().count(), limits_.expire_at_once);
    if (!removed) {
        base::log::error("store", "expired records cannot be removed", {{"why", removed.error().message()}});
        return false;
    }
    tally_.expired += *removed;
    return *removed == limits_.expire_at_once;
}

} // namespace ferrule::store
