#include "app/open_files.hpp"

#include <catch2/catch.hpp>

#include <sys/resource.h>

#include <algorithm>

namespace {

/// The limits of this process, put back in the end.
struct limits {
    limits() { REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0); }

    limits(const limits&) = delete;
    limits& operator=(const limits&) = delete;

    ~limits() { ::setrlimit(RLIMIT_NOFILE, &before); }

    static void set_soft(rlim_t to) {
        rlimit now{};
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &now) == 0);
        now.rlim_cur = to;
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &now) == 0);
    }

    static rlim_t soft() {
        rlimit now{};
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &now) == 0);
        return now.rlim_cur;
    }

    rlimit before{};
};

} // namespace

TEST_CASE("room for agents is made within the hard limit, and a limit that suffices is left alone") {
    const limits kept;
    limits::set_soft(256);
    ferrule::app::make_room_for_agents(100);
    CHECK(limits::soft() == std::min<rlim_t>(2148, kept.before.rlim_max));
    ferrule::app::make_room_for_agents(50);
    CHECK(limits::soft() == std::min<rlim_t>(2148, kept.before.rlim_max));
    limits::set_soft(256);
    ferrule::app::make_room_for_agents(1'000'000'000);
    CHECK(limits::soft() == std::min<rlim_t>(1'000'002'048, kept.before.rlim_max));
}
