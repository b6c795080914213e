// SPDX-License-Identifier: Apache-2.0
#include "common/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace ferrule::probes {

namespace {

/// Levenshtein's distance: letters to insert, delete or replace.
std::size_t edits(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < from.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < to.size(); ++j) {
            const auto replaced = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
        }
    }
    return row.back();
}

} // namespace

std::string_view nearest(std::string_view word, std::span<const std::string> known) {
    std::string_view best;
    auto fewest = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const auto& each : known) {
        if (const auto distance = edits(word.substr(0, 64), each); distance < fewest) {
            fewest = distance;
            best = each;
        }
    }
    return best;
}

} // namespace ferrule::probes
