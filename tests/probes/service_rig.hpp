// The check service over SQLite, with a clock that the test moves.
#pragma once

#include "probes/check_service.hpp"
#include "probes/runner_rig.hpp"

#include "base/json.hpp"
#include "runtime/io.hpp"
#include "state/event_bus.hpp"
#include "store/open_store.hpp"
#include "store/sqlite_backend.hpp"
#include "support/print_result.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <future>

namespace test {

namespace asio = boost::asio;
namespace probes = ferrule::probes;
using namespace std::chrono_literals;
using ferrule::base::json;

/// The wall clock is the test's, the monotonic one real, because timers follow it.
class moved_clock final : public ferrule::base::clock {
  public:
    [[nodiscard]] ferrule::base::steady_time steady_now() const override {
        return ferrule::base::system_clock().steady_now();
    }

    [[nodiscard]] ferrule::base::wall_time wall_now() const override {
        return ferrule::base::wall_time(std::chrono::milliseconds(ms));
    }

    std::atomic<std::int64_t> ms{1'760'000'400'000}; // 2025-10-09T09:00:00Z
};

/// One process's part; a new one over the same file is that process after a restart.
class service_rig {
  public:
    service_rig(const std::string& path, moved_clock& clock, std::vector<ferrule::model::check> from_file = {},
                std::vector<std::string> nodes = {"local"}, probes::check_options wanted = {})
        : time(clock) {
        namespace store = ferrule::store;
        json collections = json::array();
        for (const auto& each : probes::check_records::collections())
            collections.push_back({{"name", each.name}, {"attributes", each.attributes}});
        collections.push_back({{"name", "checks"}, {"attributes", json::array()}});
        const json config{{"path", path}, {"durability", "normal"}, {"collections", std::move(collections)}};
        auto plugin = std::make_shared<ferrule::tests::loaded_store>(config.dump());
        kept.emplace(store::make_backend(std::move(plugin)), loop, pool);
        probes::sealing plain{[](std::string_view text, std::string_view) { return "sealed " + std::string(text); },
                              [](std::string_view text, std::string_view) -> ferrule::result<ferrule::base::secret> {
                                  return ferrule::base::secret(std::string(text.substr(7)));
                              }};
        book.emplace(
            *kept, std::move(plain),
            [](const std::string& probe) -> ferrule::result<std::string> {
                if (probe != "scripted")
                    return ferrule::error("plugin_not_found", "there is no probe \"" + probe + "\"");
                return std::string(R"({"additionalProperties": false,
                             "properties": {"count": {"type": "integer", "maximum": 9}, "password": {"type": "string"}}})");
            },
            time);
        service.emplace(loop.make_strand(), *kept, *book, bus, registry, std::move(wanted), time);
        loop.start();
        REQUIRE(wait(book->load(std::move(from_file))));
        std::vector<ferrule::model::node_info> all;
        for (auto& name : nodes) {
            ferrule::model::node_info node;
            node.name = std::move(name);
            all.push_back(std::move(node));
        }
        REQUIRE(wait(service->start(std::move(all))));
    }

    ~service_rig() {
        if (!killed) {
            wait(service->stop());
            wait(kept->stop());
        }
        loop.stop();
        loop.join();
    }

    service_rig(const service_rig&) = delete;
    service_rig& operator=(const service_rig&) = delete;

    template <class T>
    T wait(asio::awaitable<T> what) {
        auto outcome = asio::co_spawn(loop.get_executor(), std::move(what), asio::use_future);
        REQUIRE(outcome.wait_for(60s) == std::future_status::ready);
        return outcome.get();
    }

    /// A result of now, from one location.
    void measure(const std::string& check, const std::string& target, bool good, const std::string& node = "local",
                 double ms = 2, int packets = 0, int lost = 0) {
        ferrule::model::sample one;
        one.check = check;
        one.target = target;
        one.at = time.wall_now();
        one.success = good;
        one.duration_ms = ms;
        one.reason = good ? "" : "nobody is there";
        if (packets != 0)
            one.metrics = {{"packets_sent", packets}, {"packets_lost", lost}};
        std::vector<ferrule::model::sample> all{one};
        service->take(node, std::move(all));
    }

    /// Everything that was taken is on disk.
    void settle() {
        probes::result_query any;
        any.check = book->all().front().definition->name;
        REQUIRE(wait(service->results(any))); // makes room, if there is none
        std::promise<void> done;
        service->take("nobody", {}, [&] { done.set_value(); });
        REQUIRE(wait(service->results(any)));
        auto written = done.get_future();
        REQUIRE(written.wait_for(60s) == std::future_status::ready);
    }

    json state(const std::string& check) {
        auto shown = service->state(check);
        REQUIRE(shown);
        return *shown;
    }

    moved_clock& time;
    ferrule::runtime::io loop;
    ferrule::runtime::blocking_pool pool;
    ferrule::state::event_bus bus;
    prometheus::Registry registry;
    std::optional<ferrule::store::open_store> kept;
    std::optional<probes::check_book> book;
    std::optional<probes::check_service> service;
    bool killed = false; ///< It ends without a word, as after kill -9.
};

/// The next transitions of a subscription, as `what:from>to` of the agreement (`node/what:from>to` of a location).
class followed {
  public:
    explicit followed(service_rig& on)
        : on_(on)
        , heard_(
              on.bus.subscribe(on.loop.get_executor(), [](const auto& each) { return each.topic == "check.state"; })) {}

    std::vector<std::string> next(std::size_t count) {
        while (told_.size() < count) {
            const auto deadline = ferrule::base::system_clock().steady_now() + 60s;
            const auto events = on_.wait(heard_->next(deadline));
            REQUIRE_FALSE(events.empty());
            for (const auto& each : events) {
                const auto value = json::parse(each->data);
                const auto text = [&value](const char* key) { return value[key].template get<std::string>(); };
                const auto where = value.value("location", "");
                told_.push_back((where.empty() ? "" : where + "/") + text("change") + ":" + text("from") + ">" +
                                text("to"));
            }
        }
        auto first = told_.begin() + static_cast<std::ptrdiff_t>(count);
        std::vector<std::string> all(told_.begin(), first);
        told_.erase(told_.begin(), first);
        return all;
    }

  private:
    service_rig& on_;
    std::unique_ptr<ferrule::state::subscription> heard_;
    std::vector<std::string> told_;
};

using texts = std::vector<std::string>;

inline ferrule::model::check edge() {
    auto made = scripted_check("edge", {"r1"}, 10s);
    made.max_attempts = 2;
    made.flapping.enabled = false;
    return made;
}

struct place {
    ferrule::tests::scratch_folder folder;
    std::string path = folder.file("checks.db");
    moved_clock clock;
};

inline double of(const prometheus::Registry& in, const std::string& name) {
    for (const auto& family : in.Collect())
        if (family.name == name && !family.metric.empty())
            return family.type == prometheus::MetricType::Counter ? family.metric[0].counter.value
                                                                  : family.metric[0].gauge.value;
    return -1;
}

} // namespace test
