#include "app/open_files.hpp"

#include "base/log.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <string>

namespace ferrule::app {

namespace {

/// For devices, the store, the API and connections that are not agents' yet.
constexpr std::size_t everything_else = 2048;

} // namespace

void make_room_for_agents(std::size_t agents) {
    const rlim_t needed = agents + everything_else;
    rlimit now{};
    if (::getrlimit(RLIMIT_NOFILE, &now) != 0 || now.rlim_cur >= needed)
        return;
    now.rlim_cur = std::min(needed, now.rlim_max);
    if (::setrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur == needed)
        return;
    base::log::warn("fleet",
                    "the limit of open files is too low for fleet.max_agents: raise the hard one (LimitNOFILE)",
                    {{"limit", std::to_string(now.rlim_cur)}, {"needed", std::to_string(needed)}});
}

} // namespace ferrule::app
