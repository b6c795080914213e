// One probe against one target, again and again, through the host and its plugin.
//
//   probe_load PLUGIN TARGET PROBES AT_ONCE
//
// TARGET is JSON as in a check; AT_ONCE probes run at the same time, each begun when another ends. Prints one JSON
// object: per_second, cpu_us (of the process, a probe), failed (probes that were not up), and the last failure.
#include "probes/probe_host.hpp"

#include <boost/asio/post.hpp>

#include <cstdio>

namespace {

using ferrule::bench::probe_host;

/// Everything but `run` happens on one strand.
class load {
  public:
    load(probe_host& on, std::string target, int probes, int at_once)
        : on_(on)
        , strand_(on.loop.make_strand())
        , target_(std::move(target))
        , left_(probes)
        , ending_(probes)
        , at_once_(at_once) {}

    void run() {
        boost::asio::post(strand_, [this] {
            for (int i = 0; i < at_once_; ++i)
                start();
        });
        done_.get_future().get();
    }

    [[nodiscard]] int failed() const { return failed_; }

    [[nodiscard]] const std::string& failure() const { return failure_; }

  private:
    void start() {
        if (left_ == 0)
            return;
        --left_;
        on_.probe->run_batch({target_}, ferrule::bench::in(std::chrono::seconds(10)), strand_,
                             [this](std::size_t, const ferrule::result<std::string>& outcome) {
                                 end(outcome);
                                 start();
                             });
    }

    void end(const ferrule::result<std::string>& outcome) {
        if (!outcome || outcome->find("\"success\":true") == std::string::npos) {
            ++failed_;
            failure_ = outcome ? *outcome : outcome.error().message();
        }
        if (--ending_ == 0)
            done_.set_value();
    }

    probe_host& on_;
    boost::asio::any_io_executor strand_;
    std::promise<void> done_;
    std::string target_;
    std::string failure_;
    int left_;
    int ending_;
    int at_once_;
    int failed_ = 0;
};

int measure(const std::string& plugin, const std::string& target, int probes, int at_once) {
    probe_host on(plugin, std::string(FERRULE_PROBE_FOLDER) + "/" + plugin + ".so");
    load(on, target, at_once * 4, at_once).run(); // loads the plugin, reads files
    const auto cpu = ferrule::bench::processor_seconds();
    const auto begin = std::chrono::steady_clock::now();
    load all(on, target, probes, at_once);
    all.run();
    const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const auto used = ferrule::bench::processor_seconds() - cpu;
    std::printf("{\"per_second\":%.0f,\"cpu_us\":%.2f,\"failed\":%d}\n", probes / seconds, used / probes * 1e6,
                all.failed());
    if (all.failed() != 0)
        std::fprintf(stderr, "probe_load: %s\n", all.failure().c_str());
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fprintf(stderr, "usage: probe_load PLUGIN TARGET PROBES AT_ONCE\n");
        return 2;
    }
    try {
        ferrule::bench::prepare();
        return measure(argv[1], argv[2], std::atoi(argv[3]), std::atoi(argv[4]));
    } catch (const std::exception& failed) {
        std::fprintf(stderr, "probe_load: %s\n", failed.what());
        return 1;
    }
}
