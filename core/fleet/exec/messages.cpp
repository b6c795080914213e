#include "fleet/exec/messages.hpp"

#include "base/json.hpp"
#include "base/strings.hpp"
#include "fleet/link.hpp"

namespace ferrule::fleet::exec {

namespace {

// What the link wraps around a delivery.
constexpr std::size_t slack = 4096;

bool cut(std::string& text, std::size_t size) {
    if (text.size() <= size)
        return false;
    text.resize(base::complete_utf8(std::string_view(text).substr(0, size)).size());
    return true;
}

} // namespace

std::string result_body(task_end how, bool again, base::wall_time now) {
    for (;;) {
        auto value = to_json(how);
        value["timestamp"] = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
        if (again)
            value["again"] = true;
        auto body = base::dump(value);
        auto& kept = how.result;
        const auto output = kept.out.size() + kept.err.size();
        if (body.size() + slack <= longest_delivery || output == 0)
            return body;
        // Escapes make some texts several times as long; the longer stream gives first.
        auto& longer = kept.out.size() >= kept.err.size() ? kept.out : kept.err;
        auto& flag = kept.out.size() >= kept.err.size() ? kept.out_truncated : kept.err_truncated;
        flag = cut(longer, longer.size() / 2) || flag;
    }
}

} // namespace ferrule::fleet::exec
