#include "devices/finished_jobs.hpp"

namespace ferrule::devices {

namespace {

// Output is what makes jobs large; the rest is a guess.
std::size_t size_of(const model::job& kept) {
    constexpr std::size_t fixed = 1024;
    auto bytes = fixed;
    for (const auto& each : kept.results)
        bytes += sizeof(each) + 2 * each.command.size() + each.output.size();
    bytes += kept.request.config.size() * sizeof(std::string);
    for (const auto& line : kept.request.config)
        bytes += line.size();
    return bytes;
}

} // namespace

void finished_jobs::keep(const job_ptr& last) {
    jobs_.insert_or_assign(last->id, last);
    order_.emplace_back(last->id, size_of(*last));
    bytes_ += order_.back().second;
    while (!order_.empty() && (order_.size() > most_jobs_ || bytes_ > most_bytes_)) {
        bytes_ -= order_.front().second;
        jobs_.erase(order_.front().first);
        order_.pop_front();
    }
}

void finished_jobs::replace(const job_ptr& last) {
    if (!jobs_.contains(last->id))
        return;
    std::erase_if(order_, [this, &last](const auto& each) {
        if (each.first != last->id)
            return false;
        bytes_ -= each.second;
        return true;
    });
    keep(last);
}

job_ptr finished_jobs::find(std::string_view id) const {
    const auto at = jobs_.find(std::string(id));
    return at == jobs_.end() ? nullptr : at->second;
}

} // namespace ferrule::devices
