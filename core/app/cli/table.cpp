#include "app/cli/table.hpp"

#include "app/cli/printable.hpp"

#include <algorithm>
#include <cstdio>

namespace ferrule::app::cli {

namespace {

bool begins_character(char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U;
}

std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

} // namespace

std::string_view fitted(std::string_view line, std::size_t columns) {
    std::size_t width = 0;
    for (std::size_t i = 0; i < line.size(); ++i)
        if (begins_character(line[i]) && ++width > columns)
            return line.substr(0, i);
    return line;
}

table::table(std::vector<std::string> header) {
    rows_.push_back(std::move(header));
}

void table::add(std::vector<std::string> row) {
    row.resize(rows_.front().size());
    for (auto& cell : row)
        cell = printable(cell);
    rows_.push_back(std::move(row));
}

std::string table::text() const {
    std::vector<std::size_t> widths(rows_.front().size(), 0);
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], width_of(row[i]));
    std::string all;
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            all += row[i];
            if (i + 1 < row.size())
                all.append(widths[i] - width_of(row[i]) + 2, ' ');
        }
        all += '\n';
    }
    return all;
}

void table::print() const {
    std::fputs(text().c_str(), stdout);
}

} // namespace ferrule::app::cli
