// Process-wide set-up of the libraries that this floor uses.
#pragma once

namespace ferrule::net {

/// Initialises OpenSSL and libcurl, which is not safe once other threads run. Call it in `main` before anything starts
/// a thread; calling it again does nothing. Throws std::runtime_error when a library refuses.
void init_libraries();

} // namespace ferrule::net
