// The one binary: daemon and command line client.
#include "app/cli/command_line.hpp"

// Read by jemalloc, which the daemon is linked with, before anything runs: few arenas, because there are few threads,
// and what has been free for two seconds goes back to the system.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "narenas:2,dirty_decay_ms:2000,muzzy_decay_ms:0";
}

int main(int argc, char** argv) {
    return ferrule::app::cli::run(argc, argv);
}
