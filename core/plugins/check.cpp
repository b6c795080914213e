#include "plugins/check.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "plugins/check_report.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <unistd.h>

namespace ferrule::plugins {

namespace {

using base::json;
using clock_type = std::chrono::steady_clock;

/// Takes lines from the child until it closes its end or the time is over.
class listener {
  public:
    void take(std::string_view bytes) {
        text_ += bytes;
        for (auto end = text_.find('\n'); end != std::string::npos; end = text_.find('\n')) {
            line(text_.substr(0, end));
            text_.erase(0, end + 1);
        }
    }

    /// What was begun and has not ended.
    [[nodiscard]] const std::string& pending() const noexcept { return pending_; }

    std::vector<check_outcome> found;

  private:
    void line(const std::string& from) {
        const auto parsed = base::parse_json(from);
        if (!parsed || !parsed->is_object())
            return;
        if (parsed->contains("begin")) {
            pending_ = parsed->value("begin", "");
        } else {
            found.push_back({parsed->value("check", ""), parsed->value("ok", false), parsed->value("message", "")});
            pending_.clear();
        }
    }

    std::string text_;
    std::string pending_;
};

[[noreturn]] void be_the_child(int pipe, const std::filesystem::path& file, const check_settings& wanted) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // A crash is to end this process and nothing more, whatever the caller does about its own.
    for (const int each : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS})
        ::signal(each, SIG_DFL);
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    // The host's own complaints are part of the report.
    base::log::settings quiet;
    quiet.minimum = base::log::level::error;
    base::log::configure(quiet);
    check_report report(pipe);
    int status = 0;
    try {
        run_checks(file, wanted, report);
    } catch (const std::exception& what) {
        report.end(false, std::string("the check itself failed: ") + what.what());
        status = 1;
    }
    // Without running destructors of a process that holds somebody else's code.
    ::_exit(status);
}

/// False when the time is over.
bool listen(int pipe, listener& to, clock_type::time_point until) {
    char buffer[4096];
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock_type::now()).count();
        pollfd wait{pipe, POLLIN, 0};
        const int ready = left <= 0 ? 0 : ::poll(&wait, 1, static_cast<int>(left));
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return false;
        const auto got = ::read(pipe, buffer, sizeof(buffer));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return true;
        to.take({buffer, static_cast<std::size_t>(got)});
    }
}

check_outcome crashed(const std::string& step, int status) {
    std::string how = "ended the process with status " + std::to_string(WEXITSTATUS(status));
    if (WIFSIGNALED(status))
        how = std::string("crashed: ") + ::strsignal(WTERMSIG(status));
    return {step, false, "the plugin " + how};
}

} // namespace

void check_report::write(const std::string& line) const {
    for (std::size_t done = 0; done < line.size();) {
        const auto wrote = ::write(pipe_, line.data() + done, line.size() - done);
        if (wrote > 0)
            done += static_cast<std::size_t>(wrote);
        else if (errno != EINTR)
            return;
    }
}

void check_report::begin(std::string_view check) {
    now_ = check;
    write(base::dump(json{{"begin", now_}}) + "\n");
}

void check_report::end(bool ok, std::string_view message) {
    good_ = good_ && ok;
    write(base::dump(json{{"check", now_}, {"ok", ok}, {"message", message}}) + "\n");
}

std::vector<check_outcome> check_plugin(const std::filesystem::path& file, const check_settings& wanted) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return {{"process", false, std::string("no pipe could be made: ") + std::strerror(errno)}};
    const auto child = ::fork();
    if (child < 0) {
        const int why = errno;
        ::close(ends[0]);
        ::close(ends[1]);
        return {{"process", false, std::string("no child process could be started: ") + std::strerror(why)}};
    }
    if (child == 0) {
        ::close(ends[0]);
        be_the_child(ends[1], file, wanted);
    }
    ::close(ends[1]);
    listener heard;
    const bool in_time = listen(ends[0], heard, clock_type::now() + wanted.limit);
    ::close(ends[0]);
    if (!in_time)
        ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    const auto step = heard.pending().empty() ? std::string("end") : heard.pending();
    if (!in_time)
        heard.found.push_back({step, false, "it did not end within " + base::to_text(wanted.limit)});
    else if (status != 0 || !heard.pending().empty())
        heard.found.push_back(crashed(step, status));
    return std::move(heard.found);
}

} // namespace ferrule::plugins
