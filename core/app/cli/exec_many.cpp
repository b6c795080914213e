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
    error problem;
};

json shown(const asked& each) {
    if (each.job.is_object())
        return each.job;
    return json{{"device", each.device}, {"state", "refused"}, {"error", base::to_json(each.problem)}};
}

void print_json(const std::vector<asked>& all) {
    json jobs = json::array();
    for (const auto& each : all)
        jobs.push_back(shown(each));
    std::printf("%s\n", jobs.dump(2).c_str());
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

int print_accepted(const std::vector<asked>& all, bool as_json) {
    bool good = true;
    for (const auto& each : all) {
        good = good && !each.id.empty();
        if (!as_json)
            std::printf("%s %s\n", each.device.c_str(),
                        each.id.empty() ? error_line(shown(each)).c_str() : each.id.c_str());
    }
    if (as_json)
        print_json(all);
    return good ? success : failed;
}

int print_summary(const std::vector<asked>& all) {
    table rows({"DEVICE", "STATE", "ERROR"});
    std::size_t good = 0;
    for (const auto& each : all) {
        const auto state = each.job.is_object() ? each.job.value("state", std::string()) : std::string("refused");
        good += state == "succeeded" ? 1U : 0U;
        if (state != "succeeded")
            rows.add({each.device, state, error_line(shown(each))});
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
    std::vector<std::string> ids;
    for (const auto& device : wanted.devices) {
        (*body)["device"] = device;
        auto accepted = submit(client, *body);
        if (!accepted && accepted.error().code() == "unreachable") {
            for (const auto& each : all)
                if (!each.id.empty())
                    std::fprintf(stderr, "%s has the job %s\n", each.device.c_str(), each.id.c_str());
            return report(accepted.error());
        }
        auto& each = all.emplace_back();
        each.device = device;
        if (!accepted) {
            each.problem = accepted.error();
            continue;
        }
        each.id = accepted->value("id", std::string());
        each.job = std::move(*accepted);
        ids.push_back(each.id);
    }
    if (wanted.no_wait)
        return print_accepted(all, wanted.as_json);
    say_when_interrupted(ids);
    std::size_t done = 0;
    for (auto& each : all) {
        if (!each.id.empty()) {
            auto job = client.get("/api/v1/jobs/" + escape(each.id));
            if (job && !is_over(*job))
                job = wait_for_end(client, each.id, [](const stream_event&) {});
            if (!job)
                return report(job.error());
            each.job = std::move(*job);
        }
        show_progress(++done, all.size());
    }
    if (wanted.as_json)
        print_json(all);
    else
        print_outputs(all);
    return print_summary(all);
}

} // namespace ferrule::app::cli
