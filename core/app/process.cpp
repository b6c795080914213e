#include "app/process.hpp"

#include "net/libraries.hpp"

#include <libssh/libssh.h>
#include <sodium.h>
#include <sys/stat.h>

#include <csignal>
#include <stdexcept>

namespace ferrule::app {

void init_process() {
    ::umask(0077);
    std::signal(SIGPIPE, SIG_IGN);
    net::init_libraries();
    if (sodium_init() < 0 || ssh_init() != 0)
        throw std::runtime_error("libsodium or libssh cannot be initialised");
}

} // namespace ferrule::app
