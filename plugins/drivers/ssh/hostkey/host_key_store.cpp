// SPDX-License-Identifier: Apache-2.0
#include "ssh/hostkey/host_key_store.hpp"

#include "ssh/net/digest.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace ferrule::ssh {

namespace {

/// Closes, and with that unlocks.
class locked_file {
  public:
    explicit locked_file(const std::string& path)
        : fd_(open(path)) {
        if (fd_ < 0 && errno == ENOENT && make_folder(path)) {
            fd_ = open(path);
        }
        if (fd_ >= 0) {
            while (::flock(fd_, LOCK_EX) != 0 && errno == EINTR) {
            }
        }
    }

    locked_file(const locked_file&) = delete;
    locked_file& operator=(const locked_file&) = delete;

    ~locked_file() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }

    [[nodiscard]] int fd() const noexcept { return fd_; }

    [[nodiscard]] std::string read_all() const {
        std::string out;
        char buffer[16 * 1024];
        ::lseek(fd_, 0, SEEK_SET);
        for (;;) {
            const auto count = ::read(fd_, buffer, sizeof(buffer));
            if (count < 0 && errno == EINTR) {
                continue;
            }
            if (count <= 0) {
                return out;
            }
            out.append(buffer, static_cast<std::size_t>(count));
        }
    }

    /// False, with errno, when it did not reach the disk.
    [[nodiscard]] bool append(const std::string& text) const {
        return ::write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fdatasync(fd_) == 0;
    }

  private:
    static int open(const std::string& path) noexcept {
        return ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }

    /// As OpenSSH does for a user who has no ~/.ssh yet; any other folder is the operator's to make.
    static bool make_folder(const std::string& path) noexcept {
        const auto end = path.rfind("/.ssh/");
        if (end == std::string::npos || path.find('/', end + 6) != std::string::npos) {
            return false;
        }
        return ::mkdir(path.substr(0, end + 5).c_str(), 0700) == 0 || errno == EEXIST;
    }

    int fd_;
};

sdk::error unwritable(const std::string& path) {
    return {"known_hosts_unwritable", "The new host key cannot be remembered in '" + path +
                                          "': " + std::strerror(errno) +
                                          ". Make the file writable for Ferrule, or set known_hosts to another one."};
}

} // namespace

host_key_store::stamp host_key_store::stamp_of(const std::string& path) {
    struct stat info {};

    if (::stat(path.c_str(), &info) != 0) {
        return {};
    }
    return {static_cast<std::uint64_t>(info.st_ino), static_cast<std::uint64_t>(info.st_size), info.st_mtim.tv_sec,
            info.st_mtim.tv_nsec};
}

std::shared_ptr<const known_hosts> host_key_store::fresh(const std::string& path) {
    const std::lock_guard lock(mutex_);
    const auto found = files_.find(path);
    return found != files_.end() && found->second.when == stamp_of(path) ? found->second.content : nullptr;
}

sdk::result<std::shared_ptr<const known_hosts>> host_key_store::load(const std::string& path) {
    const auto when = stamp_of(path);
    std::string text;
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (file) {
        text.assign(std::istreambuf_iterator<char>(file), {});
    }
    if (file.bad() || (!file.is_open() && errno != ENOENT)) {
        return sdk::error("known_hosts_unreadable",
                          "The file of known host keys '" + path + "' cannot be read: " + std::strerror(errno) + ".");
    }
    auto content = std::make_shared<const known_hosts>(known_hosts::parse(text));
    const std::lock_guard lock(mutex_);
    files_[path] = {when, content};
    return content;
}

sdk::result<void> host_key_store::remember(const std::string& path, const shown_key& key) {
    using kind = host_key_verdict::kind;
    const locked_file file(path);
    if (file.fd() < 0) {
        return unwritable(path);
    }
    const auto text = file.read_all();
    auto content = std::make_shared<known_hosts>(known_hosts::parse(text));
    const auto verdict = content->check(key.host, key.port, key.type, key.blob);
    if (verdict.what == kind::changed || verdict.what == kind::revoked) {
        return host_key_error(verdict, key, path);
    }
    if (verdict.what == kind::unknown) {
        const auto line = known_hosts::line_for(key.host, key.port, key.type, key.blob);
        const bool joined = !text.empty() && text.back() != '\n';
        if (!file.append((joined ? "\n" : "") + line + "\n")) {
            return unwritable(path);
        }
        content->add({known_hosts_name(key.host, key.port), key.type, key.blob, 0, false});
    }
    const std::lock_guard lock(mutex_);
    files_[path] = {stamp_of(path), std::move(content)};
    return sdk::ok();
}

sdk::error host_key_error(const host_key_verdict& verdict, const shown_key& key, const std::string& path) {
    using kind = host_key_verdict::kind;
    const auto name = known_hosts_name(key.host, key.port);
    const auto print = fingerprint(key.blob);
    const auto details = sdk::json_object()
                             .add("host", name)
                             .add("key_type", key.type)
                             .add("fingerprint", print)
                             .add("known_hosts_line", known_hosts::line_for(key.host, key.port, key.type, key.blob))
                             .text();
    if (verdict.what == kind::unknown) {
        return {"host_key_unknown",
                "The host key of " + name + " is not known: it shows " + key.type + " " + print +
                    ". Compare that with the device; then add the key to '" + path +
                    "', or set host_key_policy to accept_new for the first connection.",
                false, details};
    }
    const auto where = "line " + std::to_string(verdict.entry->line) + " of '" + path + "'";
    if (verdict.what == kind::revoked) {
        return {"host_key_mismatch",
                "The host key of " + name + " (" + key.type + " " + print + ") is marked as revoked in " + where + ".",
                false, details};
    }
    return {"host_key_mismatch",
            "The host key of " + name + " has changed: it shows " + key.type + " " + print + ", but " + where +
                " lists " + verdict.entry->key_type + " " + fingerprint(verdict.entry->key) +
                ". Somebody may be in between. If the device was replaced, remove that line.",
            false, details};
}

} // namespace ferrule::ssh
