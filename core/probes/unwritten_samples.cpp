#include "probes/unwritten_samples.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ferrule::probes {

void unwritten_samples::add(const std::string& check, std::string sample) {
    bytes_ += sample.size();
    ++count_;
    samples_[check].push_back(std::move(sample));
    if (bytes_ > most_)
        shrink();
}

// A quarter at a time, so that a full buffer does not move its memory with each sample.
void unwritten_samples::shrink() {
    for (auto& [check, all] : samples_) {
        const auto gone = (all.size() + 3) / 4;
        for (std::size_t i = 0; i < gone; ++i)
            bytes_ -= all[i].size();
        all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(gone));
        count_ -= gone;
        dropped_ += gone;
    }
    std::erase_if(samples_, [](const auto& each) { return each.second.empty(); });
}

unwritten_samples::load unwritten_samples::take() {
    load all{std::exchange(samples_, {}), std::exchange(durable_, {}), count_};
    count_ = 0;
    bytes_ = 0;
    return all;
}

void unwritten_samples::give_back(load unwritten) {
    auto since = take();
    samples_ = std::move(unwritten.samples);
    durable_ = std::move(unwritten.durable);
    std::move(since.durable.begin(), since.durable.end(), std::back_inserter(durable_));
    for (auto& [check, all] : since.samples)
        std::move(all.begin(), all.end(), std::back_inserter(samples_[check]));
    for (const auto& [check, all] : samples_)
        for (const auto& each : all) {
            bytes_ += each.size();
            ++count_;
        }
    while (bytes_ > most_ && count_ != 0)
        shrink();
}

std::size_t unwritten_samples::take_dropped() noexcept {
    return std::exchange(dropped_, 0);
}

} // namespace ferrule::probes
