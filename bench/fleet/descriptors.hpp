// Room for thousands of sockets.
#pragma once

#include <sys/resource.h>

#include <cstddef>
#include <cstdio>

namespace ferrule::bench {

/// Raises the soft limit of open files to the hard one; false, with a complaint, when even that is too low.
inline bool raise_descriptors(std::size_t needed) {
    rlimit now{};
    if (::getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur < now.rlim_max) {
        now.rlim_cur = now.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &now);
    }
    if (now.rlim_cur >= needed)
        return true;
    std::fprintf(stderr, "this needs %zu open files, the limit is %zu: raise it (ulimit -Hn)\n", needed,
                 static_cast<std::size_t>(now.rlim_cur));
    return false;
}

} // namespace ferrule::bench
