// Times that a benchmark took, and what they say.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace ferrule::bench {

/// The value below which the given share of the samples lies; 0 without samples. Sorts them.
inline double quantile(std::vector<double>& samples, double share) {
    if (samples.empty())
        return 0;
    const auto at = static_cast<std::size_t>(share * static_cast<double>(samples.size() - 1) + 0.5);
    std::nth_element(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(at), samples.end());
    return samples[at];
}

} // namespace ferrule::bench
