// Room on disks, also when one of them does not answer.
#include "fleet/host/disk_watch.hpp"
#include "fleet/host/sampler.hpp"

#include "base/json.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/scratch_folder.hpp"

using namespace ferrule;
using namespace ferrule::fleet::host;
using namespace std::chrono_literals;

namespace {

/// A file system whose server takes requests and answers none, where only this process sees it.
class silent_mount {
  public:
    explicit silent_mount(std::string at)
        : at_(std::move(at))
        , server_(::open("/dev/fuse", O_RDWR | O_CLOEXEC)) {
        REQUIRE(server_ >= 0);
        REQUIRE(::unshare(CLONE_NEWNS) == 0);
        REQUIRE(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
        const auto options = "fd=" + std::to_string(server_) + ",rootmode=40000,user_id=0,group_id=0";
        REQUIRE(::mount("/dev/silent", at_.c_str(), "fuse.silent", MS_NODEV, options.c_str()) == 0);
    }

    silent_mount(const silent_mount&) = delete;
    silent_mount& operator=(const silent_mount&) = delete;

    ~silent_mount() {
        ::close(server_); // whoever asks gets an error now
        ::umount2(at_.c_str(), MNT_DETACH);
    }

  private:
    const std::string at_;
    const int server_;
};

/// A folder that stands for a disk, and one where a file system is silent; with the list of both.
struct two_disks {
    test::scratch_folder folder;
    std::string good = (folder.path() / "good").string();
    std::string bad = (folder.path() / "bad").string();
    std::filesystem::path proc = folder.path() / "proc";

    two_disks() {
        std::filesystem::create_directories(good);
        std::filesystem::create_directories(bad);
        folder.write("proc/self/mounts",
                     "/dev/silent " + bad + " fuse.silent rw 0 0\n/dev/good " + good + " ext4 rw 0 0\n");
    }
};

/// Asks until the answer is as wanted; false if it does not become so.
bool comes(const std::function<bool()>& wanted) {
    for (const auto end = std::chrono::steady_clock::now() + 60s; std::chrono::steady_clock::now() < end;) {
        if (wanted())
            return true;
        std::this_thread::sleep_for(1ms);
    }
    return false;
}

} // namespace

TEST_CASE("room on the disks of this host is found") {
    disk_watch of("/proc/self/mounts");
    REQUIRE(comes([&] { return !of.look().rooms.empty(); }));
    for (const auto& [place, room] : of.look().rooms) {
        INFO(place);
        CHECK(room.total > 0);
        CHECK(room.available <= room.total);
    }
}

TEST_CASE("a file system that does not answer is named, and the others are measured on") {
    const two_disks disks;
    auto silent = std::make_unique<silent_mount>(disks.bad);
    disk_watch of(disks.proc / "self/mounts");
    disk_report seen;
    REQUIRE(comes([&] {
        seen = of.look();
        return !seen.unanswered.empty() && seen.rooms.contains(disks.good);
    }));
    CHECK(seen.unanswered == std::vector{disks.bad});
    CHECK(seen.rooms.size() == 1);
    silent.reset();
    CHECK(comes([&] { return of.look().unanswered.empty(); }));
}

TEST_CASE("a disk that is unmounted is told no more") {
    const two_disks disks;
    disk_watch of(disks.proc / "self/mounts");
    REQUIRE(comes([&] { return of.look().rooms.size() == 2; }));
    disks.folder.write("proc/self/mounts", "/dev/good " + disks.good + " ext4 rw 0 0\n");
    CHECK(comes([&] { return of.look().rooms.size() == 1; }));
}

TEST_CASE("a watch goes at once though a file system that it asks does not answer") {
    const two_disks disks;
    const silent_mount silent(disks.bad);
    disk_watch of(disks.proc / "self/mounts");
    REQUIRE(comes([&] { return !of.look().unanswered.empty(); }));
}

TEST_CASE("heartbeats go on though a file system does not answer, and say which") {
    const two_disks disks;
    const silent_mount silent(disks.bad);
    sampler of(base::system_clock(), disks.proc.string());
    base::json seen;
    REQUIRE(comes([&] {
        seen = of.sample();
        return seen.contains("disks_unanswered");
    }));
    CHECK(seen["disks_unanswered"] == base::json::array({disks.bad}));
    CHECK(comes([&] { return of.sample()["disks"].contains(disks.good); }));
}
