// A platform file of any contents: the tree is read, held against the schema and turned into JSON.
#include "config/platforms.hpp"

#include "base/json.hpp"
#include "config/schema/free_json.hpp"
#include "config/schema/json_schema_check.hpp"
#include "config/yaml/parse.hpp"

#include <cstdint>
#include <cstdlib>

using namespace ferrule;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto rules = base::parse_json(config::platform_schema());
    if (!rules)
        std::abort();
    config::problems found;
    const auto root =
        config::yaml::parse(std::string_view(reinterpret_cast<const char*>(data), size), "fuzz.yaml", found);
    if (!root) {
        if (!found.any())
            std::abort();
        return 0;
    }
    config::schema::check_against(*rules, *root, "fuzz.yaml", {}, found);
    // What came out of YAML is valid JSON in any case.
    if (!base::parse_json(base::dump(config::schema::to_json(*root))))
        std::abort();
    return 0;
}
