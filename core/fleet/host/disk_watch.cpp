#include "fleet/host/disk_watch.hpp"

#include "fleet/host/proc.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace ferrule::fleet::host {

namespace {

constexpr std::size_t most_disks = 32;
constexpr int most_threads = 4;

std::optional<disk_room> ask(const std::string& place) {
    struct statvfs about {};

    if (::statvfs(place.c_str(), &about) != 0 || about.f_blocks == 0)
        return std::nullopt;
    return disk_room{about.f_blocks * std::uint64_t{about.f_frsize}, about.f_bavail * std::uint64_t{about.f_frsize}};
}

} // namespace

class disk_watch::answers {
  public:
    bool begin() {
        const std::lock_guard lock(mutex_);
        return threads_ < most_threads && ++threads_ > 0;
    }

    void ended() {
        const std::lock_guard lock(mutex_);
        --threads_;
    }

    // On a thread that may never come back from it.
    void measure(const std::vector<std::string>& places) {
        forget_others(places);
        for (const auto& place : places) {
            if (!asking(place))
                continue;
            const auto room = ask(place);
            answered(place, room);
        }
    }

    disk_report report() {
        const std::lock_guard lock(mutex_);
        disk_report out;
        for (const auto& [place, question] : asked_)
            if (const auto seen = open_before_.find(place); seen != open_before_.end() && seen->second == question)
                out.unanswered.push_back(place);
        for (const auto& place : out.unanswered)
            rooms_.erase(place);
        open_before_ = asked_;
        out.rooms = rooms_;
        return out;
    }

  private:
    void forget_others(const std::vector<std::string>& places) {
        const std::lock_guard lock(mutex_);
        std::erase_if(rooms_, [&](const auto& each) { return std::ranges::find(places, each.first) == places.end(); });
    }

    bool asking(const std::string& place) {
        const std::lock_guard lock(mutex_);
        return asked_.emplace(place, ++questions_).second;
    }

    void answered(const std::string& place, const std::optional<disk_room>& room) {
        const std::lock_guard lock(mutex_);
        asked_.erase(place);
        if (room)
            rooms_[place] = *room;
        else
            rooms_.erase(place);
    }

    std::mutex mutex_;
    std::map<std::string, disk_room> rooms_;
    std::map<std::string, std::uint64_t> asked_;       ///< Mount and number of the question that is open.
    std::map<std::string, std::uint64_t> open_before_; ///< The same at the look before.
    std::uint64_t questions_ = 0;
    int threads_ = 0;
};

disk_watch::disk_watch(std::string mounts)
    : mounts_(std::move(mounts))
    , answers_(std::make_shared<answers>()) {
    begin();
}

disk_report disk_watch::look() {
    auto found = answers_->report();
    begin();
    return found;
}

void disk_watch::begin() {
    if (!answers_->begin())
        return;
    auto work = [answers = answers_, mounts = mounts_] {
        std::ifstream in(mounts, std::ios::binary);
        auto places = parse_mounts(std::string(std::istreambuf_iterator<char>(in), {}));
        places.resize(std::min(places.size(), most_disks));
        answers->measure(places);
        answers->ended();
    };
    try {
        std::thread(std::move(work)).detach();
    } catch (const std::system_error&) { // the system has no thread left: the next look tries again
        answers_->ended();
    }
}

} // namespace ferrule::fleet::host
