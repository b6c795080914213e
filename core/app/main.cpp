// The one binary: daemon and command line client.
#include "app/cli/command_line.hpp"

int main(int argc, char** argv) {
    return ferrule::app::cli::run(argc, argv);
}
