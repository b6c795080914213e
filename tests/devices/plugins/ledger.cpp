// A driver that keeps a ledger: every command that reaches it is a line of a file, written before it is answered. What
// was run, in which order and how often can be read there even after the process was killed.
//
// Options: path (the file), pause_ms (before the answer), lose_at (this command of a session ends with session_lost and
// is not carried out).
#include <ferrule/sdk.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <string>

namespace {

namespace sdk = ferrule::sdk;

class ledger_session final : public sdk::driver_session {
    sdk::task<sdk::reply> open(std::string_view target, sdk::call& /*c*/) override {
        const auto parsed = sdk::json::parse(target).value();
        if (const auto* options = parsed.find("options")) {
            path_ = options->text("path");
            pause_ = std::chrono::milliseconds(options->integer("pause_ms"));
            lose_at_ = options->integer("lose_at");
        }
        co_return sdk::done();
    }

    sdk::task<sdk::reply> exec(std::string_view request, sdk::call& c) override {
        const auto parsed = sdk::json::parse(request).value();
        if (++commands_ == lose_at_) {
            co_return sdk::reply(sdk::error("session_lost", "The connection was gone.", true));
        }
        if (!note(parsed.text("command"))) {
            co_return sdk::reply(sdk::error("ledger", "The ledger cannot be written.", false));
        }
        c.emit("done " + parsed.text("command") + "\n");
        if (pause_.count() > 0) {
            const auto how = co_await sdk::sleep_until(c.host().after(pause_));
            if (how == sdk::wait_status::cancelled) {
                co_return sdk::reply(sdk::error::cancelled());
            }
        }
        co_return sdk::done();
    }

    sdk::task<sdk::reply> keepalive(sdk::call& /*c*/) override { co_return sdk::done(); }

    sdk::task<sdk::reply> close(sdk::call& /*c*/) override { co_return sdk::done(); }

    [[nodiscard]] bool note(const std::string& line) const {
        if (path_.empty()) {
            return true;
        }
        const auto text = line + "\n";
        const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        const bool written = file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
        if (file >= 0) {
            ::close(file);
        }
        return written;
    }

    std::string path_;
    std::chrono::milliseconds pause_{0};
    std::int64_t lose_at_ = 0;
    std::int64_t commands_ = 0;
};

class ledger_driver final : public sdk::driver {
    std::unique_ptr<sdk::driver_session> make_session() override { return std::make_unique<ledger_session>(); }
};

} // namespace

FERRULE_PLUGIN("ledger", "1.0.0", "Writes down what it is told",
               ferrule::sdk::component_of<ledger_driver>("ledger", "A driver with a journal"));
