#include "fleet/exec/spawn.hpp"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace ferrule::fleet::exec {

owned_fd& owned_fd::operator=(owned_fd&& other) noexcept {
    if (this != &other) {
        if (number_ >= 0)
            ::close(number_);
        number_ = other.release();
    }
    return *this;
}

owned_fd::~owned_fd() {
    if (number_ >= 0)
        ::close(number_);
}

namespace {

error spawn_error(const char* what) {
    return error("spawn_failed", std::string("no process can be started: ") + what + ": " + std::strerror(errno), true);
}

struct pipe_ends {
    owned_fd reading;
    owned_fd writing;
};

result<pipe_ends> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return spawn_error("pipe");
    pipe_ends made;
    made.reading = owned_fd(ends[0]);
    made.writing = owned_fd(ends[1]);
    return made;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> all;
    all.reserve(texts.size() + 1);
    for (const auto& each : texts)
        all.push_back(const_cast<char*>(each.c_str())); // execve does not write to them
    all.push_back(nullptr);
    return all;
}

/// The child's first descriptor after the standard streams.
constexpr int failure_place = 3;

/// All that the child needs, made before the fork.
struct child_view {
    const char* program;
    char** argv;
    char** environment;
    const char* directory;
    const child_user* user;
    int out;
    int err;
    int failure;
};

[[noreturn]] void give_up(int to, child_failure::step where) {
    const child_failure told{where, errno};
    static_cast<void>(!::write(to, &told, sizeof told));
    ::_exit(127);
}

// Raw calls: glibc's own would tell all threads of the parent's memory, of which none exist here.
void become(const child_view& of) {
    const auto& user = *of.user;
    if (!user.change)
        return;
    if (::syscall(SYS_setgroups, user.groups.size(), user.groups.data()) != 0)
        give_up(of.failure, child_failure::groups);
    if (::syscall(SYS_setresgid, user.gid, user.gid, user.gid) != 0)
        give_up(of.failure, child_failure::group);
    if (::syscall(SYS_setresuid, user.uid, user.uid, user.uid) != 0)
        give_up(of.failure, child_failure::user);
}

// The signals of the daemon, ignored ones above all, would otherwise be the program's.
void reset_signals() {
    struct sigaction plain {};

    plain.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number)
        ::sigaction(number, &plain, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Only calls of signal-safety(7) from here to exec.
[[noreturn]] void run_child(const child_view& of) {
    ::setsid();
    reset_signals();
    // Standard streams may themselves be among 0 to 2 in a daemon that was started without them.
    const int failure = ::fcntl(of.failure, F_DUPFD_CLOEXEC, 10);
    const int out = ::fcntl(of.out, F_DUPFD_CLOEXEC, 10);
    const int err = ::fcntl(of.err, F_DUPFD_CLOEXEC, 10);
    const int in = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (failure < 0 || out < 0 || err < 0 || in < 0)
        give_up(of.failure, child_failure::streams);
    auto told = of;
    told.failure = failure;
    if (in == 0)
        ::fcntl(in, F_SETFD, 0);
    if ((in != 0 && ::dup2(in, 0) < 0) || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0)
        give_up(failure, child_failure::streams);
    // Everything else goes now rather than at exec: a lock on the daemon's files must not live on in a child that takes
    // its time. An old kernel without the call leaves that to exec, and to close-on-exec.
    if (failure != failure_place && ::dup3(failure, failure_place, O_CLOEXEC) < 0)
        give_up(failure, child_failure::streams);
    told.failure = failure_place;
    ::syscall(SYS_close_range, static_cast<unsigned>(failure_place) + 1, ~0U, 0U);
    ::umask(022);
    become(told);
    if (::chdir(of.directory) != 0)
        give_up(failure_place, child_failure::directory);
    ::execve(of.program, of.argv, of.environment);
    give_up(failure_place, child_failure::program);
}

void end(pid_t child) {
    ::kill(child, SIGKILL);
    int ignored = 0;
    while (::waitpid(child, &ignored, 0) < 0 && errno == EINTR) {
    }
}

} // namespace

result<spawned> spawn(const child_plan& plan) {
    auto out = make_pipe();
    auto err = make_pipe();
    auto failure = make_pipe();
    if (!out || !err || !failure)
        return !out ? out.error() : !err ? err.error() : failure.error();
    auto argv = pointers(plan.argv);
    auto environment = pointers(plan.environment);
    const child_view view{plan.program.c_str(), argv.data(),        environment.data(), plan.directory.c_str(),
                          &plan.user,           out->writing.get(), err->writing.get(), failure->writing.get()};
    // Until the child has default handlers no handler of the daemon may run in it.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const auto child = ::fork();
    if (child == 0)
        run_child(view);
    const int why = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = why;
    if (child < 0)
        return spawn_error("fork");
    spawned made;
    made.pid = child;
    // Nobody else waits for this child, so its number is its own until it is waited for here.
    made.handle = owned_fd(static_cast<int>(::syscall(SYS_pidfd_open, child, 0U)));
    if (made.handle.get() < 0) {
        const auto failed = spawn_error("pidfd_open (Linux 5.3 or later is needed)");
        end(child);
        return failed;
    }
    for (const auto* each : {&out->reading, &err->reading, &failure->reading})
        ::fcntl(each->get(), F_SETFL, O_NONBLOCK);
    made.out = std::move(out->reading);
    made.err = std::move(err->reading);
    made.failure = std::move(failure->reading);
    return made;
}

error to_error(const child_failure& what, const child_plan& plan) {
    const std::string why = std::strerror(what.why);
    switch (what.where) {
    case child_failure::groups:
    case child_failure::group:
    case child_failure::user:
        return error("user_not_permitted", "the agent cannot become \"" + plan.user.name + "\": " + why +
                                               "; it needs CAP_SETUID and CAP_SETGID");
    case child_failure::directory:
        return error("directory_not_usable",
                     "\"" + plan.user.name + "\" cannot enter the directory " + plan.directory + ": " + why);
    case child_failure::program:
        return error(what.why == ENOENT ? "program_not_found" : "program_not_usable",
                     plan.program + " cannot be run as \"" + plan.user.name + "\": " + why);
    default:
        return error("spawn_failed", "the streams of the process cannot be set up: " + why, true);
    }
}

} // namespace ferrule::fleet::exec
