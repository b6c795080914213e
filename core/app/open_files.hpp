// Room for many connections.
#pragma once

#include <cstddef>

namespace ferrule::app {

/// Raises this process's soft limit of open files, within the hard one, so that so many agents can be connected beside
/// everything else; warns when that does not suffice. Of processes that start others and give them no limit of their
/// own it is not to be used: some programs count on a low one.
void make_room_for_agents(std::size_t agents);

} // namespace ferrule::app
