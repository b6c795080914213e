// The page that stands in for blackbox_exporter.
#include "config/schema/builder.hpp"
#include "config/schema/declared.hpp"

namespace ferrule::config::schema {

template <>
struct choices_of<exporter_access> {
    static constexpr std::array<std::pair<std::string_view, exporter_access>, 4> all{
        {{"anonymous", exporter_access::anonymous},
         {"viewer", exporter_access::viewer},
         {"operator", exporter_access::operator_},
         {"admin", exporter_access::admin}}};
};

template <>
struct choices_of<unsupported_modules> {
    static constexpr std::array<std::pair<std::string_view, unsupported_modules>, 2> all{
        {{"refuse", unsupported_modules::refuse}, {"leave_out", unsupported_modules::leave_out}}};
};

template <>
const shape& shape_of<exporter_settings>() {
    using exporter = exporter_settings;
    static const auto built =
        builder<exporter>()
            .add("modules", &exporter::modules,
                 "Module file of blackbox_exporter; without it the modules of its own default file.",
                 {.example = "/etc/prometheus/blackbox.yml"})
            .add("access", &exporter::access,
                 "The least role that may ask. With `anonymous` everybody who reaches the port may have this machine "
                 "connect to whatever the modules allow, addresses inside the network included. Credentials of a "
                 "module go "
                 "to whatever server the caller names; where others than admins may call there is a warning.")
            .add("unsupported", &exporter::unsupported,
                 "What becomes of modules that ask for what Ferrule cannot do: the file is refused, or they are left "
                 "out with a warning and whoever asks for one is told why.")
            .add(
                "max_running", &exporter::max_running,
                "Probes of the page at the same time; others are answered with 503, counted, and warned of in the log.",
                {.least = 1, .most = 100'000})
            .build();
    return built;
}

} // namespace ferrule::config::schema
