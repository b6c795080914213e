// Echo exchanges through the host and the plugin icmp, over loopback addresses that all answer.
//
//   icmp_probes PROBES COUNT AT_ONCE [SILENT]
//
// PROBES probes of COUNT packets each, AT_ONCE of them running at the same time, in batches. Before that, as many
// single ones as give a quantile, one after another. Prints one JSON object: per_second (echo exchanges), sent,
// received, lost, lost_local, failed (probes), cpu_us (of the process, an exchange), idle_p50_us, idle_p99_us (round
// trips of the single ones), load_p50_us, load_p99_us (those under load). SILENT more probes run at the same time to
// addresses of 198.19.0.0/16, where the caller has seen to it that nobody answers: silent_sent, silent_received,
// silent_lost, silent_lost_local, silent_failed.
#include "probes/probe_host.hpp"
#include "samples.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
using ferrule::bench::in;
using ferrule::bench::probe_host;
using ferrule::bench::processor_seconds;
using clock_type = std::chrono::steady_clock;

/// What results say, read without a JSON parser so that it costs the plugin's figures little.
struct tally {
    double sent = 0;
    double received = 0;
    double lost = 0;
    double lost_local = 0;
    double failed = 0;
    std::vector<double> rtts_us = {};

    void add(const ferrule::result<std::string>& outcome) {
        if (!outcome) {
            ++failed;
            return;
        }
        sent += number(*outcome, "\"packets_sent\":");
        received += number(*outcome, "\"packets_received\":");
        lost += number(*outcome, "\"packets_lost\":");
        lost_local += number(*outcome, "\"packets_lost_local\":");
        auto at = outcome->find("\"rtts_ms\":[");
        for (at += 11; at < outcome->size() && (*outcome)[at] != ']';) {
            double value = 0;
            const auto* begin = outcome->data() + at;
            const auto* end = std::from_chars(begin, outcome->data() + outcome->size(), value).ptr;
            if (end != begin)
                rtts_us.push_back(value * 1000);
            at = outcome->find_first_of(",]", at);
            at += (*outcome)[at] == ',' ? 1U : 0U;
        }
    }

    static double number(const std::string& text, std::string_view key) {
        const auto at = text.find(key);
        if (at == std::string::npos)
            throw std::runtime_error("a result without " + std::string(key) + ": " + text);
        double value = 0;
        std::from_chars(text.data() + at + key.size(), text.data() + text.size(), value);
        return value;
    }
};

std::string target(int number, int count) {
    return R"({"host":"127.)" + std::to_string(number / 62500 % 250) + '.' + std::to_string(number / 250 % 250) + '.' +
           std::to_string(number % 250 + 1) + R"(","count":)" + std::to_string(count) + R"(,"interval":"1ms"})";
}

std::string silent_target(int number, int count) {
    return R"({"host":"198.19.)" + std::to_string(number / 250 % 250) + '.' + std::to_string(number % 250 + 1) +
           R"(","count":)" + std::to_string(count) + R"(,"interval":"1ms","timeout":"100ms"})";
}

tally one_by_one(probe_host& on, int probes) {
    tally seen;
    for (int i = 0; i < probes; ++i)
        seen.add(asio::co_spawn(on.loop.make_strand(), on.probe->run(target(i, 1), in(std::chrono::seconds(5))),
                                asio::use_future)
                     .get());
    return seen;
}

/// Keeps batches running; everything but `done` happens on one strand.
class load {
  public:
    using naming = std::string (*)(int number, int count);

    load(probe_host& on, int probes, int count, int at_once, naming name = target)
        : on_(on)
        , name_(name)
        , strand_(on.loop.make_strand())
        , left_(probes)
        , ending_(probes)
        , count_(count)
        , batch_(std::max(at_once / 4, 1)) {}

    void begin() {
        if (ending_ == 0)
            done_.set_value();
        asio::post(strand_, [this] {
            for (int i = 0; i < 4; ++i)
                start();
        });
    }

    tally finish() {
        done_.get_future().get();
        return std::move(seen_);
    }

    tally run() {
        begin();
        return finish();
    }

  private:
    void start() {
        const int size = std::min(batch_, left_);
        if (size == 0)
            return;
        left_ -= size;
        std::vector<std::string> targets;
        targets.reserve(static_cast<std::size_t>(size));
        for (int i = 0; i < size; ++i)
            targets.push_back(name_(next_++, count_));
        auto open = std::make_shared<int>(size);
        on_.probe->run_batch(std::move(targets), in(std::chrono::seconds(60)), strand_,
                             [this, open](std::size_t, const ferrule::result<std::string>& outcome) {
                                 seen_.add(outcome);
                                 if (--*open == 0)
                                     start();
                                 if (--ending_ == 0)
                                     done_.set_value();
                             });
    }

    probe_host& on_;
    naming name_;
    asio::any_io_executor strand_;
    std::promise<void> done_;
    tally seen_;
    int left_;
    int ending_;
    int count_;
    int batch_;
    int next_ = 0;
};

int measure(int probes, int count, int at_once, int silent) {
    probe_host on("icmp", FERRULE_ICMP);
    one_by_one(on, 100); // loads the plugin, opens the socket
    auto idle = one_by_one(on, 5000);
    load(on, at_once, count, at_once).run();
    const auto cpu = processor_seconds();
    const auto begin = clock_type::now();
    load unanswered(on, silent, count, std::max(at_once / 4, 1), silent_target);
    unanswered.begin();
    auto seen = load(on, probes, count, at_once).run();
    const auto seconds = std::chrono::duration<double>(clock_type::now() - begin).count();
    const auto used = processor_seconds() - cpu;
    const auto unheard = unanswered.finish();
    const auto quantile = [](tally& of, double share) { return ferrule::bench::quantile(of.rtts_us, share); };
    std::printf(
        "{\"per_second\":%.0f,\"sent\":%.0f,\"received\":%.0f,\"lost\":%.0f,\"lost_local\":%.0f,\"failed\":%.0f,"
        "\"cpu_us\":%.2f,\"idle_p50_us\":%.1f,\"idle_p99_us\":%.1f,\"load_p50_us\":%.1f,\"load_p99_us\":%.1f,"
        "\"silent_sent\":%.0f,\"silent_received\":%.0f,\"silent_lost\":%.0f,\"silent_lost_local\":%.0f,"
        "\"silent_failed\":%.0f}\n",
        seen.received / seconds, seen.sent, seen.received, seen.lost, seen.lost_local, seen.failed,
        used / seen.sent * 1e6, quantile(idle, 0.5), quantile(idle, 0.99), quantile(seen, 0.5), quantile(seen, 0.99),
        unheard.sent, unheard.received, unheard.lost, unheard.lost_local, unheard.failed);
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 4 && argc != 5) {
        std::fprintf(stderr, "usage: icmp_probes PROBES COUNT AT_ONCE [SILENT]\n");
        return 2;
    }
    try {
        ferrule::bench::prepare();
        return measure(std::atoi(argv[1]), std::atoi(argv[2]), std::atoi(argv[3]), argc == 5 ? std::atoi(argv[4]) : 0);
    } catch (const std::exception& failed) {
        std::fprintf(stderr, "icmp_probes: %s\n", failed.what());
        return 1;
    }
}
