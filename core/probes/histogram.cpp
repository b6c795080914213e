#include "probes/histogram.hpp"

#include "base/json.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace ferrule::probes {

namespace {

constexpr unsigned part_bits = 6;
constexpr std::uint64_t parts = std::uint64_t{1} << part_bits;
constexpr double nanoseconds_in_ms = 1e6;
constexpr double most_ms = 1e12; // in nanoseconds it is below 2^60

// Values below 64 have a bucket each; above, the six bits after the leading one say which of 64 parts.
std::uint16_t index_of(std::uint64_t value) noexcept {
    if (value < parts)
        return static_cast<std::uint16_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - part_bits;
    return static_cast<std::uint16_t>((std::uint64_t{shift} << part_bits) + (value >> shift));
}

constexpr std::uint16_t most_index = (60U << part_bits) + 2 * parts - 1;

// The middle of a bucket, in nanoseconds.
double middle_of(std::uint16_t index) noexcept {
    if (index < 2 * parts)
        return index;
    const unsigned shift = (index >> part_bits) - 1U;
    const auto least = std::uint64_t{index - (std::uint64_t{shift} << part_bits)} << shift;
    return static_cast<double>(least) + (std::ldexp(1.0, static_cast<int>(shift)) - 1) / 2;
}

} // namespace

void histogram::add(double milliseconds) {
    if (!(milliseconds <= most_ms))
        return;
    const auto nanoseconds = std::max(milliseconds, 0.0) * nanoseconds_in_ms;
    add(index_of(static_cast<std::uint64_t>(std::llround(nanoseconds))), 1);
}

void histogram::add(std::uint16_t index, std::uint64_t count) {
    const auto at = std::lower_bound(buckets_.begin(), buckets_.end(), index,
                                     [](const bucket& each, std::uint16_t wanted) { return each.first < wanted; });
    if (at != buckets_.end() && at->first == index)
        at->second += count;
    else
        buckets_.insert(at, {index, count});
    count_ += count;
}

void histogram::merge(const histogram& other) {
    if (&other == this) {
        merge(histogram(other));
        return;
    }
    std::vector<bucket> merged;
    merged.reserve(buckets_.size() + other.buckets_.size());
    auto mine = buckets_.begin();
    for (const auto& theirs : other.buckets_) {
        while (mine != buckets_.end() && mine->first < theirs.first)
            merged.push_back(*mine++);
        merged.push_back(theirs);
        if (mine != buckets_.end() && mine->first == theirs.first)
            merged.back().second += (mine++)->second;
    }
    merged.insert(merged.end(), mine, buckets_.end());
    buckets_ = std::move(merged);
    count_ += other.count_;
}

std::optional<double> histogram::quantile(double share) const noexcept {
    if (count_ == 0)
        return std::nullopt;
    constexpr double rounding = 1e-9; // 0.07 of 100 is 7 of them
    const auto wanted = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_) - rounding);
    const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
    std::uint64_t passed = 0;
    for (const auto& [index, count] : buckets_) {
        passed += count;
        if (passed >= rank)
            return middle_of(index) / nanoseconds_in_ms;
    }
    return middle_of(buckets_.back().first) / nanoseconds_in_ms;
}

base::json histogram::to_json() const {
    auto kept = base::json::array();
    for (const auto& [index, count] : buckets_)
        kept.push_back({index, count});
    return kept;
}

result<histogram> histogram::from_json(const base::json& kept) {
    const error corrupt("corrupt_record", "a histogram must be a list of pairs of a bucket and a count, in the order "
                                          "of the buckets");
    if (!kept.is_array())
        return corrupt;
    histogram read;
    for (const auto& each : kept) {
        const bool pair =
            each.is_array() && each.size() == 2 && each[0].is_number_unsigned() && each[1].is_number_unsigned();
        if (!pair)
            return corrupt;
        const auto index = each[0].get<std::uint64_t>();
        const auto count = each[1].get<std::uint64_t>();
        const bool rising = read.buckets_.empty() || index > read.buckets_.back().first;
        if (index > most_index || count == 0 || count > (UINT64_MAX >> 1U) - read.count_ || !rising)
            return corrupt;
        read.buckets_.emplace_back(static_cast<std::uint16_t>(index), count);
        read.count_ += count;
    }
    return read;
}

} // namespace ferrule::probes
