#include "fleet/exec/process_run.hpp"

#include <boost/asio/post.hpp>

#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

namespace ferrule::fleet::exec {

namespace {

constexpr std::size_t piece = std::size_t{16} * 1024;
constexpr int pieces_at_once = 8; // then others have their turn

// P_PIDFD of waitid(2); older headers do not name it.
constexpr auto by_handle = static_cast<idtype_t>(3);

} // namespace

process_run::process_run(asio::any_io_executor on, child_plan plan, run_limits limits, output_handler output,
                         end_handler ended)
    : on_(on)
    , plan_(std::move(plan))
    , limits_(limits)
    , output_(std::move(output))
    , ended_(std::move(ended))
    , out_(on, limits.output)
    , err_(on, limits.output)
    , exit_(on)
    , timer_(on) {}

void process_run::start() {
    auto made = spawn(plan_);
    if (!made)
        return fail(made.error());
    pid_ = made->pid;
    failure_ = std::move(made->failure);
    exit_.assign(made->handle.release());
    out_.from.assign(made->out.release());
    err_.from.assign(made->err.release());
    out_.open = err_.open = true;
    wait_for_exit();
    listen(output_stream::out);
    listen(output_stream::err);
    arm(limits_.timeout);
}

void process_run::fail(error why) {
    over_ = true;
    process_end end;
    end.why = process_end::cause::not_started;
    end.failed = std::move(why);
    asio::post(on_, [self = shared_from_this(), end = std::move(end)]() mutable { self->settle(std::move(end)); });
}

void process_run::listen(output_stream which) {
    at(which).from.async_wait(asio::posix::stream_descriptor::wait_read,
                              [self = shared_from_this(), which](const boost::system::error_code& failed) {
                                  if (!failed && !self->over_)
                                      self->read_some(which);
                              });
}

void process_run::tell(output_stream which, std::size_t offset, std::string_view text) {
    if (!text.empty() && output_)
        output_(which, offset, text);
}

void process_run::read_some(output_stream which) {
    auto& from = at(which);
    std::array<char, piece> buffer;
    const auto before = from.kept.text().size();
    bool ended = false;
    for (int i = 0; i < pieces_at_once; ++i) {
        const auto size = ::read(from.from.native_handle(), buffer.data(), buffer.size());
        if (size > 0) {
            from.kept.take({buffer.data(), static_cast<std::size_t>(size)});
            continue;
        }
        ended = size == 0 || (errno != EAGAIN && errno != EINTR);
        break;
    }
    if (ended)
        from.kept.finish();
    tell(which, before, std::string_view(from.kept.text()).substr(before));
    if (!ended)
        return listen(which);
    from.open = false;
    from.from.close();
    if (exited_ && !out_.open && !err_.open)
        finish(); // a stopped group, of which nobody is left to listen to
}

// What was printed before the end is in the pipe already; what somebody else prints now is not waited for.
void process_run::read_rest(output_stream which) {
    auto& from = at(which);
    if (!from.open)
        return;
    int waiting = 0;
    if (::ioctl(from.from.native_handle(), FIONREAD, &waiting) != 0)
        waiting = 0;
    const auto before = from.kept.text().size();
    std::array<char, piece> buffer;
    while (waiting > 0) {
        const auto wanted = std::min(buffer.size(), static_cast<std::size_t>(waiting));
        const auto size = ::read(from.from.native_handle(), buffer.data(), wanted);
        if (size <= 0)
            break;
        from.kept.take({buffer.data(), static_cast<std::size_t>(size)});
        waiting -= static_cast<int>(size);
    }
    from.kept.finish();
    tell(which, before, std::string_view(from.kept.text()).substr(before));
    from.open = false;
    from.from.close();
}

void process_run::arm(base::duration after) {
    timer_.expires_after(std::chrono::ceil<std::chrono::steady_clock::duration>(after));
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& failed) {
        if (!failed && !self->over_)
            self->on_timer();
    });
}

void process_run::on_timer() {
    if (why_ == process_end::cause::itself)
        return stop_group(process_end::cause::timeout);
    signal_group(SIGKILL);
    killed_ = true;
    if (exited_)
        finish();
}

void process_run::cancel() {
    if (pid_ > 0 && !over_ && !exited_ && why_ == process_end::cause::itself)
        stop_group(process_end::cause::cancel);
}

void process_run::abandon() {
    over_ = true;
    timer_.cancel();
    boost::system::error_code ignored;
    exit_.close(ignored);
    out_.from.close(ignored);
    err_.from.close(ignored);
    output_ = nullptr;
    ended_ = nullptr;
}

void process_run::stop_group(process_end::cause why) {
    why_ = why;
    signal_group(SIGTERM);
    signal_group(SIGCONT); // one that is stopped would not hear of it
    arm(limits_.grace);
}

void process_run::signal_group(int number) const {
    if (pid_ <= 0)
        return; // 0 and -1 are other processes than ours
    // A moment after the fork the group may not be there yet.
    if (::kill(-pid_, number) != 0 && errno == ESRCH)
        ::kill(pid_, number);
}

void process_run::wait_for_exit() {
    exit_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& failed) {
                         if (!failed && !self->over_)
                             self->on_exit();
                     });
}

void process_run::on_exit() {
    siginfo_t seen{};
    if (::waitid(by_handle, static_cast<id_t>(exit_.native_handle()), &seen, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        seen.si_pid == 0)
        return wait_for_exit();
    exited_ = true;
    // The rest of a group that was told to end has until the end of its grace.
    if (why_ == process_end::cause::itself || killed_ || (!out_.open && !err_.open))
        finish();
}

void process_run::finish() {
    over_ = true;
    timer_.cancel();
    if (why_ != process_end::cause::itself)
        signal_group(SIGKILL); // its number is still ours, because it has not been waited for
    read_rest(output_stream::out);
    read_rest(output_stream::err);
    siginfo_t seen{};
    ::waitid(by_handle, static_cast<id_t>(exit_.native_handle()), &seen, WEXITED | WNOHANG);
    exit_.close();
    process_end end;
    end.why = why_;
    if (seen.si_code == CLD_EXITED)
        end.exit_code = seen.si_status;
    else
        end.signal = seen.si_status;
    if (const auto failed = start_failure()) {
        end.why = process_end::cause::not_started;
        end.failed = to_error(*failed, plan_);
        end.exit_code.reset();
        end.signal.reset();
    }
    end.out = out_.kept.release();
    end.err = err_.kept.release();
    end.out_truncated = out_.kept.truncated();
    end.err_truncated = err_.kept.truncated();
    settle(std::move(end));
}

std::optional<child_failure> process_run::start_failure() const {
    child_failure told{};
    if (::read(failure_.get(), &told, sizeof told) != static_cast<ssize_t>(sizeof told))
        return std::nullopt;
    return told;
}

void process_run::settle(process_end end) {
    output_ = nullptr;
    if (const auto ended = std::exchange(ended_, nullptr))
        ended(std::move(end));
}

} // namespace ferrule::fleet::exec
