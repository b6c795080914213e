// What controller and agents tell each other about device jobs, behind the frame: each body is left out or refused with
// a reason, or what was read of it is the same when it is written and read again. Each line is one body.
#include "base/json.hpp"
#include "base/strings.hpp"
#include "devices/ended_job.hpp"
#include "devices/job_messages.hpp"

#include <cstdint>
#include <cstdlib>

using namespace ferrule;
using namespace ferrule::devices;
using base::json;

namespace {

constexpr std::size_t enough = 2000; // a single number can make 65,536 results, whose writing takes long
constexpr std::size_t most_output = std::size_t{8} << 20U;
constexpr std::size_t longest_part = std::size_t{1} << 20U;

void must(bool holds) {
    if (!holds)
        std::abort();
}

json read_again(const std::string& text) {
    auto read = base::parse_json(text);
    must(read && read->is_object()); // the link takes nothing else
    return std::move(*read);
}

void order(const json& body) {
    const auto read = run_order_from(body);
    if (!read) {
        must(read.error().code() == "invalid_message" && !read.error().message().empty());
        return;
    }
    const auto& at = *read->at;
    must(!at.device->at.host.empty() && !at.device->at.driver.empty());
    must(at.jump_logins.size() == at.device->at.jump.size());
    must(read->request.commands.empty() != read->request.config.empty());
    const auto text = to_text(*read);
    const auto again = run_order_from(read_again(text));
    must(again && to_text(*again) == text && again->at->order_key == at.order_key && again->which == read->which);
}

void greeting(const json& body) {
    const auto read = job_hello_from(body);
    if (!read)
        return;
    const auto same = job_hello_from(read_again(to_text(*read)));
    must(same && to_text(*same) == to_text(*read));
    std::size_t jobs = 0;
    std::size_t sessions = 0;
    const auto texts = to_texts(*read);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const auto part = job_hello_from(read_again(texts[i]));
        must(part && part->instance == read->instance && part->seq == read->seq && part->drivers == read->drivers);
        must(part->part == static_cast<std::int64_t>(i) && part->more == (i + 1 < texts.size()));
        jobs += part->jobs.size();
        sessions += part->sessions.size();
    }
    must(jobs == read->jobs.size() && sessions == read->sessions.size());
    for (const auto& each : read->sessions)
        static_cast<void>(key_of(each));
}

void step(const json& body) {
    if (const auto read = job_progress_from(body)) {
        const auto again = job_progress_from(read_again(to_text(*read)));
        must(again && to_text(*again) == to_text(*read));
    }
    if (const auto which = attempt_from(body))
        must(attempt_from(read_again(to_text(*which))) == which);
}

void end(std::string_view lines) {
    end_assembly parts;
    for (const auto line : base::split(lines, '\n')) {
        const auto body = base::parse_json(line);
        if (body && body->is_object())
            parts.add(*body);
        else
            parts.skip();
    }
    const auto ended = parts.finish();
    must(model::is_final(ended.state));
    if (ended.which.id.empty() || ended.results.size() > enough)
        return;
    const auto texts = to_parts(ended, most_output);
    must(texts.size() <= most_end_parts);
    end_assembly again;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        must(texts[i].size() <= longest_part);
        const auto part = read_again(texts[i]);
        const auto about = end_part_from(part);
        must(about && about->which == ended.which && about->number == i && about->last == (i + 1 == texts.size()));
        again.add(part);
    }
    const auto same = again.finish();
    must(same.results.size() == ended.results.size() && same.state == ended.state);
    must(to_parts(same, most_output) == texts);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto line : base::split(text, '\n')) {
        const auto body = base::parse_json(line);
        if (!body || !body->is_object())
            continue;
        order(*body);
        greeting(*body);
        step(*body);
    }
    end(text);
    return 0;
}
