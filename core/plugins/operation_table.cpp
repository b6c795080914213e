#include "plugins/operation_table.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::plugins {

namespace {

std::uint32_t index_of(frl_op op) noexcept {
    return static_cast<std::uint32_t>(op) - 1;
}

} // namespace

operation_table::~operation_table() {
    for (auto& each : chunks_)
        delete each.load();
}

operation_table::operation* operation_table::at(frl_op op) const noexcept {
    const auto index = index_of(op);
    if (index >= chunk_size * most_chunks)
        return nullptr;
    auto* const where = chunks_[index / chunk_size].load(std::memory_order_acquire);
    return where == nullptr ? nullptr : &(*where)[index % chunk_size];
}

frl_op operation_table::begin(op_waiter& waiter, std::string request, std::size_t output_limit, frl_session session,
                              bool opens) {
    std::uint32_t index = 0;
    {
        const std::lock_guard lock(free_mutex_);
        if (!free_.empty()) {
            index = free_.back();
            free_.pop_back();
        } else {
            if (made_ == chunk_size * most_chunks)
                return 0;
            index = made_++;
            if (index % chunk_size == 0) {
                chunks_[index / chunk_size].store(new chunk, std::memory_order_release);
                free_.reserve(made_ + chunk_size);
            }
        }
    }
    auto& mine = (*chunks_[index / chunk_size].load(std::memory_order_acquire))[index % chunk_size];
    const std::lock_guard lock(mine.mutex);
    mine.at = phase::running;
    mine.asked = end_reason::none;
    mine.begun = false;
    mine.truncated = false;
    mine.waiter = &waiter;
    mine.request = std::move(request);
    mine.emitted = 0;
    mine.limit = output_limit;
    mine.session = session;
    mine.opens = opens;
    mine.deadline_timer = 0;
    mine.grace_timer = 0;
    return (frl_op{mine.generation} << 32U) | (index + 1);
}

template <class T, class Use>
T operation_table::with(frl_op op, T otherwise, Use use) const {
    auto* const found = at(op);
    if (found == nullptr)
        return otherwise;
    const std::lock_guard lock(found->mutex);
    return is(*found, op) ? use(*found) : otherwise;
}

frl_str operation_table::request(frl_op op) {
    return with(op, frl_str{}, [](operation& found) { return frl_str{found.request.data(), found.request.size()}; });
}

frl_status operation_table::emit(frl_op op, std::string_view bytes) {
    return with(op, frl_status{FRL_STALE}, [bytes](operation& found) -> frl_status {
        if (found.at != phase::running)
            return FRL_STALE;
        const auto taken = std::min(bytes.size(), found.limit - found.emitted);
        if (taken != 0)
            found.waiter->emit(bytes.substr(0, taken));
        found.emitted += taken;
        if (taken == bytes.size())
            return FRL_OK;
        found.truncated = true;
        return FRL_LIMIT;
    });
}

// The place may be taken again at once, so whatever is needed of it is taken out before.
void operation_table::release(operation& which, std::unique_lock<std::mutex>& held, std::uint32_t index) {
    which.at = phase::idle;
    which.waiter = nullptr;
    which.request.clear();
    if (++which.generation == 0)
        which.generation = 1;
    held.unlock();
    const std::lock_guard lock(free_mutex_);
    free_.push_back(index);
}

operation_table::ending operation_table::complete(frl_op op, op_outcome outcome) {
    ending out;
    auto* const found = at(op);
    if (found == nullptr)
        return out;
    std::unique_lock lock(found->mutex);
    if (!is(*found, op) || found->at == phase::idle)
        return out;
    out.deadline_timer = found->deadline_timer;
    out.grace_timer = found->grace_timer;
    if (found->at == phase::abandoned) {
        out.what = completion::late;
        if (outcome.status == FRL_OK && found->opens)
            out.orphan = found->session;
    } else {
        out.what = completion::accepted;
        out.waiter = found->waiter;
        out.outcome = std::move(outcome);
        out.outcome.truncated = found->truncated;
        if (out.outcome.status != FRL_OK && !out.outcome.failure && found->asked != end_reason::none)
            out.outcome.asked = found->asked;
    }
    release(*found, lock, index_of(op));
    return out;
}

bool operation_table::abandon(frl_op op, error why) {
    auto* const found = at(op);
    if (found == nullptr)
        return false;
    op_waiter* waiter = nullptr;
    op_outcome outcome;
    {
        const std::lock_guard lock(found->mutex);
        if (!is(*found, op) || found->at != phase::running)
            return false;
        found->at = phase::abandoned;
        waiter = std::exchange(found->waiter, nullptr);
        outcome.truncated = found->truncated;
    }
    outcome.status = FRL_FAILED;
    outcome.failure = std::move(why);
    waiter->complete(std::move(outcome));
    return true;
}

turn operation_table::take_turn(frl_op op) {
    return with(op, turn::skip, [](operation& found) {
        if (found.at == phase::abandoned)
            return turn::let_go;
        if (found.at != phase::running || found.asked != end_reason::none)
            return turn::skip;
        found.begun = true;
        return turn::begin;
    });
}

wish operation_table::ask_end(frl_op op, end_reason why) {
    return with(op, wish::too_late, [why](operation& found) {
        if (found.at != phase::running || found.asked != end_reason::none)
            return wish::too_late;
        found.asked = why;
        return found.begun ? wish::told : wish::not_begun;
    });
}

end_reason operation_table::asked(frl_op op) {
    return with(op, end_reason::none, [](const operation& found) { return found.asked; });
}

bool operation_table::unwanted(frl_op op) {
    return with(op, true,
                [](const operation& found) { return found.at != phase::running || found.asked != end_reason::none; });
}

bool operation_table::running(frl_op op) {
    return with(op, false, [](const operation& found) { return found.at == phase::running; });
}

bool operation_table::attach_deadline(frl_op op, std::uint64_t timer) {
    return with(op, false, [timer](operation& found) {
        found.deadline_timer = timer;
        return found.at == phase::running;
    });
}

bool operation_table::attach_grace(frl_op op, std::uint64_t timer) {
    return with(op, false, [timer](operation& found) {
        found.grace_timer = timer;
        return found.at == phase::running;
    });
}

std::vector<frl_op> operation_table::all(frl_session session) {
    std::uint32_t made = 0;
    {
        const std::lock_guard lock(free_mutex_);
        made = made_;
    }
    std::vector<frl_op> out;
    for (std::uint32_t index = 0; index < made; ++index) {
        auto* const each = at(index + 1);
        const std::lock_guard lock(each->mutex);
        if (each->at == phase::running && (session == 0 || each->session == session))
            out.push_back((frl_op{each->generation} << 32U) | (index + 1));
    }
    return out;
}

} // namespace ferrule::plugins
