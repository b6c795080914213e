// What the load generator is told to do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ferrule::bench {

struct load_options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    std::size_t connections = 1;
    double seconds = 0;                ///< Ends after this time, or
    std::size_t requests = 0;          ///< after so many; one of both.
    double warm_up = 0;                ///< Seconds of load before the measuring begins.
    std::string expect;                ///< Every answer must contain it.
    std::vector<std::string> messages; ///< Whole requests, taken in turn.
};

/// Reads the command line and the files that it names. Ends the process with a sentence when it makes no sense.
load_options read_options(int argc, char** argv);

} // namespace ferrule::bench
