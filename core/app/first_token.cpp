#include "app/first_token.hpp"

#include "base/log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace ferrule::app {

namespace {

result<void> write_private(const std::filesystem::path& file, std::string_view text) {
    ::unlink(file.c_str()); // one of an earlier life may have other rights
    const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const bool written =
        out >= 0 && ::write(out, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(out) == 0;
    const int why = errno;
    if (out >= 0)
        ::close(out);
    if (!written)
        return error("token_file", "cannot write " + file.string() + ": " + std::strerror(why));
    return ok();
}

} // namespace

asio::awaitable<result<void>> make_first_token(devices::tokens& known, std::filesystem::path data_dir) {
    if (!known.empty())
        co_return ok();
    const auto file = data_dir / "admin.token";
    auto fresh = co_await known.make("first", model::role::admin, std::nullopt);
    if (!fresh)
        co_return fresh.error();
    std::string line(fresh->text.reveal());
    line += '\n';
    auto written = write_private(file, line);
    base::wipe(line);
    if (!written) {
        // Without its text the token is of no use, and it would keep the next start from making another.
        co_await known.forget(fresh->entry->id);
        co_return written.error();
    }
    base::log::info("app", "made a first API token with the role admin", {{"file", file.string()}});
    co_return ok();
}

} // namespace ferrule::app
