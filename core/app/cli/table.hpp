// Tables for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ferrule::app::cli {

/// The beginning of a line, at most so many code points.
std::string_view fitted(std::string_view line, std::size_t columns);

/// Collects rows and prints them with aligned columns, as wide as needed. Widths count code points, so accents do not
/// shift columns. Cells are made printable.
class table {
  public:
    explicit table(std::vector<std::string> header);
    void add(std::vector<std::string> row);

    [[nodiscard]] bool empty() const noexcept { return rows_.size() == 1; }

    /// To standard output.
    void print() const;
    [[nodiscard]] std::string text() const;

  private:
    std::vector<std::vector<std::string>> rows_;
};

} // namespace ferrule::app::cli
