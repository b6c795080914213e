// Starts a process from a program with threads.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "fleet/exec/child_user.hpp"

namespace ferrule::fleet::exec {

/// A descriptor that is closed with its owner.
class owned_fd {
  public:
    explicit owned_fd(int number = -1) noexcept
        : number_(number) {}

    owned_fd(owned_fd&& other) noexcept
        : number_(other.release()) {}

    owned_fd& operator=(owned_fd&& other) noexcept;
    owned_fd(const owned_fd&) = delete;
    owned_fd& operator=(const owned_fd&) = delete;
    ~owned_fd();

    [[nodiscard]] int get() const noexcept { return number_; }

    [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }

  private:
    int number_;
};

/// Everything that a process is started with, ready to be used between fork and exec, where nothing may allocate.
struct child_plan {
    std::string program; ///< Absolute path.
    std::vector<std::string> argv;
    std::vector<std::string> environment; ///< `NAME=value`, all of it.
    std::string directory;
    child_user user;
};

/// A process that was forked. It leads a session and process group of its own, whose id is `pid`.
struct spawned {
    pid_t pid = -1;
    owned_fd handle; ///< pidfd: readable once it has ended.
    owned_fd out;    ///< The reading ends, non-blocking.
    owned_fd err;
    owned_fd failure; ///< Ends without a byte once the program runs, or after a child_failure when it could not start.
};

/// What the child writes into `failure`.
struct child_failure {
    enum step : int { groups, group, user, directory, streams, program };

    int where;
    int why; ///< errno
};

/// Forks and lets the child become the program: stdin is empty, every other descriptor is closed, signals are as a
/// shell would find them. Between fork and exec only functions that are safe there run. Fails with `spawn_failed`.
result<spawned> spawn(const child_plan& plan);

/// The failure as people read it: `program_not_found`, `directory_not_usable`, `user_not_permitted`, `spawn_failed`.
error to_error(const child_failure& what, const child_plan& plan);

} // namespace ferrule::fleet::exec
