#include "devices/remote_board.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::devices {

void remote_board::push(const entry_ptr& entry) {
    if (entry->how == model::strategy::pinned)
        lanes_[entry->at->key()].waiting.push_back(entry);
    else
        fifo_.push_back(entry);
}

void remote_board::push_front(const entry_ptr& entry) {
    if (entry->how == model::strategy::pinned)
        lanes_[entry->at->key()].waiting.push_front(entry);
    else
        fifo_.push_front(entry);
}

// Each pass over a queue is paid for by as many as it drops.
void remote_board::tidy(std::deque<entry_ptr>& queue, std::size_t& dead) {
    if (++dead < 16 || dead * 2 < queue.size())
        return;
    std::erase_if(queue, [this](const auto& each) { return table_.is_claimed(each); });
    dead = 0;
}

void remote_board::dropped(const entry_ptr& entry) {
    if (entry->how != model::strategy::pinned) {
        tidy(fifo_, fifo_dead_);
        return;
    }
    const auto at = lanes_.find(entry->at->key());
    if (at == lanes_.end())
        return;
    tidy(at->second.waiting, at->second.dead);
    retire(at);
}

void remote_board::adopt(const entry_ptr& entry, attempt which, bool change, std::string instance) {
    given made;
    made.entry = entry;
    made.which = std::move(which);
    made.change = change;
    made.at = stage::doubtful;
    made.instance = std::move(instance);
    made.broken = true;
    if (entry->how == model::strategy::pinned)
        ++lanes_[entry->at->key()].busy;
    else
        ++fifo_running_;
    given_.emplace(made.which.id, std::move(made));
}

void remote_board::take(std::deque<entry_ptr>& from, std::size_t& dead, std::vector<given>& into) {
    while (!from.empty()) {
        const auto first = from.front();
        const bool mine = table_.claim_durable(first);
        if (!mine && !table_.is_claimed(first))
            return; // not durable yet, and nothing may overtake it
        from.pop_front();
        if (!mine) {
            dead -= dead > 0 ? 1 : 0;
            continue;
        }
        const auto shown = table_.bare(first);
        given made;
        made.entry = first;
        made.which = {first->id, shown->restarts};
        made.change = shown->request.change;
        made.instance = instance_;
        given_.insert_or_assign(first->id, made);
        into.push_back(std::move(made));
        return;
    }
}

void remote_board::begin(lane& of, std::vector<given>& into) {
    if (of.busy > 0)
        return;
    const auto before = into.size();
    take(of.waiting, of.dead, into);
    of.busy += into.size() - before;
}

void remote_board::begin_fifo(std::vector<given>& into) {
    while (fifo_running_ < fifo_limit_) {
        const auto before = into.size();
        take(fifo_, fifo_dead_, into);
        if (into.size() == before)
            return;
        ++fifo_running_;
    }
}

std::vector<remote_board::given> remote_board::next(const entry_ptr& of) {
    std::vector<given> begun;
    if (!attached_)
        return begun;
    if (of->how != model::strategy::pinned) {
        begin_fifo(begun);
        return begun;
    }
    if (const auto at = lanes_.find(of->at->key()); at != lanes_.end()) {
        begin(at->second, begun);
        retire(at);
    }
    return begun;
}

std::vector<remote_board::given> remote_board::next() {
    std::vector<given> begun;
    if (!attached_)
        return begun;
    for (auto at = lanes_.begin(); at != lanes_.end();) {
        begin(at->second, begun);
        const auto here = at++;
        retire(here);
    }
    begin_fifo(begun);
    return begun;
}

remote_board::given* remote_board::find(const attempt& which) {
    const auto at = given_.find(which.id);
    return at == given_.end() || at->second.which != which ? nullptr : &at->second;
}

void remote_board::remove(const attempt& which) {
    const auto at = given_.find(which.id);
    if (at == given_.end() || at->second.which != which)
        return;
    const auto entry = at->second.entry;
    given_.erase(at);
    release(entry);
}

// The lane stays until next() has found that nothing waits in it.
void remote_board::release(const entry_ptr& entry) {
    if (entry->how != model::strategy::pinned)
        --fifo_running_;
    else if (const auto at = lanes_.find(entry->at->key()); at != lanes_.end())
        --at->second.busy;
}

void remote_board::retire(lanes::iterator at) {
    const auto& left = at->second;
    if (left.waiting.empty() && left.busy == 0 && left.sessions == 0)
        lanes_.erase(at);
}

std::vector<remote_board::given> remote_board::ready() const {
    std::vector<given> all;
    for (const auto& [id, each] : given_)
        if (each.at == stage::ready)
            all.push_back(each);
    return all;
}

std::vector<remote_board::given*> remote_board::to_cancel() {
    std::vector<given*> all;
    for (auto& [id, each] : given_)
        if (each.at == stage::sent && each.cancel)
            all.push_back(&each);
    return all;
}

remote_board::greeting remote_board::greet(const job_hello& hello) {
    detach();
    attached_ = true;
    instance_ = hello.instance;
    seq_ = hello.seq;
    fifo_limit_ = std::max<std::size_t>(1, hello.fifo);
    forget_sessions();
    for (const auto& each : hello.sessions)
        session_opened(each, true);
    greeting wanted;
    for (const auto& each : hello.jobs) {
        auto* const known = find(each.which);
        if (known == nullptr) {
            // A change that is given up goes on: half of it would be worse, and its end will tell what became of it.
            if (!each.change)
                wanted.cancel.push_back(each.which);
            continue;
        }
        known->at = stage::sent;
        if (std::exchange(known->cancel, false))
            wanted.cancel.push_back(each.which);
    }
    wanted.tell_again = ready();
    return wanted;
}

std::vector<remote_board::given> remote_board::caught_up(const std::string& instance, std::int64_t seq) {
    std::vector<given> lost;
    if (!attached_ || instance != instance_ || seq != seq_)
        return lost;
    for (auto& [id, each] : given_) {
        if (each.at != stage::doubtful)
            continue;
        if (each.instance != instance) {
            lost.push_back(each);
            continue;
        }
        each.at = stage::ready; // the same process would have named it or its end, so it never came, or that is lost
        each.again = true;
    }
    for (const auto& each : lost)
        remove(each.which);
    return lost;
}

void remote_board::detach() {
    attached_ = false;
    for (auto& [id, each] : given_) {
        if (each.at != stage::sent)
            continue;
        each.at = stage::doubtful;
        each.broken = true;
    }
}

remote_board::leftovers remote_board::give_up() {
    detach();
    leftovers left;
    for (auto& [id, each] : given_)
        (each.at == stage::doubtful ? left.may_have_run : left.never_began).push_back(std::move(each));
    given_.clear();
    for (auto& [key, each] : lanes_)
        left.waiting.insert(left.waiting.end(), each.waiting.begin(), each.waiting.end());
    left.waiting.insert(left.waiting.end(), fifo_.begin(), fifo_.end());
    std::erase_if(left.waiting, [this](const auto& each) { return table_.is_claimed(each); });
    lanes_.clear();
    sessions_.clear();
    fifo_.clear();
    fifo_dead_ = fifo_running_ = 0;
    return left;
}

void remote_board::session_opened(model::session_info session, bool pinned) {
    const auto key = key_of(session);
    const auto id = session.id;
    if (sessions_.try_emplace(id, std::move(session), pinned).second && pinned)
        ++lanes_[key].sessions;
}

void remote_board::session_closed(const std::string& id) {
    const auto at = sessions_.find(id);
    if (at == sessions_.end())
        return;
    const auto place = at->second.second ? lanes_.find(key_of(at->second.first)) : lanes_.end();
    sessions_.erase(at);
    if (place == lanes_.end())
        return;
    --place->second.sessions;
    retire(place);
}

void remote_board::forget_sessions() {
    std::vector<std::string> ids;
    ids.reserve(sessions_.size());
    for (const auto& [id, each] : sessions_)
        ids.push_back(id);
    for (const auto& id : ids)
        session_closed(id);
}

model::session_info* remote_board::find_session(const std::string& id) {
    const auto at = sessions_.find(id);
    return at == sessions_.end() ? nullptr : &at->second.first;
}

std::vector<model::session_info> remote_board::sessions() const {
    std::vector<model::session_info> all;
    all.reserve(sessions_.size());
    for (const auto& [id, each] : sessions_)
        all.push_back(each.first);
    return all;
}

} // namespace ferrule::devices
