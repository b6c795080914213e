#include "simdevice/journal.hpp"

namespace ferrule::simdevice {

std::uint64_t journal::connected() {
    const std::lock_guard lock(mutex_);
    const auto id = ++counters_.connections;
    ++counters_.connections_open;
    while (sessions_.size() >= sessions_kept && !sessions_.begin()->second.open) {
        sessions_.erase(sessions_.begin());
    }
    sessions_[id].id = id;
    changed_.notify_all();
    return id;
}

void journal::logged_in(std::uint64_t session, const std::string& user, const std::string& method) {
    const std::lock_guard lock(mutex_);
    auto& record = sessions_[session];
    record.user = user;
    record.method = method;
    ++counters_.logins;
    ++counters_.sessions_open;
    changed_.notify_all();
}

void journal::login_failed(std::uint64_t) {
    const std::lock_guard lock(mutex_);
    ++counters_.failed_logins;
    changed_.notify_all();
}

void journal::received(std::uint64_t session, entry_kind kind, std::string_view mode, std::string_view text) {
    const std::lock_guard lock(mutex_);
    if (kind != entry_kind::reply) {
        ++sessions_[session].commands;
        ++counters_.commands;
    }
    if (transcript_.size() < transcript_limit_) {
        transcript_.push_back({session, kind, std::string(mode), std::string(text)});
    }
    changed_.notify_all();
}

void journal::returned(std::uint64_t session) {
    const std::lock_guard lock(mutex_);
    ++sessions_[session].returns;
    ++counters_.returns;
    changed_.notify_all();
}

void journal::kept_alive(std::uint64_t session) {
    const std::lock_guard lock(mutex_);
    ++sessions_[session].keepalives;
    ++counters_.keepalives;
    changed_.notify_all();
}

void journal::forwarded() {
    const std::lock_guard lock(mutex_);
    ++counters_.forwards;
    changed_.notify_all();
}

void journal::ended(std::uint64_t session, const std::string& why) {
    const std::lock_guard lock(mutex_);
    auto& record = sessions_[session];
    record.open = false;
    record.end = why;
    --counters_.connections_open;
    if (!record.method.empty()) {
        --counters_.sessions_open;
    }
    changed_.notify_all();
}

std::vector<transcript_entry> journal::transcript() const {
    const std::lock_guard lock(mutex_);
    return transcript_;
}

std::vector<session_record> journal::sessions() const {
    const std::lock_guard lock(mutex_);
    std::vector<session_record> all;
    all.reserve(sessions_.size());
    for (const auto& [id, record] : sessions_) {
        all.push_back(record);
    }
    return all;
}

device_counters journal::counters() const {
    const std::lock_guard lock(mutex_);
    return counters_;
}

void journal::clear_transcript() {
    const std::lock_guard lock(mutex_);
    transcript_.clear();
}

bool journal::wait(const std::function<bool(const device_counters&)>& wanted, std::chrono::milliseconds limit) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return wanted(counters_); });
}

} // namespace ferrule::simdevice
