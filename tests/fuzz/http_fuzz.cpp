// The request path without sockets: bytes to requests, what the head alone decides, then everything up to the handler.
// However the bytes are cut into reads, the same requests come out.
#include "http/early_answer.hpp"
#include "http/problem.hpp"
#include "http/route.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

using namespace ferrule;

namespace {

http::router routes() {
    http::router table;
    const auto add = [&table](http::method verb, std::string pattern, http::access needs, http::body_kind body) {
        http::route made;
        made.verb = verb;
        made.pattern = std::move(pattern);
        made.needs = needs;
        made.body = body;
        made.query = {"wait", "limit", "label"};
        made.run = [](const http::request&) -> http::asio::awaitable<http::response> { co_return http::response(); };
        table.add(std::move(made));
    };
    add(http::method::get, "/healthz", http::access::anonymous, http::body_kind::none);
    add(http::method::post, "/api/v1/jobs", http::access::operator_, http::body_kind::json);
    add(http::method::get, "/api/v1/jobs/{id}", http::access::viewer, http::body_kind::none);
    add(http::method::get, "/api/v1/plugins/{kind}/{name}", http::access::anonymous, http::body_kind::none);
    return table;
}

std::shared_ptr<const model::token> recognise(std::string_view text, base::wall_time) {
    if (text != "t")
        return nullptr;
    auto made = std::make_shared<model::token>();
    made->id = made->name = "t";
    made->may = model::role::admin;
    return made;
}

// What became of a request. How the connection ends is not kept: a fault in a request that is not complete may be seen
// sooner or later.
struct outcome {
    std::string target;
    std::string body;
    unsigned status = 0;     ///< 0 when its handler is to run.
    bool early = false;      ///< Answered before its body was there, which ends the connection.
    bool over_limit = false; ///< Because there was too much of a body where none belongs.
};

outcome told(const http::request& asked, const std::optional<http::response>& answer) {
    outcome made;
    made.target = asked.target();
    made.body = asked.body;
    if (!answer)
        return made;
    made.status = answer->status();
    std::string head;
    answer->write_head(head, {});
    // Nothing that a client sends can end the header early.
    if (head.find("\r\n\r\n") != head.size() - 4)
        std::abort();
    return made;
}

// Reads as a connection does, so many bytes at a time.
std::vector<outcome> read(http::dispatcher& app, std::string_view bytes, std::size_t piece,
                          const http::request_reader::limits& limits) {
    http::request_reader reader(limits);
    std::vector<outcome> all;
    const auto ended_early = [&](const std::optional<http::response>& answer, bool over_limit) {
        const auto& asked = reader.current();
        if (over_limit && asked.route->body != http::body_kind::none)
            std::abort();
        all.push_back(told(asked, answer));
        all.back().early = true;
        all.back().over_limit = over_limit;
    };
    for (;;) {
        const auto step = reader.advance();
        auto& asked = reader.current();
        if (step == http::request_reader::step::refused) {
            if (reader.refusal().code().empty())
                std::abort();
            if (reader.refusal().code() == "unexpected_body")
                ended_early(http::problem(reader.refusal()), true);
            return all;
        }
        if (step == http::request_reader::step::complete) {
            all.push_back(told(asked, app.prepare(asked)));
            if (asked.body.size() > limits.body || asked.header_count() > limits.headers)
                std::abort();
            if (!asked.keep_alive)
                return all;
            reader.next();
            continue;
        }
        const bool admitted = asked.admitted;
        if (const auto answer = http::answer_early(app, reader)) {
            if (admitted) // it is asked once
                std::abort();
            ended_early(answer, asked.admitted);
            return all;
        }
        if (step == http::request_reader::step::send_continue) {
            if (!asked.admitted) // a body that nobody wants is not asked for
                std::abort();
            continue;
        }
        if (bytes.empty())
            return all;
        const auto space = reader.prepare();
        const auto size = std::min({piece, bytes.size(), space.size()});
        std::copy_n(bytes.begin(), size, static_cast<char*>(space.data()));
        reader.commit(size);
        bytes.remove_prefix(size);
    }
}

// Whether `left`, which was answered early, is what would have become of `right` with its body.
bool foretells(const outcome& left, const outcome& right) {
    if (left.target != right.target)
        return false;
    if (left.over_limit) // of blanks alone, which mean nothing, too many count as well
        return right.over_limit || right.body.size() > http::most_unexpected_body;
    return left.status == right.status;
}

// The same bytes in other pieces: the same requests with the same answers, but that one may be answered early where the
// other has its body already, or has found a fault in it.
bool agree(const std::vector<outcome>& left, const std::vector<outcome>& right) {
    for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
        const auto* const one = i < left.size() ? &left[i] : nullptr;
        const auto* const other = i < right.size() ? &right[i] : nullptr;
        if (one == nullptr || other == nullptr)
            return (one != nullptr ? one : other)->early;
        if (one->early || other->early)
            return one->early ? foretells(*one, *other) : foretells(*other, *one);
        if (one->target != other->target || one->body != other->body || one->status != other->status)
            return false;
    }
    return true;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static http::dispatcher app(routes(), recognise, {}, base::system_clock());
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    http::request_reader::limits wide;
    wide.header = 1 << 20;
    const auto whole = read(app, bytes, 8192, wide);
    for (const std::size_t piece : {1U, 3U, 64U})
        if (!agree(read(app, bytes, piece, wide), whole))
            std::abort();
    // A header that is just at its limit may be refused sooner when it comes in pieces; so narrow limits are only
    // tried.
    http::request_reader::limits narrow;
    narrow.header = 128;
    narrow.body = 16;
    narrow.headers = 4;
    read(app, bytes, 8192, narrow);
    read(app, bytes, 7, narrow);
    return 0;
}
