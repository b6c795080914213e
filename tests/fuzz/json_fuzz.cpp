// Request bodies of any contents: strict parsing, and the mapping to what the program works with.
#include "base/json.hpp"
#include "model/check_json.hpp"
#include "model/command_json.hpp"
#include "model/inventory_json.hpp"
#include "model/job_json.hpp"

#include <cstdint>
#include <cstdlib>

using namespace ferrule;

namespace {

template <class T>
void must_explain(const result<T>& read) {
    if (!read && (read.error().code().empty() || read.error().message().empty()))
        std::abort();
}

/// What was read is written and read again as the same.
template <class Read>
void must_be_the_same(Read from_json, const base::json& body) {
    const auto read = from_json(body);
    must_explain(read);
    if (!read)
        return;
    auto text = model::to_json(*read);
    text.erase("origin");
    const auto again = from_json(text);
    if (!again)
        std::abort();
    auto same = model::to_json(*again);
    same.erase("origin");
    if (same != text)
        std::abort();
}

void command_request(const base::json& body) {
    const auto read = model::command_request_from_json(body);
    must_explain(read);
    if (!read)
        return;
    auto text = model::to_json(read->what);
    text["on"] = model::to_json(read->on);
    if (read->ttl)
        text["ttl"] = base::to_text(*read->ttl);
    const auto again = model::command_request_from_json(text);
    if (!again || !(again->what == read->what) || again->ttl != read->ttl ||
        model::to_json(again->on) != model::to_json(read->on))
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto body = base::parse_json(std::string_view(reinterpret_cast<const char*>(data), size));
    must_explain(body);
    if (!body)
        return 0;
    // What was read is written and read again as the same value.
    const auto again = base::parse_json(base::dump(*body));
    if (!again || *again != *body)
        std::abort();
    must_explain(model::job_request_from_json(*body));
    must_explain(model::device_from_json(*body));
    must_explain(model::credential_from_json(*body));
    must_explain(model::job_from_record(*body));
    must_explain(model::credential_from_secret_json(*body));
    must_be_the_same([](const base::json& each) { return model::check_from_json(each); }, *body);
    must_be_the_same(&model::window_from_json, *body);
    command_request(*body);
    (void)base::error_from_json(base::dump(*body), "other");
    return 0;
}
