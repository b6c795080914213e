// Output of many hosts at once, line by line.
#pragma once

#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace ferrule::app::cli {

/// Puts the name of the host before each line that it prints, and keeps a line together that comes in pieces. With an
/// empty name nothing is put before and nothing is held back. A line that grows beyond all measure is cut in two.
class command_output {
  public:
    /// Takes whole lines; `err` for those of the error stream.
    using sink = std::function<void(bool err, std::string_view text)>;

    explicit command_output(sink to);

    void take(const std::string& host, bool err, std::string_view text);
    /// What the host printed last without an end of line.
    void finish(const std::string& host);

  private:
    void line(const std::string& host, bool err, std::string_view text);

    sink to_;
    std::map<std::pair<std::string, bool>, std::string> begun_;
};

} // namespace ferrule::app::cli
