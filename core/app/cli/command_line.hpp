// The command line as a whole.
#pragma once

namespace ferrule::app::cli {

/// Parses the arguments and runs the command. Returns the process's exit code, see exit_code.hpp. Never throws.
int run(int argc, char** argv);

} // namespace ferrule::app::cli
