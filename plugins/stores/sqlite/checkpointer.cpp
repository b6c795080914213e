// SPDX-License-Identifier: Apache-2.0
#include "checkpointer.hpp"

#include <pthread.h>

namespace ferrule::sqlite {

namespace {

int frames_in(database& on, std::uint32_t megabytes) {
    constexpr std::int64_t frame_header = 24;
    const auto frame = on.number("PRAGMA page_size", "read") + frame_header;
    return static_cast<int>(std::int64_t{megabytes} * 1024 * 1024 / frame);
}

} // namespace

checkpointer::checkpointer(const std::string& path, std::uint32_t wal_limit_mb, const sdk::host& host)
    : host_(host)
    , on_(path, database::access::write)
    , start_at_(frames_in(on_, wal_limit_mb) / 4)
    , limit_(frames_in(on_, wal_limit_mb))
    , next_limit_(limit_) {
    on_.run("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;", "open");
    thread_ = std::thread([this] { loop(); });
    ::pthread_setname_np(thread_.native_handle(), "sqlite-wal");
}

checkpointer::~checkpointer() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void checkpointer::committed(int frames) {
    if (frames < frames_)
        next_limit_ = limit_; // the log was started anew
    const bool crossed = frames / start_at_ != frames_ / start_at_;
    frames_ = frames;
    if (!crossed || frames < start_at_)
        return;
    {
        const std::lock_guard lock(mutex_);
        wanted_ = true;
    }
    wake_.notify_one();
}

void checkpointer::catch_up() {
    if (frames_ < next_limit_)
        return;
    fold();
    // A reader that holds an old snapshot keeps the log from being reused; do not try again for every commit.
    next_limit_ = frames_ + limit_ / 4;
}

bool checkpointer::quiet() const noexcept {
    return frames_ < next_limit_ && !busy_ && frames_ != folded_;
}

void checkpointer::loop() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return wanted_ || stopped_; });
        if (stopped_)
            return;
        wanted_ = false;
        lock.unlock();
        fold();
        lock.lock();
    }
}

void checkpointer::fold() {
    const std::lock_guard lock(folding_);
    busy_ = true;
    int in_log = 0;
    int folded = 0;
    const int code = sqlite3_wal_checkpoint_v2(on_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &folded);
    if (code == SQLITE_OK)
        folded_ = folded;
    busy_ = false;
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
        host_.warn("cannot fold the write-ahead log into the database; it grows until this succeeds",
                   {{"path", on_.path()}, {"reason", sqlite3_errmsg(on_.handle())}});
}

} // namespace ferrule::sqlite
