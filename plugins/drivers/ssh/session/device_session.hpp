// SPDX-License-Identifier: Apache-2.0
// A logged-in conversation with one device: what the host knows as a session.
#pragma once

#include "ssh/reader/config_reader.hpp"
#include "ssh/reader/dialog.hpp"
#include "ssh/reader/prompt_reader.hpp"
#include "ssh/session/credential.hpp"
#include "ssh/session/exec_request.hpp"
#include "ssh/session/replies.hpp"
#include "ssh/session/services.hpp"
#include "ssh/session/shell.hpp"

#include <ferrule/sdk/driver.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::ssh {

/// One line that was sent and what came of it.
struct line_outcome {
    std::string output;
    std::optional<std::string> refusal;
    int exit_status = -1;
};

/// Where the output of a command goes while it runs.
class output_stream;

class device_session final : public sdk::driver_session {
  public:
    explicit device_session(std::shared_ptr<services> with);
    ~device_session() override;

    sdk::task<sdk::reply> open(std::string_view target, sdk::call& c) override;
    sdk::task<sdk::reply> exec(std::string_view request, sdk::call& c) override;
    sdk::task<sdk::reply> keepalive(sdk::call& c) override;
    sdk::task<sdk::reply> close(sdk::call& c) override;

  private:
    class busy_mark;

    // login.cpp
    sdk::task<sdk::result<void>> connect(struct target to);
    sdk::task<sdk::result<void>> log_in(const struct target& to);
    sdk::task<sdk::result<void>> first_prompt(nanoseconds patience);
    sdk::task<sdk::result<void>> set_own_prompt(nanoseconds patience);
    sdk::task<sdk::result<std::vector<credential>>> fetch_credentials(const struct target& to, sdk::time_ns deadline);
    void keep_secrets(std::vector<credential> logins);

    // conversation.cpp
    template <class Reader>
    sdk::task<sdk::result<void>> converse(Reader& reader, output_stream* to);
    sdk::task<sdk::result<line_outcome>> run_line(std::string line, const std::vector<question>& questions,
                                                  output::judge judge, nanoseconds idle);
    expectation expect(std::string typed, const std::vector<question>& questions, nanoseconds idle) const;
    void arm(std::vector<armed_question>& to, const std::vector<question>& questions, bool pager) const;
    void send_line(const expectation& wanted);
    sdk::task<> recover();
    sdk::error silence(const std::string& last, const std::string& typed, nanoseconds idle) const;
    sdk::error gone() const;
    [[nodiscard]] std::optional<sdk::error> unusable() const;

    // modes.cpp
    sdk::task<sdk::result<void>> enter_mode(std::string name, nanoseconds idle);
    sdk::task<sdk::result<void>> take_way(const dialogue& way, std::string to, nanoseconds idle);

    // exec.cpp
    sdk::task<sdk::reply> run_command(const exec_request& request, sdk::call& c);

    // config.cpp
    sdk::task<sdk::reply> run_config(const exec_request& request);
    sdk::task<sdk::result<void>> configure(const exec_request& request, config_log& log);
    sdk::task<sdk::result<void>> send_config(const exec_request& request, std::size_t window, config_log& log);
    sdk::task<sdk::result<void>> send_config_lines(const exec_request& request, std::size_t window, config_log& log);
    sdk::task<sdk::result<void>> send_config_window(const exec_request& request, std::size_t window, config_log& log);
    sdk::task<sdk::result<void>> commit(const exec_request& request, config_log& log);
    sdk::task<sdk::result<void>> leave_config(std::size_t home_mode, nanoseconds idle);
    sdk::task<sdk::result<void>> run_logged(std::string text, const std::vector<question>& questions,
                                            output::judge judge, nanoseconds idle, config_log& log);

    void start_keepalive();
    void on_keepalive_timer();
    static void on_change(void* arg);
    void on_idle_change();
    void rest();
    sdk::task<> tell_lost();

    std::shared_ptr<services> with_;
    std::shared_ptr<link> link_;
    std::unique_ptr<shell> shell_;
    std::unique_ptr<dialog> dialog_;
    std::unique_ptr<regex> prompt_override_;
    secret_text enable_{""};
    secret_text password_{""};
    bool has_enable_ = false;
    std::optional<sdk::timer> keepalive_;
    nanoseconds keepalive_interval_ = 0;
    bool busy_ = false;
    bool broken_ = false; ///< the device did not come back to a prompt
    bool lost_ = false;
    std::string where_;
};

} // namespace ferrule::ssh
