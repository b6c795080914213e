// A runner over probes that say what a test wants.
#pragma once

#include "probes/runner.hpp"

#include "runtime/io.hpp"
#include "support/print_result.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <catch2/catch.hpp>

#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>

namespace test {

namespace asio = boost::asio;
using namespace std::chrono_literals;

inline const std::string up = R"({"success": true, "duration_ms": 1.5})";
inline const std::string down = R"({"success": false, "duration_ms": 2, "reason": "nobody is there"})";

/// Answers at once, or when it is told to.
class scripted_probe final : public ferrule::plugins::probe {
  public:
    using answer = std::function<ferrule::result<std::string>(const std::string& target)>;

    explicit scripted_probe(answer say)
        : say_(std::move(say)) {}

    [[nodiscard]] const std::string& name() const noexcept override { return name_; }

    asio::awaitable<ferrule::result<std::string>> run(std::string target, ferrule::base::steady_time) override {
        co_return say_(target);
    }

    void run_batch(std::vector<std::string> targets, ferrule::base::steady_time deadline, asio::any_io_executor on,
                   batch_callback done) override {
        const std::lock_guard lock(mutex_);
        sizes.push_back(targets.size());
        deadlines.push_back(deadline);
        for (std::size_t i = 0; i < targets.size(); ++i) {
            auto tell = [on, done, i, said = say_(targets[i])] { asio::post(on, [done, i, said] { done(i, said); }); };
            if (holds)
                held_.push_back(tell);
            else
                tell();
        }
        changed_.notify_all();
    }

    /// Until so many wait for an answer.
    void wait_held(std::size_t count) {
        std::unique_lock lock(mutex_);
        REQUIRE(changed_.wait_for(lock, 60s, [&] { return held_.size() >= count; }));
    }

    void release() {
        const std::lock_guard lock(mutex_);
        holds = false;
        for (const auto& tell : held_)
            tell();
        held_.clear();
    }

    bool holds = false; ///< Set before it is used.
    std::vector<std::size_t> sizes;
    std::vector<ferrule::base::steady_time> deadlines;

  private:
    std::string name_ = "scripted";
    answer say_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::function<void()>> held_;
};

/// Collects samples.
class runner_rig {
  public:
    explicit runner_rig(scripted_probe::answer say, ferrule::probes::runner_options limits = {})
        : probe(std::make_shared<scripted_probe>(std::move(say)))
        , figures(registry) {
        loop.start();
        runner.emplace(
            strand, "local",
            [this](const std::string& name) -> ferrule::result<std::shared_ptr<ferrule::plugins::probe>> {
                if (name != "scripted")
                    return ferrule::error("plugin_not_found", "there is no probe \"" + name + "\"");
                return std::shared_ptr<ferrule::plugins::probe>(probe);
            },
            [this](std::vector<ferrule::model::sample> all) {
                const std::lock_guard lock(mutex_);
                for (auto& each : all)
                    samples_.push_back(std::move(each));
                changed_.notify_all();
            },
            figures, limits);
    }

    ~runner_rig() {
        asio::co_spawn(loop.get_executor(), runner->stop(), asio::use_future).get();
        loop.stop();
        loop.join();
    }

    runner_rig(const runner_rig&) = delete;
    runner_rig& operator=(const runner_rig&) = delete;

    /// Until `enough` says so of all samples.
    std::vector<ferrule::model::sample>
    wait(const std::function<bool(const std::vector<ferrule::model::sample>&)>& enough) {
        std::unique_lock lock(mutex_);
        REQUIRE(changed_.wait_for(lock, 60s, [&] { return enough(samples_); }));
        return samples_;
    }

    std::vector<ferrule::model::sample> wait(std::size_t count) {
        return wait([count](const auto& all) { return all.size() >= count; });
    }

    /// Everything that was asked for before has been done.
    void settle() {
        runner->run_now("nobody");
        std::promise<void> done;
        asio::post(strand, [&] { done.set_value(); });
        done.get_future().wait();
    }

    ferrule::runtime::io loop;
    ferrule::runtime::strand strand{loop.make_strand()};
    prometheus::Registry registry;
    std::shared_ptr<scripted_probe> probe;
    ferrule::probes::runner_metrics figures;
    std::optional<ferrule::probes::runner> runner;

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<ferrule::model::sample> samples_;
};

inline std::vector<ferrule::probes::assignment> all_of(const ferrule::model::check& check) {
    std::vector<ferrule::probes::assignment> all;
    for (auto& [name, each] : ferrule::probes::assignments_of(std::make_shared<const ferrule::model::check>(check)))
        all.push_back(each);
    return all;
}

inline ferrule::model::check scripted_check(std::string name, std::vector<std::string> hosts,
                                            ferrule::base::duration interval) {
    ferrule::model::check made;
    made.name = std::move(name);
    made.probe = "scripted";
    made.interval = interval;
    for (auto& each : hosts) {
        ferrule::model::check_target target;
        target.host = std::move(each);
        made.targets.push_back(std::move(target));
    }
    return made;
}

} // namespace test
