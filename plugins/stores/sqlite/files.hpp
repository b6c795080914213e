// SPDX-License-Identifier: Apache-2.0
// The files of a store: made private, and held by one process.
#pragma once

#include <string>

namespace ferrule::sqlite {

/// Keeps a second process (or a second store of this one) from writing the same database: an advisory lock on the side
/// file `<path>.lock`, which the kernel drops however the process ends. The side file itself stays.
class file_lock {
  public:
    /// Throws `failure` with store_in_use, which names the process that holds it, or store_unavailable.
    explicit file_lock(const std::string& database_path);
    file_lock(const file_lock&) = delete;
    file_lock& operator=(const file_lock&) = delete;
    ~file_lock();

  private:
    int descriptor_;
};

/// Makes missing folders above the path, with mode 0700. Throws `failure` with store_unavailable.
void make_folder(const std::string& database_path);

/// Makes an empty database file of mode 0600 unless there is one; true when it was made. SQLite gives its side files
/// the same mode.
bool make_file(const std::string& database_path);

} // namespace ferrule::sqlite
