// A writer over a scripted backend, with a loop that runs.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/io.hpp"
#include "scripted_backend.hpp"
#include "store/writer.hpp"

namespace ferrule::tests {

namespace asio = boost::asio;
using batches = std::vector<std::vector<std::string>>;

inline store::record put_of(const std::string& key, const std::string& value = "{}") {
    return store::record("jobs", key, value);
}

inline store::record insert_of(const std::string& key, const std::string& value) {
    auto made = put_of(key, value);
    made.insert_only = true;
    return made;
}

/// A backend, a loop that runs and the writer over them. With `tries` the backend writes single calls at once.
struct writer_bench {
    explicit writer_bench(store::writer_limits limits = {}, bool tries = false, unsigned threads = 1)
        : backend(tries)
        , loop(threads)
        , writer(std::make_unique<store::writer>(backend, loop.get_executor(), base::system_clock(), limits)) {
        loop.start();
    }

    writer_bench(const writer_bench&) = delete;
    writer_bench& operator=(const writer_bench&) = delete;

    ~writer_bench() {
        backend.hold(false);
        writer->stop();
        // what was posted before is answered before this
        std::promise<void> drained;
        asio::post(loop.get_executor(), [&drained] { drained.set_value(); });
        drained.get_future().wait();
        loop.stop();
        loop.join();
    }

    template <class What>
    std::future<result<void>> put(What what) {
        return asio::co_spawn(loop.get_executor(), writer->put(std::move(what)), asio::use_future);
    }

    /// As write, with the outcome as a future; the order of calls is the order of records.
    template <class What>
    std::future<result<void>> write(What what) {
        auto done = std::make_shared<std::promise<result<void>>>();
        auto outcome = done->get_future();
        writer->write(std::move(what), [done](result<void> written) { done->set_value(std::move(written)); });
        return outcome;
    }

    scripted_backend backend;
    runtime::io loop;
    std::unique_ptr<store::writer> writer;
};

inline std::string code_of(std::future<result<void>> outcome) {
    const auto got = outcome.get();
    return got ? "ok" : got.error().code();
}

} // namespace ferrule::tests
