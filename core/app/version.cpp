#include "app/version.hpp"

#include <ferrule/abi/abi.h>

namespace ferrule::app {

std::string version_text() {
    return std::string("ferrule ") + FERRULE_VERSION + " (plugin ABI " + std::to_string(FRL_ABI_MAJOR) + "." +
           std::to_string(FRL_ABI_MINOR) + ")";
}

std::string version_number() {
    return FERRULE_VERSION;
}

} // namespace ferrule::app
