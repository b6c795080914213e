#include "store/open_store.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

#include "base/log.hpp"

namespace ferrule::store {

namespace {

error stopping() {
    return error("stopping", "the store is being closed and cannot be read any more", true);
}

} // namespace

open_store::open_store(std::unique_ptr<backend> over, runtime::io& loop, runtime::blocking_pool& pool,
                       const base::clock& time)
    : open_store(std::move(over), loop, pool, time, options()) {}

open_store::open_store(std::unique_ptr<backend> over, runtime::io& loop, runtime::blocking_pool& pool,
                       const base::clock& time, options wanted)
    : options_(wanted)
    , loop_(loop)
    , pool_(pool)
    , backend_(std::move(over))
    , writer_(std::make_unique<writer>(*backend_, loop_.get_executor(), time, wanted.limits))
    , housekeeping_(std::make_shared<housekeeping>(loop_.make_strand())) {
    housekeeping_->of = writer_.get();
    asio::dispatch(housekeeping_->timer.get_executor(),
                   [held = housekeeping_, every = options_.maintain_every] { arm(held, every); });
}

open_store::~open_store() = default;

void open_store::arm(std::shared_ptr<housekeeping> held, base::duration every) {
    if (held->of == nullptr)
        return;
    held->timer.expires_after(every);
    held->timer.async_wait([held, every](const boost::system::error_code&) {
        if (held->of == nullptr)
            return;
        held->of->maintain();
        arm(held, every);
    });
}

void open_store::write(record one, completion done) {
    writer_->write(std::move(one), std::move(done));
}

void open_store::write(std::vector<record> all, completion done) {
    writer_->write(std::move(all), std::move(done));
}

asio::awaitable<result<void>> open_store::put(record one) {
    return writer_->put(std::move(one));
}

asio::awaitable<result<void>> open_store::put(std::vector<record> all) {
    return writer_->put(std::move(all));
}

void open_store::put_later(record one) {
    writer_->put_later(std::move(one));
}

asio::awaitable<result<std::optional<row>>> open_store::get(std::string collection, std::string key) {
    const auto pass = reads_.enter();
    if (!pass)
        co_return stopping();
    std::function<result<std::optional<row>>()> work = [from = backend_, &collection, &key] {
        return from->get(collection, key);
    };
    auto found = co_await runtime::offload<std::optional<row>>(pool_, std::move(work));
    co_return found;
}

asio::awaitable<result<std::vector<row>>> open_store::scan(query wanted) {
    const auto pass = reads_.enter();
    if (!pass)
        co_return stopping();
    std::function<result<std::vector<row>>()> work = [from = backend_, &wanted] { return from->scan(wanted); };
    auto found = co_await runtime::offload<std::vector<row>>(pool_, std::move(work));
    co_return found;
}

asio::awaitable<void> open_store::stop() {
    auto silence = [held = housekeeping_] {
        held->of = nullptr;
        held->timer.cancel();
    };
    asio::dispatch(housekeeping_->timer.get_executor(), std::move(silence));
    std::function<result<void>()> finish = [this] {
        writer_->stop();
        return ok();
    };
    const auto finished = co_await runtime::offload<void>(pool_, finish);
    if (!finished)
        finish(); // the pool is full or gone; late is better than lost
    const auto left = co_await reads_.drain(options_.read_grace);
    if (left != 0)
        base::log::warn("store", "reads are still under way; the store closes once they end",
                        {{"reads", std::to_string(left)}});
    const auto closing = std::make_shared<std::shared_ptr<backend>>(std::exchange(backend_, nullptr));
    std::function<result<void>()> close = [closing] {
        closing->reset();
        return ok();
    };
    const auto closed = co_await runtime::offload<void>(pool_, close);
    if (!closed)
        close();
}

} // namespace ferrule::store
