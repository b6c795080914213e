// Request bodies of any contents: strict parsing, and the mapping to what the program works with.
#include "base/json.hpp"
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
    (void)base::error_from_json(base::dump(*body), "other");
    return 0;
}
