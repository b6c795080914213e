// What a process is set up with before it has threads.
#pragma once

namespace ferrule::app {

/// Initialises the libraries that keep process-wide state, which plugins then share, and keeps files private by
/// default. Before any thread; again does nothing. Throws std::runtime_error when a library refuses.
void init_process();

} // namespace ferrule::app
