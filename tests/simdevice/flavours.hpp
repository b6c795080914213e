// The built-in command lines: what each platform family does without any script.
#pragma once

#include "simdevice/spec.hpp"

namespace ferrule::simdevice {

/// Modes and commands that every device of a family has. The first mode is the one a login starts in.
struct flavour_rules {
    std::vector<mode_spec> modes;
    std::vector<command_spec> commands;
    bool exit_ends_connection = true; ///< leaving the shell ends the connection; a server leaves that to the client
};

/// `enable_password` becomes the question that entering the privileged mode asks; empty: none.
flavour_rules rules_of(flavour kind, const std::string& enable_password);

} // namespace ferrule::simdevice
