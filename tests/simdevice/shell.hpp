// A device's command line as a state machine: bytes in, bytes and pauses out.
#pragma once

#include "simdevice/journal.hpp"
#include "simdevice/line_input.hpp"
#include "simdevice/output_source.hpp"
#include "simdevice/program.hpp"

#include <deque>
#include <variant>

namespace ferrule::simdevice {

/// What the owner of a shell does after it has sent what `advance` produced.
struct shell_outcome {
    enum class what {
        input, ///< nothing to say until something is fed
        flush, ///< send this as a write of its own, then advance again
        wait,  ///< call `resume(wait_id)` after `pause`
        waiting,
        drop,
        reset,
        close, ///< the shell exited with `status`
    };
    what next = what::input;
    milliseconds pause{0};
    std::uint64_t wait_id = 0;
    int status = 0;
};

/// Who sits at this shell, and on what terminal.
struct shell_seat {
    std::uint64_t session = 0;
    std::string user;
    bool pty = false;
    std::size_t width = 80;
};

/// One shell or exec request. Sans I/O: no descriptor and no clock. One thread at a time.
/// The program, the state and the journal outlive it.
class shell {
  public:
    shell(const program& script, device_state& state, journal& record, shell_seat seat);

    /// Greets: motd, login dialog, prompt.
    void start();

    /// Runs a single command without echo and prompt, then exits with its status.
    void start_exec(const std::string& command);

    void feed(std::string_view bytes);

    /// Appends up to about `room` bytes to `out`.
    shell_outcome advance(std::string& out, std::size_t room);

    void resume(std::uint64_t wait_id);

  private:
    struct say_step {
        std::string text;
    };

    struct output_step {
        output_source source;
        std::size_t chunk = 0;
        milliseconds chunk_delay{0};
        bool paged = false;
        std::size_t lines_left = 0;
        bool at_pager = false;
    };

    struct pause_step {
        milliseconds length;
    };

    struct ask_step {
        const ask_spec* ask;
        int wrong = 0;
        bool asked = false;
    };

    struct apply_step {
        found_rule found;
    };

    struct end_step {
        ending how;
    };

    struct prompt_step {};

    using step = std::variant<say_step, output_step, pause_step, ask_step, apply_step, end_step, prompt_step>;
    using maybe_outcome = std::optional<shell_outcome>;

    maybe_outcome run(say_step& say, std::string& out, std::size_t end);
    maybe_outcome run(output_step& output, std::string& out, std::size_t end);
    maybe_outcome run(pause_step& pause, std::string& out, std::size_t end);
    maybe_outcome run(ask_step& ask, std::string& out, std::size_t end);
    maybe_outcome run(apply_step& apply, std::string& out, std::size_t end);
    maybe_outcome run(end_step& last, std::string& out, std::size_t end);
    maybe_outcome run(prompt_step& prompt, std::string& out, std::size_t end);

    bool read_command(std::string& out);
    bool read_reply(const ask_spec& ask, std::string& out, std::string& reply);
    bool answer_pager(output_step& output, std::string& out);
    void accept(const std::string& line);
    void queue(const std::string& command);
    void queue_finish();
    void apply_effect(const found_rule& found);
    void interrupt();
    maybe_outcome wait(milliseconds length);
    std::string filled(std::string_view text, const found_rule& found) const;
    std::string prompt_text() const;
    echo_style style() const;

    const program& program_;
    device_state& state_;
    journal& journal_;
    shell_seat seat_;
    line_input input_;
    std::deque<step> steps_;
    std::string mode_;
    std::string view_;
    std::optional<std::string> own_prompt_;
    pager_spec pager_;
    bool echo_ = true;
    bool interactive_ = true;
    bool hung_ = false;
    std::uint64_t commands_ = 0;
    int last_status_ = 0;
    std::uint64_t wait_id_ = 0;
    bool waiting_ = false;
};

} // namespace ferrule::simdevice
