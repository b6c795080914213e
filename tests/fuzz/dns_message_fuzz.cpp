// SPDX-License-Identifier: Apache-2.0
// Any bytes are an answer of a DNS server: they are read without harm, and every name that comes out is a name again.
#include "dns/message.hpp"
#include "dns/wire.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace ferrule::probes::dns;

namespace {

void check(const record& one) {
    if (!encode_name(one.name)) {
        std::abort(); // what was read as a name cannot be written as one
    }
    if (one.data.empty() || one.text().find('\n') != std::string::npos) {
        std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto got = decode(bytes);
    if (!got) {
        return 0;
    }
    for (const auto* section : {&got->answers, &got->authorities, &got->additionals}) {
        if (section->size() > size / 11) {
            std::abort(); // more records than bytes for them
        }
        for (const auto& one : *section) {
            check(one);
        }
    }
    question what;
    what.name = encode_name(got->asked_name).value_or("");
    what.type = got->asked_type;
    what.cls = got->asked_class;
    if (got->response && !got->asked_name.empty() && !answers(*got, what, got->id)) {
        std::abort(); // it does not answer its own question
    }
    return 0;
}
