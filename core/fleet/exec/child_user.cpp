#include "fleet/exec/child_user.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace ferrule::fleet::exec {

namespace {

constexpr std::size_t most_buffer = std::size_t{1} << 20U;

// Calls one of the getpw…_r family with a buffer that is large enough. None when there is no such account.
template <class Ask>
result<std::optional<child_user>> look_up(const Ask& ask) {
    std::vector<char> buffer(4096);
    for (;;) {
        passwd entry{};
        passwd* found = nullptr;
        const int why = ask(&entry, buffer, &found);
        if (why == ERANGE && buffer.size() < most_buffer) {
            buffer.resize(buffer.size() * 4);
            continue;
        }
        // Some name services answer with these instead of nothing (getpwnam_r(3)).
        const bool absent = found == nullptr && (why == 0 || why == ENOENT || why == ESRCH || why == EPERM);
        if (absent)
            return std::optional<child_user>();
        if (found == nullptr)
            return error("user_not_found", std::string("the user database cannot be read: ") + std::strerror(why),
                         true);
        child_user made;
        made.name = entry.pw_name;
        made.uid = entry.pw_uid;
        made.gid = entry.pw_gid;
        if (entry.pw_dir != nullptr && *entry.pw_dir == '/')
            made.home = entry.pw_dir;
        if (entry.pw_shell != nullptr && *entry.pw_shell == '/')
            made.shell = entry.pw_shell;
        return std::optional(std::move(made));
    }
}

std::vector<gid_t> groups_of(const child_user& user) {
    int count = 32;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    while (::getgrouplist(user.name.c_str(), user.gid, groups.data(), &count) < 0) {
        const auto wanted =
            static_cast<std::size_t>(count) > groups.size() ? static_cast<std::size_t>(count) : groups.size() * 2;
        groups.resize(wanted);
        count = static_cast<int>(groups.size());
    }
    groups.resize(static_cast<std::size_t>(count));
    return groups;
}

} // namespace

result<child_user> find_user(const std::string& name) {
    const auto own = ::geteuid();
    auto found = name.empty() ? look_up([own](passwd* into, std::vector<char>& buffer, passwd** at) {
        return ::getpwuid_r(own, into, buffer.data(), buffer.size(), at);
    })
                              : look_up([&name](passwd* into, std::vector<char>& buffer, passwd** at) {
                                    return ::getpwnam_r(name.c_str(), into, buffer.data(), buffer.size(), at);
                                });
    if (!found)
        return found.error();
    if (!*found && name.empty()) { // a container's number without a name
        child_user nameless;
        nameless.name = std::to_string(own);
        nameless.uid = own;
        nameless.gid = ::getegid();
        return nameless;
    }
    if (!*found)
        return error("user_not_found", "this host has no user \"" + name + "\"");
    auto user = std::move(**found);
    user.change = user.uid != own;
    if (user.change && own != 0)
        return error("user_not_permitted", "the agent runs as uid " + std::to_string(own) + " and cannot become \"" +
                                               name + "\": only an agent that runs as root can, or leave out the user");
    if (user.change)
        user.groups = groups_of(user);
    return user;
}

std::vector<std::string> clean_environment(const child_user& of) {
    return {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=" + of.home,
            "USER=" + of.name,
            "LOGNAME=" + of.name,
            "SHELL=" + of.shell,
            "LANG=C.UTF-8"};
}

} // namespace ferrule::fleet::exec
