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
            text.key("error").raw(base::dump(base::to_json(*ended.failed)));
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

} // namespace

std::vector<std::string> to_parts(const ended_job& ended, std::size_t most) {
    part_writer parts(ended.which);
    std::size_t told = 0;
    for (const auto& each : ended.results) {
        std::string_view left = each.output;
        while (!left.empty() && told < most) {
            auto piece = base::complete_utf8(left.substr(0, piece_size));
            if (piece.empty())
                piece = left.substr(0, piece_size); // no text, which JSON cannot hold anyway
            auto text = json_text().begin_object().member("output", piece).end_object().take();
            told += text.size();
            parts.add(std::move(text));
            left.remove_prefix(piece.size());
        }
        auto facts = each;
        facts.output.clear();
        facts.truncated = each.truncated || !left.empty();
        parts.add(json_text().begin_object().key("result").raw(model::to_json_text(facts)).end_object().take());
    }
    return parts.finish(ended);
}

// Output of a result comes before what else is known of it.
bool end_assembly::add(const json& piece) {
    if (!piece.is_object())
        return false;
    object_reader reader(piece);
    if (!std::exchange(open_, true))
        ended_.results.emplace_back();
    auto& last = ended_.results.back();
    last.output += reader.text_or("output", "");
    const auto* facts = reader.object("result");
    if (facts == nullptr)
        return true;
    auto closed = model::result_from_json(*facts);
    closed.output = std::move(last.output);
    last = std::move(closed);
    open_ = false;
    return true;
}

end_assembly::verdict end_assembly::take(const json& part) {
    auto which = attempt_from(part);
    if (!which)
        return verdict::stray;
    object_reader reader(part);
    const auto number = static_cast<std::size_t>(reader.integer_or("part", 0, 0, INT32_MAX));
    if (number == 0 && ended_.which != *which) {
        ended_ = {};
        ended_.which = std::move(*which);
        next_ = 0;
        open_ = false;
    } else if (next_ == 0) {
        return verdict::stray;
    }
    if (number != next_)
        return verdict::more; // it came before, or will come again
    ++next_;
    if (const auto* pieces = reader.array("pieces"))
        for (const auto& each : *pieces)
            add(each);
    const auto state = model::job_state_from(reader.text_or("state", ""));
    if (!state || !model::is_final(*state))
        return verdict::more;
    ended_.state = *state;
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
    return verdict::complete;
}

ended_job end_assembly::finish() {
    next_ = 0;
    return std::exchange(ended_, {});
}

} // namespace ferrule::devices
