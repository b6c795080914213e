#include "app/cli/exec_one.hpp"

#include "app/cli/exit_code.hpp"
#include "base/json.hpp"

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace ferrule::app::cli {

using base::json;

namespace {

// Turns stream events into text, each byte of output once: a snapshot and live pieces may overlap.
class output_printer {
  public:
    /// With `headed` each command has a heading, also where `headings` has none for it.
    output_printer(std::vector<std::string> headings, bool headed)
        : headings_(std::move(headings))
        , headed_(headed) {}

    void output(const json& data) {
        const auto index = data.value("index", std::size_t{0});
        const auto offset = data.value("offset", printed_);
        const auto text = data.value("text", std::string());
        begin(index, data.value("command", std::string()));
        if (offset + text.size() <= printed_)
            return;
        const auto skip = offset < printed_ ? printed_ - offset : 0;
        write(std::string_view(text).substr(skip));
    }

    void result(const json& data) {
        if (data.value("skipped", false))
            return;
        const auto index = data.value("index", index_);
        begin(index, data.value("command", std::string()));
        const auto output = data.value("output", std::string());
        if (output.size() > printed_)
            write(std::string_view(output).substr(printed_));
        if (!last_newline_)
            std::fputc('\n', stdout);
        std::fflush(stdout);
        last_newline_ = true;
        if (data.value("truncated", false))
            std::fprintf(stderr, "[output was cut at the server's limit]\n");
    }

  private:
    void begin(std::size_t index, const std::string& command) {
        if (started_ && index == index_)
            return;
        started_ = true;
        index_ = index;
        printed_ = 0;
        if (index < headings_.size())
            std::fprintf(stderr, "── %s\n", headings_[index].c_str());
        else if (headed_)
            std::fprintf(stderr, "── %s\n", command.empty() ? std::to_string(index + 1).c_str() : command.c_str());
    }

    void write(std::string_view text) {
        std::fwrite(text.data(), 1, text.size(), stdout);
        std::fflush(stdout);
        printed_ += text.size();
        if (!text.empty())
            last_newline_ = text.back() == '\n';
    }

    std::vector<std::string> headings_;
    bool headed_;
    bool started_ = false;
    std::size_t index_ = 0;
    std::size_t printed_ = 0;
    bool last_newline_ = true;
};

int finish(const json& job) {
    const auto state = job.value("state", std::string());
    if (state == "succeeded")
        return success;
    const auto why = error_line(job);
    std::fprintf(stderr, "ferrule: job %s is %s%s%s\n", job.value("id", std::string()).c_str(), state.c_str(),
                 why.empty() ? "" : ": ", why.c_str());
    return failed;
}

} // namespace

int print_stream(api_client& client, const std::string& id, std::vector<std::string> headings, bool headed) {
    output_printer printer(std::move(headings), headed);
    say_when_interrupted({id});
    const auto job = wait_for_end(client, id, [&printer](const stream_event& event) {
        const auto data = json::parse(event.data, nullptr, false);
        if (event.name == "output" && data.is_object())
            printer.output(data);
        else if (event.name == "result" && data.is_object())
            printer.result(data);
    });
    return job ? finish(*job) : report(job.error());
}

int exec_one(api_client& client, const exec_request& wanted) {
    auto body = job_body(wanted);
    if (!body)
        return report(body.error());
    (*body)["device"] = wanted.devices.front();
    const auto accepted = submit(client, *body);
    if (!accepted)
        return report(accepted.error());
    const auto id = accepted->value("id", std::string());
    if (wanted.no_wait) {
        std::printf("%s\n", wanted.as_json ? accepted->dump(2).c_str() : id.c_str());
        return success;
    }
    if (!wanted.as_json)
        return print_stream(client, id, wanted.commands.size() == 1 ? std::vector<std::string>() : wanted.commands,
                            false);
    say_when_interrupted({id});
    const auto job = wait_for_end(client, id, [](const stream_event&) {});
    if (!job)
        return report(job.error());
    std::printf("%s\n", job->dump(2).c_str());
    return job->value("state", std::string()) == "succeeded" ? success : failed;
}

} // namespace ferrule::app::cli
