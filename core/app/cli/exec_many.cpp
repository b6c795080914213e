#include "app/cli/exec_many.hpp"

#include "app/cli/exit_code.hpp"
#include "app/cli/table.hpp"
#include "base/json.hpp"

#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

namespace ferrule::app::cli {

using base::json;

namespace {

struct asked {
    std::string device;
    std::string id; // empty when the server refused the job
    json job;
    std::string problem;
};

bool is_over(const json& job) {
    const auto state = job.value("state", std::string());
    return state != "queued" && state != "running" && !state.empty();
}

void show_progress(std::size_t done, std::size_t all) {
    if (::isatty(STDERR_FILENO) != 0)
        std::fprintf(stderr, "\r%zu of %zu done%s", done, all, done == all ? "\n" : "");
}

void print_outputs(const std::vector<asked>& all) {
    for (const auto& each : all) {
        if (!each.job.is_object())
            continue;
        for (const auto& result : each.job.value("results", json::array())) {
            if (result.value("skipped", false))
                continue;
            std::printf("── %s: %s\n", each.device.c_str(), result.value("command", std::string()).c_str());
            const auto output = result.value("output", std::string());
            std::fwrite(output.data(), 1, output.size(), stdout);
            if (!output.empty() && output.back() != '\n')
                std::fputc('\n', stdout);
        }
    }
}

int print_summary(const std::vector<asked>& all) {
    table rows({"DEVICE", "STATE", "ERROR"});
    std::size_t good = 0;
    for (const auto& each : all) {
        const auto state = each.job.is_object() ? each.job.value("state", std::string()) : std::string("refused");
        good += state == "succeeded" ? 1U : 0U;
        if (state != "succeeded")
            rows.add({each.device, state, each.job.is_object() ? error_line(each.job) : each.problem});
    }
    std::fflush(stdout);
    if (!rows.empty())
        std::fputs(rows.text().c_str(), stderr);
    std::fprintf(stderr, "%zu of %zu succeeded\n", good, all.size());
    return good == all.size() ? success : failed;
}

} // namespace

int exec_many(api_client& client, const exec_request& wanted) {
    auto body = job_body(wanted);
    if (!body)
        return report(body.error());
    std::vector<asked> all;
    for (const auto& device : wanted.devices) {
        (*body)["device"] = device;
        auto& each = all.emplace_back();
        each.device = device;
        auto accepted = client.post("/api/v1/jobs", *body);
        if (accepted) {
            each.id = accepted->value("id", std::string());
        } else if (accepted.error().code() == "unreachable") {
            return report(accepted.error());
        } else {
            each.problem = accepted.error().message();
        }
    }
    if (wanted.no_wait) {
        for (const auto& each : all)
            std::printf("%s %s\n", each.device.c_str(), each.id.empty() ? each.problem.c_str() : each.id.c_str());
        return success;
    }
    std::size_t done = 0;
    for (auto& each : all) {
        while (!each.id.empty() && !is_over(each.job.is_object() ? each.job : json::object())) {
            auto job = client.get("/api/v1/jobs/" + escape(each.id) + "?wait=60s");
            if (!job)
                return report(job.error());
            each.job = std::move(*job);
        }
        show_progress(++done, all.size());
    }
    if (wanted.as_json) {
        json jobs = json::array();
        for (const auto& each : all)
            jobs.push_back(
                each.job.is_object()
                    ? each.job
                    : json{{"device", each.device}, {"state", "refused"}, {"error", {{"message", each.problem}}}});
        std::printf("%s\n", jobs.dump(2).c_str());
    } else {
        print_outputs(all);
    }
    return print_summary(all);
}

} // namespace ferrule::app::cli
