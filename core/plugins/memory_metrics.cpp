#include "plugins/memory_metrics.hpp"

#include <algorithm>

namespace ferrule::plugins {

std::string memory_metrics::key_of(std::string_view name, const metric_labels& tags) {
    auto sorted = tags;
    std::sort(sorted.begin(), sorted.end());
    std::string out(name);
    for (const auto& [key, value] : sorted)
        out.append(1, '\0').append(key).append(1, '=').append(value);
    return out;
}

std::uint64_t memory_metrics::intern(metric_kind which, std::string_view name, std::string_view /*help*/,
                                     const metric_labels& tags) {
    const std::lock_guard lock(mutex_);
    auto key = key_of(name, tags);
    if (const auto found = handles_.find(key); found != handles_.end())
        return series_[found->second - 1].which == which ? found->second : 0;
    if (series_.size() >= most_)
        return 0;
    series_.push_back(series{which});
    handles_.emplace(std::move(key), series_.size());
    return series_.size();
}

void memory_metrics::add(std::uint64_t handle, double value) noexcept {
    const std::lock_guard lock(mutex_);
    if (handle == 0 || handle > series_.size())
        return;
    auto& which = series_[handle - 1];
    ++which.count;
    which.value = which.which == metric_kind::gauge ? value : which.value + value;
}

std::optional<double> memory_metrics::value(std::string_view name, const metric_labels& tags) const {
    const std::lock_guard lock(mutex_);
    const auto found = handles_.find(key_of(name, tags));
    if (found == handles_.end())
        return std::nullopt;
    return series_[found->second - 1].value;
}

} // namespace ferrule::plugins
