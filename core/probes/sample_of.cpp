#include "probes/sample_of.hpp"

#include "base/json.hpp"
#include "model/check_json.hpp"

namespace ferrule::probes {

model::sample sample_of(model::sample measured, const result<std::string>& outcome) {
    if (!outcome) {
        measured.failed = outcome.error();
        return measured;
    }
    const auto told = base::parse_json(*outcome);
    const auto read = told ? model::read_probe_result(*told, measured) : result<void>(told.error());
    if (!read) {
        measured.success = false;
        measured.failed = error("invalid_result", "the plugin gave what is no result: " + read.error().message());
    }
    return measured;
}

} // namespace ferrule::probes
