#include "probes/phase.hpp"

#include <algorithm>

namespace ferrule::probes {

std::uint64_t stable_hash(std::initializer_list<std::string_view> parts) noexcept {
    constexpr std::uint64_t offset_basis = 0xcbf29ce484222325;
    constexpr std::uint64_t prime = 0x100000001b3;
    std::uint64_t hash = offset_basis;
    const auto take = [&hash](unsigned char byte) { hash = (hash ^ byte) * prime; };
    for (const auto part : parts) {
        for (const char each : part)
            take(static_cast<unsigned char>(each));
        take(0);
    }
    hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9;
    hash = (hash ^ (hash >> 27U)) * 0x94d049bb133111eb;
    return hash ^ (hash >> 31U);
}

base::duration phase_of(std::string_view check, std::string_view target, std::string_view node,
                        base::duration interval) noexcept {
    using std::chrono::milliseconds;
    const auto slots = std::max<std::int64_t>(std::chrono::floor<milliseconds>(interval).count(), 1);
    const auto slot = stable_hash({check, target, node}) % static_cast<std::uint64_t>(slots);
    return milliseconds(static_cast<std::int64_t>(slot));
}

} // namespace ferrule::probes
