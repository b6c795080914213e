#include "devices/job_run.hpp"

#include "base/json.hpp"
#include "base/json_text.hpp"
#include "base/strings.hpp"
#include "devices/cancelled.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>

namespace ferrule::devices {

using base::json;
using base::json_text;

namespace {

/// What a job may still keep of its output. Once it is full nothing more is kept, so that there are no holes.
class output_room {
  public:
    explicit output_room(std::size_t bytes) noexcept
        : left_(bytes) {}

    /// The part that is kept, in whole characters.
    std::string_view fit(std::string_view bytes) noexcept {
        const auto kept = bytes.size() <= left_ ? bytes : base::complete_utf8(bytes.substr(0, left_));
        left_ = kept.size() == bytes.size() ? left_ - kept.size() : 0;
        return kept;
    }

  private:
    std::size_t left_;
};

double elapsed_ms(base::duration span) {
    return std::chrono::duration<double, std::milli>(span).count();
}

void write_common(json_text& request, const node_parts& parts, const model::job_request& asked) {
    const auto idle = std::chrono::duration_cast<std::chrono::milliseconds>(parts.limits.idle_timeout);
    request.member("idle_timeout_ms", std::int64_t{idle.count()}).member("stop_on_error", asked.stop_on_error);
    if (asked.raw)
        request.member("raw", true);
}

std::string command_request(const node_parts& parts, const model::job_request& asked, const model::command& each) {
    json_text request;
    request.begin_object();
    write_common(request, parts, asked);
    request.member("command", each.text);
    if (!each.prompts.empty()) {
        request.key("prompts").begin_array();
        for (const auto& prompt : each.prompts)
            request.begin_object()
                .member("pattern", prompt.pattern)
                .member("reply", prompt.reply.reveal())
                .member("secret", !prompt.reply.empty())
                .end_object();
        request.end_array();
    }
    return request.end_object().take();
}

std::string config_request(const node_parts& parts, const model::job_request& asked) {
    json_text request;
    request.begin_object();
    write_common(request, parts, asked);
    request.key("config").begin_array();
    for (const auto& line : asked.config)
        request.value(line);
    return request.end_array().end_object().take();
}

std::optional<error> refusal(const json& reply) {
    const auto at = reply.find("failed");
    if (at == reply.end() || !at->is_object())
        return std::nullopt;
    return base::error_from_json(base::dump(*at), "command_rejected");
}

error rejected(const std::string& what, std::size_t index, std::size_t count, const error& why) {
    const auto place =
        count == 1 ? std::string() : what + " " + std::to_string(index + 1) + " of " + std::to_string(count) + ": ";
    return error(why.code(), place + why.message(), why.retryable(), base::dump(json{{"index", index}}));
}

// The lines of a configuration block, from the reply or from the details of its error.
std::optional<error> settle_lines(node_parts& parts, const entry_ptr& entry, const json& reply) {
    std::optional<error> first;
    const auto lines = reply.find("lines");
    if (lines == reply.end() || !lines->is_array())
        return first;
    const std::size_t line_limit = parts.limits.output_limit;
    output_room room(parts.limits.job_output_limit);
    for (std::size_t i = 0; i < lines->size(); ++i) {
        const auto& line = (*lines)[i];
        if (!line.is_object())
            continue;
        const auto text = [&line](const char* key) {
            const auto at = line.find(key);
            return at != line.end() && at->is_string() ? at->get<std::string>() : std::string();
        };
        model::command_result item;
        item.command = text("command");
        item.failed = refusal(line);
        item.skipped = line.contains("skipped") && line["skipped"] == true;
        const auto took = line.find("elapsed_ms");
        if (took != line.end() && took->is_number())
            item.elapsed_ms = took->get<double>();
        if (item.failed && !first)
            first = rejected("line", i, lines->size(), *item.failed);
        const auto output = text("output");
        const auto kept = room.fit(base::complete_utf8(std::string_view(output).substr(0, line_limit)));
        item.truncated = kept.size() < output.size();
        parts.table.begin_result(entry, item.command);
        parts.table.append_output(entry, kept);
        parts.table.end_result(entry, std::move(item));
    }
    return first;
}

asio::awaitable<run_outcome> run_config(node_parts& parts, entry_ptr entry, job_ptr asked, device_session& session,
                                        base::steady_time deadline) {
    if (co_await is_cancelled())
        co_return run_outcome(cancelled(), true);
    auto request = config_request(parts, asked->request);
    session.count_command();
    auto reply = co_await session.wire().exec(std::move(request), deadline, {}, parts.limits.output_limit);
    if (!reply) {
        auto why = reply.error();
        const auto details = json::parse(why.details(), nullptr, false);
        if (details.is_object() && details.contains("lines")) {
            settle_lines(parts, entry, details);
            why = error(why.code(), why.message(), why.retryable()); // the lines are results, and not told twice
        }
        co_return run_outcome(std::move(why), false);
    }
    const auto parsed = json::parse(reply->json, nullptr, false);
    auto first = settle_lines(parts, entry, parsed);
    run_outcome outcome;
    outcome.failed = first ? std::move(first) : refusal(parsed);
    co_return outcome;
}

void skip_rest(node_parts& parts, const entry_ptr& entry, const model::job_request& asked, std::size_t from) {
    for (auto i = from; i < asked.commands.size(); ++i) {
        model::command_result skipped;
        skipped.command = asked.commands[i].text;
        skipped.skipped = true;
        parts.table.begin_result(entry, skipped.command);
        parts.table.end_result(entry, std::move(skipped));
    }
}

} // namespace

run_outcome::run_outcome() = default;

run_outcome::run_outcome(error why, bool usable)
    : failed(std::move(why))
    , session_usable(usable) {}

asio::awaitable<run_outcome> run_commands(node_parts& parts, entry_ptr entry, job_ptr asked, device_session& session,
                                          base::steady_time deadline) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto& request = asked->request;
    if (!request.config.empty())
        co_return co_await run_config(parts, entry, asked, session, deadline);
    run_outcome outcome;
    output_room room(parts.limits.job_output_limit);
    for (std::size_t i = 0; i < request.commands.size(); ++i) {
        const auto& command = request.commands[i];
        if (co_await is_cancelled()) {
            skip_rest(parts, entry, request, i);
            co_return run_outcome(cancelled(), true);
        }
        const auto begun = parts.clock.steady_now();
        parts.table.begin_result(entry, command.text);
        session.count_command();
        bool output_seen = false;
        bool cut = false;
        const plugins::output_callback on_output = [&](std::string_view bytes) {
            output_seen = true;
            const auto kept = room.fit(bytes);
            cut = cut || kept.size() < bytes.size();
            parts.table.append_output(entry, kept);
        };
        auto text = command_request(parts, request, command);
        auto reply = co_await session.wire().exec(std::move(text), deadline, on_output, parts.limits.output_limit);
        model::command_result settled;
        settled.command = command.text;
        settled.elapsed_ms = elapsed_ms(parts.clock.steady_now() - begun);
        settled.truncated = cut;
        if (!reply) {
            settled.failed = reply.error();
            parts.table.end_result(entry, std::move(settled));
            skip_rest(parts, entry, request, i + 1);
            run_outcome broken(reply.error(), false);
            broken.untouched = i == 0 && !output_seen;
            co_return broken;
        }
        settled.truncated = cut || reply->truncated;
        const auto parsed = json::parse(reply->json, nullptr, false);
        if (parsed.is_object()) {
            settled.failed = refusal(parsed);
            if (const auto status = parsed.find("exit_status"); status != parsed.end() && status->is_number_integer())
                settled.exit_status = status->get<int>();
        }
        const auto refused = settled.failed;
        parts.table.end_result(entry, std::move(settled));
        if (refused && !outcome.failed)
            outcome.failed = rejected("command", i, request.commands.size(), *refused);
        if (refused && request.stop_on_error) {
            skip_rest(parts, entry, request, i + 1);
            break;
        }
    }
    co_return outcome;
}

} // namespace ferrule::devices
