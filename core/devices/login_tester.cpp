#include "devices/login_tester.hpp"

#include "base/json.hpp"
#include "devices/device_session.hpp"

#include <array>
#include <cmath>
#include <utility>

namespace ferrule::devices {

using base::json;

namespace {

// How far a login that ended with this code had come.
std::string_view phase_of(const std::string& code) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 14> phases{
        {{"resolve_failed", "resolve"},
         {"name_not_found", "resolve"},
         {"invalid_host_name", "resolve"},
         {"resolve_timeout", "resolve"},
         {"host_key_unknown", "authenticate"},
         {"host_key_mismatch", "authenticate"},
         {"kex_failed", "authenticate"},
         {"auth_failed", "authenticate"},
         {"auth_timeout", "authenticate"},
         {"auth_held_back", "authenticate"},
         {"prompt_timeout", "prompt"},
         {"shell_refused", "prompt"},
         {"enable_failed", "prompt"},
         {"login_dialog", "prompt"}}};
    for (const auto& [known, phase] : phases)
        if (known == code)
            return phase;
    return "connect";
}

json member(const json& details, const char* key) {
    const auto at = details.find(key);
    return at == details.end() ? json() : *at;
}

} // namespace

login_tester::login_tester(node_parts& parts, const inventory& known)
    : parts_(parts)
    , known_(known) {}

asio::awaitable<result<json>> login_tester::test(std::string name, base::duration limit) {
    const auto pass = gate_.enter();
    if (!pass)
        co_return error("shutting_down", "the daemon is stopping", true);
    model::job_request wanted;
    wanted.device = std::move(name);
    auto at = resolve(known_, wanted);
    if (!at)
        co_return at.error();
    const auto begun = parts_.clock.steady_now();
    auto opened = co_await device_session::open(parts_, *at, begun + limit, {});
    const std::chrono::duration<double, std::milli> took = parts_.clock.steady_now() - begun;
    json answer{{"success", opened.has_value()},
                {"latency_ms", std::round(took.count() * 1000) / 1000},
                {"banner", nullptr},
                {"prompt", nullptr},
                {"phase", "ready"},
                {"error", nullptr}};
    if (!opened) {
        answer["phase"] = phase_of(opened.error().code());
        answer["error"] = base::to_json(opened.error());
        co_return answer;
    }
    (*opened)->tell_opened();
    const auto details = json::parse((*opened)->details(), nullptr, false);
    if (details.is_object()) {
        answer["banner"] = member(details, "banner");
        answer["prompt"] = member(details, "prompt");
    }
    co_await (*opened)->close();
    co_return answer;
}

asio::awaitable<void> login_tester::stop(base::duration limit) {
    co_await gate_.drain(limit);
}

} // namespace ferrule::devices
