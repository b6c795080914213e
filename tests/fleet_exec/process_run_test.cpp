#include "fleet/exec/process_run.hpp"

#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include <catch2/catch.hpp>

#include <boost/asio/io_context.hpp>

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>
#include <poll.h>

#include <csignal>
#include <fstream>

using namespace ferrule;
using namespace ferrule::fleet::exec;
using namespace std::chrono_literals;
using cause = process_end::cause;

namespace {

child_plan shell(const std::string& line, const std::string& user = {}) {
    child_plan made;
    made.user = find_user(user).value();
    made.program = "/bin/sh";
    made.argv = {"/bin/sh", "-c", line};
    made.environment = clean_environment(made.user);
    made.directory = "/";
    return made;
}

struct outcome {
    process_end end;
    std::string out; ///< As it was told piece by piece.
    std::string err;
};

/// Runs it to its end on a loop of its own; `at_output` is called with what has come so far and the run.
outcome run(child_plan plan, run_limits limits = {60s, 2s, 1U << 20U},
            const std::function<void(const outcome&, process_run&)>& at_output = {}) {
    asio::io_context loop;
    outcome came;
    int ends = 0;
    std::shared_ptr<process_run> made;
    made = std::make_shared<process_run>(
        loop.get_executor(), std::move(plan), limits,
        [&](output_stream which, std::size_t offset, std::string_view text) {
            auto& told = which == output_stream::out ? came.out : came.err;
            CHECK(offset == told.size());
            told += text;
            if (at_output)
                at_output(came, *made);
        },
        [&](process_end end) {
            came.end = std::move(end);
            ++ends;
        });
    made->start();
    loop.run();
    CHECK(ends == 1);
    CHECK(came.out == came.end.out);
    CHECK(came.err == came.end.err);
    return came;
}

bool is_alive(pid_t process) {
    if (::kill(process, 0) != 0)
        return false;
    std::ifstream status("/proc/" + std::to_string(process) + "/stat"); // a zombie is dead
    std::string line;
    std::getline(status, line);
    const auto after = line.rfind(") ");
    return after != std::string::npos && line[after + 2] != 'Z';
}

/// Whether it is dead, or dies now: what was sent SIGKILL may take a moment.
bool dies(pid_t process) {
    const int handle = static_cast<int>(::syscall(SYS_pidfd_open, process, 0U));
    if (handle < 0)
        return true;
    pollfd end{handle, POLLIN, 0};
    const bool dead = ::poll(&end, 1, 10'000) == 1;
    ::close(handle);
    return dead;
}

/// Living or dead.
std::size_t children() {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        std::ifstream status(entry.path() / "stat");
        std::string line;
        std::getline(status, line);
        const auto after = line.rfind(") ");
        if (after != std::string::npos && std::stol(line.substr(after + 4)) == ::getpid())
            ++count;
    }
    return count;
}

} // namespace

TEST_CASE("a process's output and exit code are told") {
    const auto good = run(shell("echo out; echo err >&2"));
    CHECK(good.end.why == cause::itself);
    CHECK(good.end.exit_code == 0);
    CHECK_FALSE(good.end.signal);
    CHECK(good.end.out == "out\n");
    CHECK(good.end.err == "err\n");
    CHECK(run(shell("exit 7")).end.exit_code == 7);
    const auto killed = run(shell("kill -SEGV $$"));
    CHECK(killed.end.signal == SIGSEGV);
    CHECK_FALSE(killed.end.exit_code);
}

TEST_CASE("arguments reach the program as they are, without a shell between") {
    auto plan = shell("");
    plan.program = "/usr/bin/printf";
    plan.argv = {"/usr/bin/printf", "[%s]", "a b", "$HOME", "*", "'\"\n"};
    CHECK(run(plan).end.out == "[a b][$HOME][*]['\"\n]");
}

TEST_CASE("a process starts with nothing of the daemon's: input, environment, descriptors, signals") {
    ::setenv("FERRULE_TEST_SECRET", "swordfish", 1);
    const int leaked = ::open("/dev/null", O_RDONLY); // without close-on-exec

    struct sigaction before {};

    struct sigaction ignore {};

    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, &before);
    sigset_t blocked;
    sigset_t mask;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &mask);
    const auto seen = run(shell("cat; env | sort; umask; pwd"));
    auto plan = shell(""); // a shell has descriptors of its own, and blocks signals itself while it waits
    plan.program = "/usr/bin/ls";
    plan.argv = {plan.program, "/proc/self/fd"};
    const auto descriptors = run(plan).end.out;
    plan.program = "/usr/bin/grep";
    plan.argv = {plan.program, "-E", "SigBlk|SigIgn", "/proc/self/status"};
    const auto signals = run(plan).end.out;
    ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
    ::sigaction(SIGPIPE, &before, nullptr);
    ::close(leaked);
    CHECK(seen.end.out.find("swordfish") == std::string::npos);
    CHECK(seen.end.out.find("PATH=/usr/local/sbin:") != std::string::npos);
    CHECK(descriptors == "0\n1\n2\n3\n"); // the last is the folder that it lists
    CHECK(signals == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    CHECK(seen.end.out.find("0022\n/\n") != std::string::npos);
}

TEST_CASE("output is kept up to the limit and the process is not held up by the rest") {
    const auto much = run(shell("yes | head -c 3000000; echo end >&2"), {60s, 2s, 1000});
    CHECK(much.end.exit_code == 0);
    CHECK(much.end.out.size() == 1000);
    CHECK(much.end.out_truncated);
    CHECK(much.end.err == "end\n");
    CHECK_FALSE(much.end.err_truncated);
}

TEST_CASE("everything that was printed before the end is there, however much it is") {
    const auto much = run(shell("seq 1 100000"));
    CHECK(much.end.out.ends_with("99999\n100000\n"));
    CHECK(much.end.out.size() == 588'895);
}

TEST_CASE("a grandchild that keeps the pipe open does not hold up the end, and goes on") {
    const auto made = run(shell("sleep 100 & echo $!"));
    CHECK(made.end.why == cause::itself);
    CHECK(made.end.exit_code == 0);
    const auto grandchild = static_cast<pid_t>(std::stol(made.end.out));
    CHECK(is_alive(grandchild));
    ::kill(grandchild, SIGKILL);
}

TEST_CASE("a grandchild that prints for ever does not hold up the end") {
    const auto made = run(shell("yes & echo $! >&2; sleep 0.05"), {60s, 2s, 1000});
    CHECK(made.end.exit_code == 0);
    ::kill(static_cast<pid_t>(std::stol(made.end.err)), SIGKILL);
}

TEST_CASE("a timeout ends the process with all that it started") {
    const auto late = run(shell("sleep 100 & echo $!; sleep 100 & echo $!; wait"), {300ms, 5s, 1000});
    CHECK(late.end.why == cause::timeout);
    CHECK(late.end.signal == SIGTERM);
    std::istringstream lines(late.end.out);
    pid_t one = 0;
    for (int i = 0; i < 2; ++i) {
        REQUIRE(lines >> one);
        CHECK(dies(one));
    }
}

TEST_CASE("what ignores SIGTERM is ended with SIGKILL after the grace, its children as well") {
    const auto stubborn =
        run(shell("trap '' TERM; (trap '' TERM; sleep 100) & echo $!; sleep 100"), {200ms, 200ms, 1000});
    CHECK(stubborn.end.why == cause::timeout);
    CHECK(stubborn.end.signal == SIGKILL);
    CHECK(dies(static_cast<pid_t>(std::stol(stubborn.end.out))));
}

TEST_CASE("a child that outlives its parent's SIGTERM is ended as well") {
    // The shell goes at once; what it left ignores the signal and keeps the pipe.
    const auto left = run(shell("(trap '' TERM; sleep 100) & echo $!; wait"), {200ms, 300ms, 1000});
    CHECK(left.end.why == cause::timeout);
    CHECK(left.end.signal == SIGTERM);
    CHECK(dies(static_cast<pid_t>(std::stol(left.end.out))));
}

TEST_CASE("who left the group and keeps the pipe does not hold up the end of what was killed") {
    const auto late = run(shell("trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$; exec sleep 100' & sleep 100"),
                          {300ms, 200ms, 1000});
    CHECK(late.end.why == cause::timeout);
    CHECK(late.end.signal == SIGKILL);
    const auto stray = static_cast<pid_t>(std::stol(late.end.out));
    CHECK(is_alive(stray)); // it is in a group of its own
    ::kill(stray, SIGKILL);
}

TEST_CASE("a character that the end of output cuts off is told as broken") {
    CHECK(run(shell("printf 'a\\342\\202'")).end.out == "a\xEF\xBF\xBD");
}

TEST_CASE("a process that ends within its grace is told with what it printed then") {
    const auto polite = run(shell("trap 'echo bye; exit 3' TERM; echo on; while :; do sleep 0.01; done"),
                            {60s, 10s, 1000}, [](const outcome& so_far, process_run& self) {
                                if (so_far.out == "on\n")
                                    self.cancel();
                            });
    CHECK(polite.end.why == cause::cancel);
    CHECK(polite.end.exit_code == 3);
    CHECK(polite.end.out == "on\nbye\n");
}

TEST_CASE("a process that is stopped hears of its end") {
    const auto stopped = run(shell("kill -STOP $$; echo never"), {300ms, 10s, 1000});
    CHECK(stopped.end.why == cause::timeout);
    CHECK(stopped.end.signal == SIGTERM);
}

TEST_CASE("what cannot be started says why") {
    auto plan = shell("");
    plan.program = "/no/such/program";
    plan.argv = {plan.program};
    auto end = run(plan).end;
    CHECK(end.why == cause::not_started);
    REQUIRE(end.failed);
    CHECK(end.failed->code() == "program_not_found");
    CHECK(end.failed->message().find("/no/such/program") != std::string::npos);
    CHECK_FALSE(end.exit_code);

    plan.program = "/etc/passwd";
    end = run(plan).end;
    REQUIRE(end.failed);
    CHECK(end.failed->code() == "program_not_usable");

    plan = shell("true");
    plan.directory = "/no/such/folder";
    end = run(plan).end;
    REQUIRE(end.failed);
    CHECK(end.failed->code() == "directory_not_usable");
}

TEST_CASE("a process can run as another user, with that user's groups and nothing else") {
    if (::geteuid() != 0) {
        CHECK(find_user("root").error().code() == "user_not_permitted");
        return;
    }
    const auto seen =
        run(shell("id -u; id -un; id -G; grep -E '^(Uid|Gid):' /proc/self/status; cat /etc/shadow", "nobody"));
    CHECK(seen.end.exit_code == 1);
    CHECK(seen.end.out.starts_with("65534\nnobody\n65534\n"));
    CHECK(seen.end.out.find("Uid:\t65534\t65534\t65534\t65534\n") != std::string::npos);
    CHECK(seen.end.err.find("Permission denied") != std::string::npos);
}

TEST_CASE("a user that is not there is refused by name") {
    const auto none = find_user("no-such-user");
    REQUIRE_FALSE(none);
    CHECK(none.error().code() == "user_not_found");
    CHECK(none.error().message().find("no-such-user") != std::string::npos);
}

TEST_CASE("many processes at once leave neither zombies nor descriptors") {
    const auto descriptors = [] {
        return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                             std::filesystem::directory_iterator());
    };
    run(shell("true")); // what the first one brings along stays
    const auto before = descriptors();
    const auto children_before = children();
    {
        asio::io_context loop;
        int ended = 0;
        for (int i = 0; i < 200; ++i) {
            std::make_shared<process_run>(loop.get_executor(), shell("echo a"), run_limits{60s, 2s, 100}, nullptr,
                                          [&ended](const process_end& end) { ended += end.exit_code == 0 ? 1 : 0; })
                ->start();
        }
        loop.run();
        CHECK(ended == 200);
    }
    CHECK(descriptors() == before);
    CHECK(children() == children_before);
}

TEST_CASE("what has not been started cannot be cancelled, and nobody else is signalled in its place") {
    // In a child without rights, because a mistake here would signal the first process of the machine.
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        constexpr unsigned nobody = 65534;
        const bool plain = ::geteuid() != 0 || ::setresuid(nobody, nobody, nobody) == 0;
        asio::io_context loop;
        const auto waiting = std::make_shared<process_run>(loop.get_executor(), child_plan{}, run_limits{1s, 1ms, 1},
                                                           nullptr, [](const process_end&) {});
        if (plain)
            waiting->cancel();
        ::_exit(plain && loop.run() == 0 ? 0 : 1);
    }
    int status = 1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}
