#include "devices/end_parts.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "runtime/spawn.hpp"

#include <optional>

namespace ferrule::devices {

end_parts::end_parts(runtime::io& loop, store::store& records, receiver receive, end_parts_limits limits)
    : loop_(loop)
    , disk_(records)
    , whole_(std::move(receive))
    , limits_(limits) {}

asio::awaitable<void> end_parts::stop(base::duration limit) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.clear(); // not acknowledged, so they come again
    }
    co_await gate_.drain(limit);
}

void end_parts::greeted(const std::string& agent, const std::vector<held_job>& held) {
    const std::lock_guard lock(mutex_);
    auto& of = agents_[agent];
    of.held.clear();
    for (const auto& each : held)
        of.held.emplace(each.which.id, each.which.run);
    of.seen.clear();
    of.missing.clear(); // a marker of an earlier greeting that still waits is to be acknowledged like any other
}

void end_parts::forget(const std::string& agent) {
    const std::lock_guard lock(mutex_);
    if (const auto at = agents_.find(agent);
        at != agents_.end() && at->second.pending == 0 && at->second.arriving.empty() && at->second.bytes == 0)
        agents_.erase(at);
}

void end_parts::take(const std::string& agent, const end_part& part, const base::json& body,
                     std::function<void()> taken) {
    auto text = base::dump(body);
    bool fits = true;
    {
        const std::lock_guard lock(mutex_);
        auto& of = agents_[agent];
        of.pending += part.last ? 1 : 0;
        const name which(part.which.id, part.which.run);
        of.seen.insert(which);
        fits = make_room(of, part, text.size());
        if (fits)
            ++of.arriving[which].unanswered;
    }
    if (!fits) {
        base::log::warn("devices", "an agent delivers more output than is kept: some is left out",
                        {{"job", part.which.id}, {"node", agent}});
        taken();
        return;
    }
    disk_.put(agent, part, std::move(text), [this, agent, part, taken = std::move(taken)](const result<void>& done) {
        kept(agent, part, done, taken);
    });
}

// A part that is there already is replaced.
bool end_parts::make_room(state& of, const end_part& part, std::size_t bytes) const {
    auto& here = of.taken[{part.which.id, part.which.run}];
    const auto at = here.parts.find(part.number);
    const auto before = at == here.parts.end() ? 0 : at->second;
    if (!part.last && (of.bytes - before + bytes > limits_.all || here.bytes - before + bytes > limits_.one))
        return false;
    here.parts[part.number] = bytes;
    here.bytes += bytes - before;
    of.bytes += bytes - before;
    return true;
}

void end_parts::free_room(state& of, const name& which) {
    const auto at = of.taken.find(which);
    if (at == of.taken.end())
        return;
    of.bytes -= at->second.bytes;
    of.taken.erase(at);
}

void end_parts::kept(const std::string& agent, const end_part& part, const result<void>& done,
                     const std::function<void()>& taken) {
    const name which(part.which.id, part.which.run);
    if (!done)
        failed(agent, part.which, part.number, done.error());
    int not_taken = part.last && !done ? 1 : 0; // they come again, behind what is missing
    std::optional<whole> complete;
    {
        const std::lock_guard lock(mutex_);
        auto& of = agents_[agent];
        auto& here = of.arriving[which];
        if (done)
            of.missing.erase({which, part.number});
        if (done && part.last) {
            not_taken += here.last ? 1 : 0;
            here.last.emplace(whole{agent, part.which, part.number + 1, taken});
        }
        if (--here.unanswered == 0) {
            const auto next = of.missing.lower_bound({which, 0});
            const bool all = next == of.missing.end() || next->first != which;
            if (here.last && all)
                complete = std::move(here.last);
            else
                not_taken += here.last ? 1 : 0;
            of.arriving.erase(which);
        }
    }
    if (done && !part.last)
        taken();
    for (; not_taken > 0; --not_taken)
        received(agent);
    if (!complete)
        return;
    if (auto pass = gate_.enter())
        queue(std::move(*complete), std::move(*pass));
}

void end_parts::queue(whole next, runtime::gate::pass pass) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(next));
        if (std::exchange(working_, true))
            return;
    }
    runtime::spawn(loop_.make_strand(), "devices", work(std::move(pass)));
}

// It is not acknowledged, so it comes again with all that came behind it.
void end_parts::failed(const std::string& agent, const attempt& which, std::size_t number, const error& why) {
    base::log::error("devices", "the end of a job cannot be kept; its node will repeat it",
                     {{"job", which.id}, {"node", agent}, {"why", why.message()}});
    const std::lock_guard lock(mutex_);
    agents_[agent].missing.emplace(name(which.id, which.run), number);
}

asio::awaitable<void> end_parts::work([[maybe_unused]] runtime::gate::pass pass) {
    for (;;) {
        std::optional<whole> next;
        {
            const std::lock_guard lock(mutex_);
            if (waiting_.empty()) {
                working_ = false;
                co_return;
            }
            next.emplace(std::move(waiting_.front()));
            waiting_.pop_front();
        }
        auto reading = disk_.read(next->agent, next->which, next->count);
        auto end = co_await std::move(reading);
        if (end) {
            std::function<void()> taken = [this, what = *next] { stored(what); };
            whole_(next->agent, *end, std::move(taken));
        } else {
            failed(next->agent, next->which, next->count - 1, end.error());
        }
        received(next->agent);
    }
}

void end_parts::stored(const whole& what) {
    disk_.remove(what.agent, what.which, what.count);
    {
        const std::lock_guard lock(mutex_);
        auto& of = agents_[what.agent];
        const name which(what.which.id, what.which.run);
        of.seen.erase(which);
        free_room(of, which);
    }
    what.taken();
}

void end_parts::received(const std::string& agent) {
    std::function<void()> then;
    {
        const std::lock_guard lock(mutex_);
        auto& of = agents_[agent];
        if (--of.pending > 0)
            return;
        then = std::exchange(of.when_caught_up, nullptr);
        if (!of.missing.empty())
            return;
    }
    if (then)
        then();
}

void end_parts::caught_up(const std::string& agent, std::function<void()> then) {
    auto pass = gate_.enter();
    const std::function<void()> go_on = [this, agent, then = std::move(then)] {
        then();
        if (auto inner = gate_.enter())
            runtime::spawn(loop_.make_strand(), "devices", tidy(agent, std::move(*inner)));
    };
    {
        const std::lock_guard lock(mutex_);
        auto& of = agents_[agent];
        if (!of.missing.empty() || !pass)
            return;
        if (of.pending > 0) {
            of.when_caught_up = [before = std::move(of.when_caught_up), go_on] {
                if (before)
                    before();
                go_on();
            };
            return;
        }
    }
    go_on();
}

// Parts of an attempt whose rest the agent has lost: it neither runs it, nor has kept more of it.
asio::awaitable<void> end_parts::tidy(std::string agent, [[maybe_unused]] runtime::gate::pass pass) {
    const auto there = co_await disk_.list(agent);
    if (!there)
        co_return;
    for (const auto& each : *there) {
        {
            const std::lock_guard lock(mutex_);
            auto& of = agents_[agent];
            const name which(each.which.id, each.which.run);
            if (of.held.contains(which) || of.seen.contains(which))
                continue;
            free_room(of, which);
        }
        disk_.remove(agent, each.which, each.number + 1);
    }
}

} // namespace ferrule::devices
