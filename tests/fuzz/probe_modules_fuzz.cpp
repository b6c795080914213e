// A module file of any contents: what is read of it can be shown, and a refusal says why.
#include "probes/blackbox/module_file.hpp"

#include "base/json.hpp"

#include <cstdint>
#include <cstdlib>

using namespace ferrule;
using namespace ferrule::probes::blackbox;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto what : {beyond_us::refuse, beyond_us::leave_out}) {
        const auto read = read_modules(text, "fuzz.yml", "/etc/prometheus", what);
        if (!read) {
            if (read.error().message().empty())
                std::abort();
            continue;
        }
        for (const auto& [name, each] : read->known)
            if (!base::parse_json(each.settings) || !base::parse_json(shown_settings(each)))
                std::abort();
    }
    return 0;
}
