// The configuration loader over any text. Nothing is read from the disk, and whatever is said must be sayable.
#include "config/load.hpp"

#include "base/json.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

ferrule::config::load_options closed_world() {
    ferrule::config::load_options options;
    options.variables = [](std::string_view name) -> std::optional<std::string> {
        return name.starts_with('S') ? std::optional<std::string>("${S}") : std::nullopt;
    };
    options.read_file = [](const std::filesystem::path& file, std::size_t) -> ferrule::result<std::string> {
        if (file.string().ends_with("y"))
            return std::string("credentials: [{name: c, username: u}]\ndevices: [{name: d, host: h}]\n");
        return ferrule::error("unreadable_file", "cannot read " + file.string());
    };
    options.plugin_schema = [](std::string_view, std::string_view, const auto&) {
        return std::optional<std::string>(
            R"({"type": "object", "properties": {"a": {"oneOf": [{"type": "integer"}, {"$ref": "#/$defs/l"}]}},
                "additionalProperties": {"type": "string", "pattern": "^[a-z]+$"},
                "$defs": {"l": {"type": "array", "items": {"$ref": "#/$defs/l"}}}})");
    };
    return options;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto options = closed_world();
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto loaded = ferrule::config::load_text(text, "fuzz.yaml", "/nonexistent", options);
    if (!loaded && (loaded.error().message().empty() || !ferrule::base::parse_json(loaded.error().details())))
        std::abort();
    return 0;
}
