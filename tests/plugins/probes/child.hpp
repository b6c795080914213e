// SPDX-License-Identifier: Apache-2.0
// A real server as a child process.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace ferrule::probes_test {

/// Runs until the object goes, or this process does. What it writes to its standard output and error can be waited for.
/// Of this process's descriptors it has those that it is given and no other.
class child {
  public:
    /// `inherited` become the descriptors 3, 4, …; `environment` is added as NAME=VALUE; `ending` is the signal that
    /// ends it for sure.
    child(std::vector<std::string> command, int ending, const std::vector<int>& inherited = {},
          const std::vector<std::string>& environment = {});
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    ~child();

    /// Reads its output until the text has come; throws with what it said when it ends before.
    void wait_for(const std::string& text);

  private:
    pid_t process_ = -1;
    int output_ = -1;
    int ending_;
};

} // namespace ferrule::probes_test
