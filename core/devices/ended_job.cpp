#include "devices/ended_job.hpp"

#include "base/json.hpp"
#include "base/json_text.hpp"
#include "base/strings.hpp"
#include "model/job_json.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::devices {

using base::json;
using base::json_text;
using base::object_reader;

namespace {

// A byte of output takes at most six in JSON, so that a piece always fits into a part, and that into 1 MiB.
constexpr std::size_t piece_size = std::size_t{64} << 10U;
constexpr std::size_t part_size = std::size_t{900} << 10U;
constexpr std::size_t longest_id = 64;
constexpr std::size_t most_results = 65'536;

error short_of(const error& why) {
    if (why.message().size() + why.details().size() <= piece_size / 6)
        return why;
    constexpr std::size_t most = 4096;
    return error(why.code(), std::string(base::complete_utf8(std::string_view(why.message()).substr(0, most))),
                 why.retryable());
}

class part_writer {
  public:
    explicit part_writer(const attempt& which)
        : which_(which) {}

    void add(std::string piece) {
        if (!pieces_.empty() && size_ + piece.size() > part_size)
            close(nullptr);
        size_ += piece.size() + 1;
        pieces_.push_back(std::move(piece));
    }

    std::vector<std::string> finish(const ended_job& ended) {
        close(&ended);
        return std::move(parts_);
    }

  private:
    void close(const ended_job* ended) {
        json_text text;
        text.begin_object().member("id", which_.id).member("run", which_.run);
        text.member("part", static_cast<std::int64_t>(parts_.size())).key("pieces").begin_array();
        for (const auto& each : pieces_)
            text.raw(each);
        text.end_array();
        if (ended != nullptr)
            tell(text, *ended);
        parts_.push_back(text.end_object().take());
        pieces_.clear();
        size_ = 0;
    }

    static void tell(json_text& text, const ended_job& ended) {
        text.member("state", model::to_text(ended.state));
        if (ended.failed)
            text.key("error").raw(base::dump(base::to_json(short_of(*ended.failed))));
        if (ended.started_at)
            text.member("started_at", base::to_rfc3339(*ended.started_at));
        if (ended.finished_at)
            text.member("finished_at", base::to_rfc3339(*ended.finished_at));
        if (ended.session)
            text.key("session")
                .begin_object()
                .member("id", ended.session->id)
                .member("reused", ended.session->reused)
                .end_object();
    }

    const attempt& which_;
    std::vector<std::string> parts_;
    std::vector<std::string> pieces_;
    std::size_t size_ = 0;
};

// What the controller has anyway, or can do without, must not keep a job from ending.
std::string facts_of(const model::command_result& from, bool cut) {
    auto facts = from;
    facts.output.clear();
    facts.truncated = from.truncated || cut;
    auto text = model::to_json_text(facts);
    if (text.size() <= piece_size)
        return text;
    facts.command.clear();
    if (facts.failed)
        facts.failed = short_of(*facts.failed);
    return model::to_json_text(facts);
}

} // namespace

std::vector<std::string> to_parts(const ended_job& ended, std::size_t most) {
    part_writer parts(ended.which);
    std::size_t told = 0;
    for (std::size_t i = 0; i < ended.results.size(); ++i) {
        const auto index = static_cast<std::int64_t>(i);
        std::string_view left = ended.results[i].output;
        while (!left.empty() && told < most) {
            auto piece = base::complete_utf8(left.substr(0, piece_size));
            if (piece.empty())
                piece = left.substr(0, piece_size); // no text, which JSON cannot hold anyway
            auto text = json_text().begin_object().member("index", index).member("output", piece).end_object().take();
            told += text.size();
            parts.add(std::move(text));
            left.remove_prefix(piece.size());
        }
        const auto facts = facts_of(ended.results[i], !left.empty());
        parts.add(json_text().begin_object().member("index", index).key("result").raw(facts).end_object().take());
    }
    return parts.finish(ended);
}

std::vector<model::command_result> results_of(const model::job_request& asked,
                                              std::vector<model::command_result> told) {
    const auto same = std::min(told.size(), asked.commands.size());
    for (std::size_t i = 0; i < same; ++i)
        if (told[i].command.empty())
            told[i].command = asked.commands[i].text;
    for (std::size_t i = 0; i < told.size() && i < asked.config.size(); ++i)
        if (told[i].command.empty())
            told[i].command = asked.config[i];
    return told;
}

std::optional<end_part> end_part_from(const json& body) {
    auto which = attempt_from(body);
    if (!which || which->id.size() > longest_id)
        return std::nullopt;
    object_reader reader(body);
    end_part read;
    read.which = std::move(*which);
    read.number = static_cast<std::size_t>(reader.integer_or("part", 0, 0, INT32_MAX));
    const auto state = model::job_state_from(reader.text_or("state", ""));
    read.last = state && model::is_final(*state);
    if (read.number >= most_end_parts)
        return std::nullopt;
    return read;
}

// Results of which nothing was told lie in a part that is gone.
model::command_result* end_assembly::at(std::size_t index) {
    if (index >= most_results)
        return nullptr;
    auto& all = ended_.results;
    while (all.size() <= index) {
        all.emplace_back();
        all.back().truncated = all.size() <= index || gap_;
    }
    if (std::exchange(gap_, false))
        all[index].truncated = true;
    return &all[index];
}

void end_assembly::add_piece(const json& piece) {
    if (!piece.is_object())
        return;
    object_reader reader(piece);
    auto* const into = at(static_cast<std::size_t>(reader.integer_or("index", 0, 0, INT32_MAX)));
    if (into == nullptr)
        return;
    if (const auto text = reader.text("output"); text && !into->truncated) // what follows a gap is not shown as a whole
        into->output += *text;
    const auto* const facts = reader.object("result");
    if (facts == nullptr)
        return;
    auto closed = model::result_from_json(*facts);
    closed.output = std::move(into->output);
    closed.truncated = closed.truncated || into->truncated;
    *into = std::move(closed);
}

void end_assembly::add(const json& part) {
    auto about = end_part_from(part);
    if (!about)
        return;
    ended_.which = std::move(about->which);
    object_reader reader(part);
    if (const auto* pieces = reader.array("pieces"))
        for (const auto& each : *pieces)
            add_piece(each);
    if (!about->last)
        return;
    ended_.state = *model::job_state_from(reader.text_or("state", ""));
    if (const auto* failed = reader.object("error"))
        ended_.failed = base::error_from_json(base::dump(*failed), "unknown");
    const auto time = [&reader](std::string_view key) -> std::optional<base::wall_time> {
        const auto parsed = base::parse_rfc3339(reader.text_or(key, ""));
        return parsed ? std::optional(*parsed) : std::nullopt;
    };
    ended_.started_at = time("started_at");
    ended_.finished_at = time("finished_at");
    if (const auto* session = reader.object("session")) {
        object_reader fields(*session);
        model::session_ref ref;
        ref.id = fields.text_or("id", "");
        ref.reused = fields.boolean_or("reused", false);
        ended_.session = std::move(ref);
    }
}

ended_job end_assembly::finish() {
    gap_ = false;
    return std::exchange(ended_, {});
}

} // namespace ferrule::devices
