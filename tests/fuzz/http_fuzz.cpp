// The request path without sockets: bytes to requests, then everything up to the handler. However the bytes are cut
// into reads, the same requests come out.
#include "http/dispatcher.hpp"
#include "http/request_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
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

// What became of each request: `target|body|status`. How it ends is not compared: a fault in a request that is not
// complete may be seen sooner or later.
std::vector<std::string> read(http::dispatcher& app, std::string_view bytes, std::size_t piece,
                              const http::request_reader::limits& limits) {
    http::request_reader reader(limits);
    std::vector<std::string> told;
    for (;;) {
        const auto step = reader.advance();
        if (step == http::request_reader::step::refused) {
            if (reader.refusal().code().empty())
                std::abort();
            return told;
        }
        if (step == http::request_reader::step::complete) {
            auto& asked = reader.current();
            const auto answer = app.prepare(asked);
            const auto status = answer ? answer->status() : 0U;
            if (answer) {
                std::string head;
                answer->write_head(head, {});
                // Nothing that a client sends can end the header early.
                if (head.find("\r\n\r\n") != head.size() - 4)
                    std::abort();
            }
            told.push_back(std::string(asked.target()) + "|" + asked.body + "|" + std::to_string(status));
            if (asked.body.size() > limits.body || asked.header_count() > limits.headers)
                std::abort();
            if (!asked.keep_alive)
                return told;
            reader.next();
            continue;
        }
        if (step == http::request_reader::step::send_continue)
            continue;
        if (bytes.empty())
            return told;
        const auto space = reader.prepare();
        const auto size = std::min({piece, bytes.size(), space.size()});
        std::copy_n(bytes.begin(), size, static_cast<char*>(space.data()));
        reader.commit(size);
        bytes.remove_prefix(size);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static http::dispatcher app(routes(), recognise, {}, base::system_clock());
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    http::request_reader::limits wide;
    wide.header = 1 << 20;
    const auto whole = read(app, bytes, 8192, wide);
    for (const std::size_t piece : {1U, 3U, 64U})
        if (read(app, bytes, piece, wide) != whole)
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
