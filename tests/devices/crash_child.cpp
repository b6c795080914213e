// Accepts jobs for some devices, says each id once it is accepted, and goes on until it is killed.
//
// crash_child DATA ROUND: the devices and what earlier rounds left are in DATA.
#include "devices/engine_rig.hpp"

#include <unistd.h>

#include <cstdio>

namespace {

using test::engine_rig;

constexpr int device_count = 6;

// Each third job is a change.
test::asio::awaitable<void> submit_for_ever(engine_rig& rig, std::string device, std::string round) {
    for (int i = 0;; ++i) {
        const bool change = i % 3 == 2;
        const auto text = device + " " + round + " " + std::to_string(i) + (change ? " change" : " look");
        const std::vector<std::string> commands{text};
        auto wanted = engine_rig::asking(device, commands);
        wanted.change = change;
        test::devices::submission by;
        const auto made = co_await rig.engine().submit(std::move(wanted), std::move(by));
        if (!made)
            throw std::runtime_error(made.error().message());
        const auto line = made->job->id + " " + text + "\n";
        if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
            ::_exit(2);
        if (i % 10 == 9)
            co_await rig.engine().wait(made->job->id, std::chrono::seconds(60));
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3)
        return 64;
    try {
        engine_rig rig({argv[1]});
        std::vector<std::future<void>> all;
        for (int d = 0; d < device_count; ++d)
            all.push_back(test::asio::co_spawn(rig.loop().make_strand(),
                                               submit_for_ever(rig, "d" + std::to_string(d), argv[2]),
                                               test::asio::use_future));
        for (auto& each : all)
            each.get();
    } catch (const std::exception& what) {
        std::fprintf(stderr, "crash_child: %s\n", what.what());
    }
    return 1;
}
