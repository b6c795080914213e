// How late checks begin, and what keeping them on time costs.
//
//   check_lag CHECKS SECONDS
//
// CHECKS checks a second each, for so long: by a timer of Asio for each of them, by the runner over a probe that
// answers at once, and by the runner over the plugin icmp and loopback addresses that all answer. Prints one JSON
// object with, for each of timers, runner and icmp: _lag_p50_us, _lag_p99_us, _cpu (share of one core), and for the
// latter two _missed (ticks).
#include "net/http_client.hpp"
#include "net/libraries.hpp"
#include "net/resolver.hpp"
#include "plugins/registry.hpp"
#include "probes/phase.hpp"
#include "probes/runner.hpp"
#include "probes/schedule.hpp"

#include "samples.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace plugins = ferrule::plugins;
namespace probes = ferrule::probes;
using namespace std::chrono_literals;
using ferrule::base::steady_time;

constexpr ferrule::base::duration interval = 1s;

steady_time now() {
    return ferrule::base::system_clock().steady_now();
}

double processor_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& span) {
        return static_cast<double>(span.tv_sec) + static_cast<double>(span.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct outcome {
    std::vector<double> lags_us;
    double cpu = 0;
    double missed = 0;
};

std::string address(int number) {
    return "127." + std::to_string(number / 62500 % 250) + '.' + std::to_string(number / 250 % 250) + '.' +
           std::to_string(number % 250 + 1);
}

/// Waits with the rest of the process at work, and gives the share of a core that it took.
double cpu_during(std::chrono::seconds span) {
    const auto before = processor_seconds();
    std::promise<void>().get_future().wait_for(span);
    return (processor_seconds() - before) / static_cast<double>(span.count());
}

/// The baseline: what one writes first.
class timer_each {
  public:
    timer_each(ferrule::runtime::io& loop, int checks)
        : origin_(now()) {
        timers_.reserve(static_cast<std::size_t>(checks));
        for (int i = 0; i < checks; ++i) {
            timers_.emplace_back(loop.context());
            const auto hash = probes::stable_hash({"check_lag", std::to_string(i)});
            due_.push_back(origin_ + std::chrono::nanoseconds(hash % static_cast<std::uint64_t>(interval.count())));
        }
    }

    void start() {
        for (std::size_t i = 0; i < timers_.size(); ++i)
            arm(i);
    }

    std::vector<double> lags_us;
    std::atomic<bool> over = false;

  private:
    void arm(std::size_t i) {
        timers_[i].expires_at(asio::steady_timer::time_point(due_[i]));
        timers_[i].async_wait([this, i](const boost::system::error_code& failed) {
            if (failed || over)
                return;
            lags_us.push_back(std::chrono::duration<double, std::micro>(now() - due_[i]).count());
            due_[i] += interval;
            arm(i);
        });
    }

    steady_time origin_;
    std::vector<asio::steady_timer> timers_;
    std::vector<steady_time> due_;
};

outcome by_timers(int checks, std::chrono::seconds span) {
    ferrule::runtime::io loop;
    timer_each all(loop, checks);
    all.start();
    loop.start();
    outcome seen;
    seen.cpu = cpu_during(span);
    asio::post(loop.context(), [&all] { all.over = true; });
    loop.stop();
    loop.join();
    seen.lags_us = std::move(all.lags_us);
    return seen;
}

class instant_probe final : public plugins::probe {
  public:
    [[nodiscard]] const std::string& name() const noexcept override { return name_; }

    asio::awaitable<ferrule::result<std::string>> run(std::string, steady_time) override {
        co_return std::string(R"({"success": true, "duration_ms": 0})");
    }

    void run_batch(std::vector<std::string> targets, steady_time, asio::any_io_executor on,
                   batch_callback done) override {
        asio::post(on, [count = targets.size(), done = std::move(done)] {
            for (std::size_t i = 0; i < count; ++i)
                done(i, std::string(R"({"success": true, "duration_ms": 0})"));
        });
    }

  private:
    std::string name_ = "instant";
};

outcome by_runner(ferrule::runtime::io& loop, const std::shared_ptr<plugins::probe>& probe, int checks,
                  std::chrono::seconds span) {
    prometheus::Registry registry;
    probes::runner_metrics figures(registry);
    outcome seen;
    std::size_t failed = 0;
    {
        probes::runner run(
            loop.make_strand(), "bench",
            [&probe](const std::string&) { return ferrule::result<std::shared_ptr<plugins::probe>>(probe); },
            [&](const std::vector<ferrule::model::sample>& all) {
                for (const auto& each : all) {
                    seen.lags_us.push_back(std::chrono::duration<double, std::micro>(each.lag).count());
                    failed += each.success ? 0U : 1U;
                }
            },
            figures);
        ferrule::model::check check;
        check.name = "check_lag";
        check.probe = "icmp";
        check.interval = interval;
        check.timeout = interval;
        for (int i = 0; i < checks; ++i) {
            ferrule::model::check_target target;
            target.host = address(i);
            check.targets.push_back(std::move(target));
        }
        std::vector<probes::assignment> work;
        for (auto& [name, each] : probes::assignments_of(std::make_shared<const ferrule::model::check>(check)))
            work.push_back(std::move(each));
        run.assign(std::move(work));
        seen.cpu = cpu_during(span);
        asio::co_spawn(loop.get_executor(), run.stop(), asio::use_future).get();
    }
    seen.missed = figures.missed.Value();
    if (failed != 0)
        throw std::runtime_error(std::to_string(failed) + " measurements failed");
    return seen;
}

outcome by_icmp(int checks, std::chrono::seconds span) {
    std::string scratch = (std::filesystem::temp_directory_path() / "ferrule-bench-XXXXXX").string();
    if (::mkdtemp(scratch.data()) == nullptr)
        throw std::runtime_error("no scratch folder");
    const auto files = std::filesystem::path(scratch) / "files" / "probes";
    std::filesystem::create_directories(files);
    std::filesystem::copy_file(FERRULE_ICMP, files / "icmp.so");
    outcome seen;
    {
        ferrule::runtime::io loop;
        ferrule::runtime::blocking_pool pool;
        ferrule::net::resolver names(loop);
        ferrule::net::http_client http(loop);
        plugins::settings wanted;
        wanted.folders = {files.parent_path()};
        wanted.run_folder = std::filesystem::path(scratch) / "run";
        plugins::registry all(plugins::surroundings{loop, pool, names, http}, std::move(wanted));
        loop.start();
        {
            auto found = all.probe("icmp");
            if (!found)
                throw std::runtime_error(found.error().message());
            // Loaded before it counts.
            const auto first = asio::co_spawn(loop.make_strand(), (*found)->run(R"({"host":"127.0.0.1"})", now() + 5s),
                                              asio::use_future)
                                   .get();
            if (!first)
                throw std::runtime_error(first.error().message());
            seen = by_runner(loop, *found, checks, span);
        }
        asio::co_spawn(loop.get_executor(), all.stop(5s), asio::use_future).get();
        loop.stop();
        loop.join();
    }
    std::error_code ignored;
    std::filesystem::remove_all(scratch, ignored);
    return seen;
}

void print(const char* name, outcome& seen, bool last) {
    std::printf("\"%s_lag_p50_us\": %.1f, \"%s_lag_p99_us\": %.1f, \"%s_cpu\": %.4f, \"%s_runs\": %zu, \"%s_missed\": "
                "%.0f%s",
                name, ferrule::bench::quantile(seen.lags_us, 0.5), name, ferrule::bench::quantile(seen.lags_us, 0.99),
                name, seen.cpu, name, seen.lags_us.size(), name, seen.missed, last ? "" : ", ");
}

} // namespace

int main(int argc, char** argv) try {
    if (argc != 3)
        throw std::runtime_error("usage: check_lag CHECKS SECONDS");
    const int checks = std::stoi(argv[1]);
    const std::chrono::seconds span(std::stoi(argv[2]));
    ferrule::net::init_libraries();
    auto timers = by_timers(checks, span);
    outcome runner;
    {
        ferrule::runtime::io loop;
        loop.start();
        runner = by_runner(loop, std::make_shared<instant_probe>(), checks, span);
        loop.stop();
        loop.join();
    }
    auto icmp = by_icmp(checks, span);
    std::printf("{");
    print("timers", timers, false);
    print("runner", runner, false);
    print("icmp", icmp, true);
    std::printf("}\n");
    return 0;

} catch (const std::exception& what) {

    std::fprintf(stderr, "check_lag: %s\n", what.what());
    return 1;
}
