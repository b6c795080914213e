// One process from its start to its end.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "fleet/exec/child_output.hpp"
#include "fleet/exec/spawn.hpp"

namespace ferrule::fleet::exec {

namespace asio = boost::asio;

enum class output_stream { out, err };

struct run_limits {
    base::duration timeout{};
    base::duration grace{}; ///< Between SIGTERM and SIGKILL.
    std::size_t output = 0; ///< Bytes kept of each stream.
};

/// How a process ended.
struct process_end {
    enum class cause { itself, timeout, cancel, not_started };
    cause why = cause::itself;
    std::optional<int> exit_code;
    std::optional<int> signal;
    std::optional<error> failed; ///< Set when it was not started.
    std::string out;
    std::string err;
    bool out_truncated = false;
    bool err_truncated = false;
};

/// Runs a process without a thread: its end comes from a pidfd, its output from non-blocking pipes, both on the loop.
///
/// It has ended when the program itself has: what it left running in the background goes on and is no longer listened
/// to, so that nobody who keeps a pipe open can hold it up. After a timeout or a cancellation everything in its process
/// group is ended: SIGTERM, and SIGKILL for what is left after the grace. The program is waited for only then, so that
/// its number cannot have become somebody else's.
///
/// All calls and callbacks on the executor, which must be a strand or a loop of one thread. It keeps itself alive until
/// it has ended, and then calls `ended` once.
class process_run : public std::enable_shared_from_this<process_run> {
  public:
    using output_handler = std::function<void(output_stream which, std::size_t offset, std::string_view text)>;
    using end_handler = std::function<void(process_end)>;

    process_run(asio::any_io_executor on, child_plan plan, run_limits limits, output_handler output, end_handler ended);

    void start();
    /// Ends it as a timeout would.
    void cancel();
    /// Lets go of it without ending it: nothing is called any more. For the end of the agent itself.
    void abandon();

  private:
    struct channel {
        channel(const asio::any_io_executor& on, std::size_t limit)
            : from(on)
            , kept(limit) {}

        asio::posix::stream_descriptor from;
        child_output kept;
        bool open = false;
    };

    void fail(error why);
    void listen(output_stream which);
    void read_some(output_stream which);
    void read_rest(output_stream which);
    void tell(output_stream which, std::size_t offset, std::string_view text);
    void arm(base::duration after);
    void on_timer();
    void stop_group(process_end::cause why);
    void signal_group(int number) const;
    void wait_for_exit();
    void on_exit();
    void finish();
    [[nodiscard]] std::optional<child_failure> start_failure() const;
    void settle(process_end end);

    [[nodiscard]] channel& at(output_stream which) noexcept { return which == output_stream::out ? out_ : err_; }

    asio::any_io_executor on_;
    child_plan plan_;
    run_limits limits_;
    output_handler output_;
    end_handler ended_;
    channel out_;
    channel err_;
    asio::posix::stream_descriptor exit_;
    asio::steady_timer timer_;
    owned_fd failure_;
    pid_t pid_ = -1;
    process_end::cause why_ = process_end::cause::itself;
    bool exited_ = false; ///< The program; it has not been waited for.
    bool killed_ = false; ///< SIGKILL was sent: nobody is waited for any more.
    bool over_ = false;
};

} // namespace ferrule::fleet::exec
