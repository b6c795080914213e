#include "ssh/bare_session.hpp"

#include <array>
#include <stdexcept>
#include <string_view>

namespace ferrule::bench {

namespace {

constexpr int patience_ms = 10'000;

bool ends_like_a_prompt(std::string_view shown) {
    const auto end = shown.find_last_not_of(' ');
    return end != std::string_view::npos && std::string_view("#>$%").find(shown[end]) != std::string_view::npos;
}

} // namespace

bare_session::bare_session(const login& to)
    : session_(ssh_new()) {
    const int on = 1;
    const bool no = false;
    ssh_options_set(session_, SSH_OPTIONS_PROCESS_CONFIG, &no);
    ssh_options_set(session_, SSH_OPTIONS_HOST, to.host.c_str());
    ssh_options_set(session_, SSH_OPTIONS_PORT, &to.port);
    ssh_options_set(session_, SSH_OPTIONS_USER, to.user.c_str());
    ssh_options_set(session_, SSH_OPTIONS_SSH_DIR, "/nonexistent");
    ssh_options_set(session_, SSH_OPTIONS_NODELAY, &on);
    check(ssh_connect(session_), "connect");
    check(ssh_userauth_password(session_, nullptr, to.password.c_str()), "log in");
    channel_ = ssh_channel_new(session_);
    check(ssh_channel_open_session(channel_), "open a channel");
    check(ssh_channel_request_pty_size(channel_, "vt100", 511, 1000), "get a terminal");
    check(ssh_channel_request_shell(channel_), "get a shell");
    learn_prompt();
}

bare_session::~bare_session() {
    if (channel_ != nullptr)
        ssh_channel_free(channel_);
    ssh_disconnect(session_);
    ssh_free(session_);
}

void bare_session::check(int outcome, const char* step) {
    if (outcome != SSH_OK)
        throw std::runtime_error(std::string("cannot ") + step + ": " + ssh_get_error(session_));
}

// The prompt is the last line, once it looks like one and a RETURN brings it back.
void bare_session::learn_prompt() {
    for (int tries = 0; tries < 10; ++tries) {
        output_.clear();
        while (!ends_like_a_prompt(output_))
            read_more();
        auto last = output_.substr(output_.find_last_of("\r\n") + 1);
        if (last == prompt_)
            return;
        prompt_ = std::move(last);
        check(ssh_channel_write(channel_, "\n", 1) == 1 ? SSH_OK : SSH_ERROR, "write");
    }
    throw std::runtime_error("the device shows no steady prompt");
}

void bare_session::read_more() {
    std::array<char, 4096> piece;
    const int got = ssh_channel_read_timeout(channel_, piece.data(), piece.size(), 0, patience_ms);
    if (got <= 0)
        throw std::runtime_error("the device says no more after: " + output_);
    output_.append(piece.data(), static_cast<std::size_t>(got));
}

const std::string& bare_session::run(const std::string& line) {
    const auto sent = line + "\n";
    output_.clear();
    if (ssh_channel_write(channel_, sent.data(), static_cast<std::uint32_t>(sent.size())) !=
        static_cast<int>(sent.size()))
        throw std::runtime_error("cannot write: " + std::string(ssh_get_error(session_)));
    const auto complete = [this] {
        const std::string_view all(output_);
        return all.ends_with(prompt_) && all.size() > prompt_.size() && all[all.size() - prompt_.size() - 1] == '\n';
    };
    while (!complete())
        read_more();
    return output_;
}

} // namespace ferrule::bench
