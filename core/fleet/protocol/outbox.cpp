#include "fleet/protocol/outbox.hpp"

#include <algorithm>

namespace ferrule::fleet::protocol {

outbox::outbox(limits wanted)
    : limits_(wanted) {}

void outbox::restore(const std::vector<std::pair<std::uint64_t, std::size_t>>& left, std::uint64_t next) {
    next_ = std::max<std::uint64_t>(next, 1);
    for (const auto& [seq, size] : left) {
        entries_.push_back({seq, size, state::ready});
        bytes_ += size;
        next_ = std::max(next_, seq + 1);
    }
}

outbox::added outbox::add(std::size_t bytes) {
    added out;
    while (!entries_.empty() && bytes_ + bytes > limits_.bytes) {
        const auto oldest = entries_.front();
        if (oldest.what == state::being_written)
            break; // its writer is still to be answered; the excess is small
        out.dropped.push_back(oldest.seq);
        ++lost_;
        if (oldest.what == state::sent)
            doubtful_.insert(oldest.seq);
        forget(entries_.begin());
    }
    out.seq = next_++;
    entries_.push_back({out.seq, bytes, state::being_written});
    bytes_ += bytes;
    return out;
}

void outbox::kept(std::uint64_t seq) {
    if (const auto at = find(seq); at != entries_.end())
        at->what = state::ready;
}

void outbox::not_kept(std::uint64_t seq) {
    if (const auto at = find(seq); at != entries_.end())
        forget(at);
}

void outbox::connected() {
    connected_ = true;
    send_again();
}

void outbox::disconnected() {
    connected_ = false;
    doubtful_.clear();
    send_again();
}

std::optional<std::uint64_t> outbox::next(base::steady_time now) {
    if (!connected_)
        return std::nullopt;
    if (sent_ != 0 && now - waiting_since_ >= limits_.resend_after)
        send_again();
    if (cursor_ >= entries_.size() || entries_[cursor_].what != state::ready)
        return std::nullopt;
    auto& chosen = entries_[cursor_];
    if (sent_ >= limits_.window || (sent_ != 0 && sent_bytes_ + chosen.bytes > limits_.window_bytes))
        return std::nullopt;
    if (sent_ == 0)
        waiting_since_ = now;
    chosen.what = state::sent;
    ++sent_;
    sent_bytes_ += chosen.bytes;
    ++cursor_;
    return chosen.seq;
}

void outbox::not_sent(std::uint64_t seq) {
    const auto at = find(seq);
    if (at == entries_.end() || at->what != state::sent)
        return;
    // Those behind it come again as well, so that the order stays.
    for (auto each = at; each != entries_.end() && each->what == state::sent; ++each) {
        each->what = state::ready;
        --sent_;
        sent_bytes_ -= each->bytes;
    }
    cursor_ = static_cast<std::size_t>(at - entries_.begin());
}

std::vector<std::uint64_t> outbox::acknowledged(std::uint64_t seq, base::steady_time now) {
    std::vector<std::uint64_t> safe;
    while (!doubtful_.empty() && *doubtful_.begin() <= seq) {
        doubtful_.erase(doubtful_.begin());
        --lost_;
    }
    // Only what was sent: a number beyond it is none that this end has given out.
    while (!entries_.empty() && entries_.front().seq <= seq && entries_.front().what == state::sent) {
        safe.push_back(entries_.front().seq);
        forget(entries_.begin());
        waiting_since_ = now;
    }
    return safe;
}

bool outbox::rejected(std::uint64_t seq) {
    const auto at = find(seq);
    if (at == entries_.end() || at->what != state::sent)
        return false;
    ++lost_;
    forget(at);
    return true;
}

void outbox::told(std::uint64_t lost) {
    lost_ -= std::min(lost_, lost);
}

std::deque<outbox::entry>::iterator outbox::find(std::uint64_t seq) {
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), seq,
                                     [](const entry& each, std::uint64_t wanted) { return each.seq < wanted; });
    return at != entries_.end() && at->seq == seq ? at : entries_.end();
}

void outbox::forget(std::deque<entry>::iterator at) {
    bytes_ -= at->bytes;
    if (at->what == state::sent) {
        --sent_;
        sent_bytes_ -= at->bytes;
    }
    if (static_cast<std::size_t>(at - entries_.begin()) < cursor_)
        --cursor_;
    entries_.erase(at);
}

void outbox::send_again() {
    for (auto& each : entries_)
        if (each.what == state::sent)
            each.what = state::ready;
    sent_ = sent_bytes_ = cursor_ = 0;
}

} // namespace ferrule::fleet::protocol
