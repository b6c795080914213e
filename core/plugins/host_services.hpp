// The optional services of the host table.
#pragma once

namespace ferrule::plugins {

class instance;

/// Sets up "ferrule.http/1" and "ferrule.sessions/1" of an instance.
void fill_services(instance& of);

} // namespace ferrule::plugins
