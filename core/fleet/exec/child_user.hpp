// As whom a process runs.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/error.hpp"

namespace ferrule::fleet::exec {

/// An account of this machine, looked up before the fork: what asks the name service must not run between fork and
/// exec.
struct child_user {
    std::string name;
    std::string home = "/";
    std::string shell = "/bin/sh";
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;
    bool change = false; ///< The agent runs as another user and has to change.
};

/// The account `name`, or the agent's own when it is empty. Fails with `user_not_found`, and with `user_not_permitted`
/// when the agent may not become this user. [may block: the name service]
result<child_user> find_user(const std::string& name);

/// The environment of a process of this user before anything is added: PATH, HOME, USER, LOGNAME, SHELL, LANG.
std::vector<std::string> clean_environment(const child_user& of);

} // namespace ferrule::fleet::exec
