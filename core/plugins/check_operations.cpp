// Drivers and probes.
#include "base/json.hpp"
#include "plugins/check_kinds.hpp"
#include "runtime/within.hpp"

#include <future>

namespace ferrule::plugins {

namespace {

using base::json;
using namespace std::chrono_literals;

std::string closed_target() {
    const json target{{"host", "127.0.0.1"},
                      {"port", check_bench::closed_port()},
                      {"credential", "none"},
                      {"connect_timeout_ms", 1000},
                      {"auth_timeout_ms", 1000}};
    return base::dump(target);
}

std::string told(const error& what) {
    return what.code() + ": " + what.message();
}

asio::awaitable<result<std::string>> open_and_close(std::shared_ptr<driver> on, std::string target,
                                                    base::duration limit) {
    auto opening = on->open(std::move(target), check_bench::in(limit));
    auto opened = co_await std::move(opening);
    if (!opened)
        co_return opened.error();
    auto beating = (*opened)->keepalive(check_bench::in(limit));
    const auto alive = co_await std::move(beating);
    auto closing = (*opened)->close(check_bench::in(limit));
    const auto closed = co_await std::move(closing);
    if (!alive && is_fault_of_plugin(alive.error()))
        co_return alive.error();
    if (!closed)
        co_return closed.error();
    co_return std::string("it opened a session and closed it");
}

asio::awaitable<result<std::string>> open_briefly(std::shared_ptr<driver> on, std::string target) {
    auto opening = open_and_close(std::move(on), std::move(target), 60s);
    auto limited = runtime::within(1ms, std::move(opening));
    auto outcome = co_await std::move(limited);
    co_return outcome;
}

/// Whether an operation that could end any way ended as the contract says.
void judge(check_bench& on, check_report& report, const result<std::string>& outcome) {
    if (!outcome && is_fault_of_plugin(outcome.error()))
        report.end(false, told(outcome.error()));
    else
        end_without_complaint(on, report, outcome ? *outcome : "it ended with " + told(outcome.error()));
}

bool is_probe_result(const std::string& text) {
    const auto parsed = base::parse_json(text);
    return parsed && parsed->is_object() && parsed->contains("success") && (*parsed)["success"].is_boolean();
}

void judge_probe(check_bench& on, check_report& report, const result<std::string>& outcome) {
    if (outcome && !is_probe_result(*outcome))
        report.end(false, "its result is not what probe.h describes: " + *outcome);
    else
        judge(on, report, outcome);
}

} // namespace

bool is_fault_of_plugin(const error& what) {
    return what.code() == "plugin_failed" || what.code() == "plugin_unresponsive" || what.code() == "plugin_broken" ||
           what.code() == "plugin_incompatible" || what.code() == "plugin_init_failed" || what.code() == "internal";
}

void end_without_complaint(check_bench& on, check_report& report, const std::string& message) {
    const auto complaints = on.complaints();
    if (complaints.empty())
        report.end(true, message);
    else
        report.end(false, "the host held this against it: " + complaints);
}

void check_driver(check_bench& on, const std::string& name, check_report& report) {
    const auto prefix = "driver " + name + ": ";
    report.begin(prefix + "open where nobody listens");
    const auto found = on.plugins().driver(name);
    if (!found) {
        report.end(false, told(found.error()));
        return;
    }
    const auto target = closed_target();
    const auto first = on.wait(open_and_close(*found, target, 5s));
    judge(on, report, first);
    if (!first && is_fault_of_plugin(first.error()))
        return;

    report.begin(prefix + "cancel");
    judge(on, report, on.wait(open_briefly(*found, target)));

    report.begin(prefix + "many at once");
    constexpr int at_once = 50;
    std::vector<std::future<result<std::string>>> all;
    all.reserve(at_once);
    for (int i = 0; i < at_once; ++i)
        all.push_back(asio::co_spawn(on.loop().make_strand(), open_and_close(*found, target, 5s), asio::use_future));
    result<std::string> worst = std::to_string(at_once) + " operations ended";
    for (auto& each : all) {
        auto outcome = each.get();
        if (!outcome && is_fault_of_plugin(outcome.error()))
            worst = outcome.error();
    }
    judge(on, report, worst);
}

void check_probe(check_bench& on, const std::string& name, check_report& report) {
    const auto prefix = "probe " + name + ": ";
    report.begin(prefix + "a port where nobody listens");
    const auto found = on.plugins().probe(name);
    if (!found) {
        report.end(false, told(found.error()));
        return;
    }
    const auto target = closed_target();
    const auto first = on.wait((*found)->run(target, check_bench::in(2s)));
    judge_probe(on, report, first);
    if (!first && is_fault_of_plugin(first.error()))
        return;

    report.begin(prefix + "a short deadline");
    judge_probe(on, report, on.wait((*found)->run(target, check_bench::in(1ms))));

    report.begin(prefix + "a target that is no JSON object");
    const auto refused = on.wait((*found)->run("[]", check_bench::in(2s)));
    if (refused)
        report.end(false, "it accepted it; say what is wrong with the target instead");
    else
        judge(on, report, refused);

    report.begin(prefix + "a batch of 50");
    std::promise<void> done;
    std::size_t ended = 0;
    result<std::string> worst = std::string("50 probes ended");
    const auto strand = on.loop().make_strand();
    (*found)->run_batch(std::vector<std::string>(50, target), check_bench::in(2s), strand,
                        [&](std::size_t, result<std::string> outcome) {
                            if (!outcome && is_fault_of_plugin(outcome.error()))
                                worst = outcome.error();
                            else if (outcome && !is_probe_result(*outcome))
                                worst = error("plugin_broken", "its result is not what probe.h describes");
                            if (++ended == 50)
                                done.set_value();
                        });
    done.get_future().wait();
    judge(on, report, worst);
}

} // namespace ferrule::plugins
