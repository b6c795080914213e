#include "api/sse.hpp"

#include "devices/tokens.hpp"

namespace ferrule::api {

bool may_go_on(const services& over, const caller& who) {
    return !who || over.tokens.holds(*who, over.time.wall_now());
}

void append_event(std::string& to, std::string_view name, std::string_view data, std::optional<std::uint64_t> id) {
    if (id)
        to.append("id: ").append(std::to_string(*id)).append("\n");
    to.append("event: ").append(name).append("\n");
    for (;;) {
        const auto end = data.find('\n');
        to.append("data: ").append(data.substr(0, end)).append("\n");
        if (end == std::string_view::npos)
            break;
        data.remove_prefix(end + 1);
    }
    to.append("\n");
}

} // namespace ferrule::api
