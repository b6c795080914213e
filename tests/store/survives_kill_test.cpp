#include "store/writer.hpp"

#include <catch2/catch.hpp>

#include <boost/asio/post.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <random>
#include <set>
#include <string>

#include "runtime/io.hpp"
#include "sqlite_backend.hpp"
#include "support/print_result.hpp"

using namespace ferrule;
using namespace ferrule::tests;

namespace {

constexpr int in_flight = 64;
constexpr int rounds = 12;

/// Keeps writing and says each key on the pipe once it is durable; ends by being killed.
class endless_writer {
  public:
    endless_writer(const std::string& path, const std::string& durability, int round, int pipe)
        : backend_(open_sqlite(path, durability))
        , writer_(*backend_, loop_.get_executor(), base::system_clock())
        , round_(round)
        , pipe_(pipe) {}

    [[noreturn]] void run() {
        for (int i = 0; i < in_flight; ++i)
            next();
        loop_.run();
        ::_exit(1);
    }

  private:
    void next() {
        const auto key = std::to_string(1000 + round_) + "-" + std::to_string(1000000 + number_++);
        writer_.write(job(key), [this, key](result<void> written) {
            const auto line = written ? key + "\n" : "failed: " + written.error().message() + "\n";
            if (::write(pipe_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
                ::_exit(2);
            next();
        });
    }

    runtime::io loop_;
    std::unique_ptr<store::backend> backend_;
    store::writer writer_;
    int round_;
    int number_ = 0;
    int pipe_;
};

/// One child's life: killed after a number of acknowledged keys, which are returned.
std::vector<std::string> write_until_killed(const std::string& path, const std::string& durability, int round,
                                            std::size_t enough) {
    std::array<int, 2> pipe{};
    REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        try {
            endless_writer(path, durability, round, pipe[1]).run();
        } catch (const std::exception& what) {
            const auto line = std::string("failed: ") + what.what() + "\n";
            ::_exit(::write(pipe[1], line.data(), line.size()) > 0 ? 3 : 4);
        }
    }
    ::close(pipe[1]);
    std::string said;
    std::array<char, 4096> buffer{};
    bool killed = false;
    for (ssize_t got = 0; (got = ::read(pipe[0], buffer.data(), buffer.size())) > 0;) {
        said.append(buffer.data(), static_cast<std::size_t>(got));
        if (!killed && static_cast<std::size_t>(std::count(said.begin(), said.end(), '\n')) >= enough) {
            killed = true;
            REQUIRE(::kill(child, SIGKILL) == 0);
        }
    }
    ::close(pipe[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    std::vector<std::string> keys;
    for (std::size_t at = 0, end = 0; (end = said.find('\n', at)) != std::string::npos; at = end + 1)
        keys.push_back(said.substr(at, end - at));
    INFO(said);
    REQUIRE(WIFSIGNALED(status));
    return keys;
}

} // namespace

TEST_CASE("every key that was acknowledged is there after kill -9, round after round") {
    const std::string durability = GENERATE("normal", "full");
    INFO(durability);
    const scratch_folder folder;
    const auto path = folder.file("a.db");
    std::minstd_rand chance(std::random_device{}());
    std::set<std::string> acknowledged;
    for (int round = 0; round < rounds; ++round) {
        for (auto& key : write_until_killed(path, durability, round, 1 + chance() % 400))
            acknowledged.insert(std::move(key));
        const auto reopened = open_sqlite(path, durability);
        store::query everything;
        everything.collection = "jobs";
        const auto rows = reopened->scan(everything);
        REQUIRE(rows.has_value());
        std::set<std::string> present;
        for (const auto& row : *rows)
            present.insert(row.key);
        std::vector<std::string> lost;
        std::set_difference(acknowledged.begin(), acknowledged.end(), present.begin(), present.end(),
                            std::back_inserter(lost));
        CHECK(lost.empty());
    }
    CHECK(acknowledged.size() >= rounds);
}
