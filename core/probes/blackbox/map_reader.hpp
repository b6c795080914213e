// Reading the maps of a module file with exact complaints.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/problem.hpp"
#include "config/yaml/node.hpp"

namespace ferrule::probes::blackbox {

/// What is wrong with a file, and what blackbox_exporter can do and Ferrule cannot.
struct faults {
    config::problems wrong;
    config::problems beyond;
};

/// Reads one map of YAML. Each key that is asked for counts as known, a null counts as missing. What is wrong is noted
/// with its place, and reading goes on, so that one look tells all of it; what was wrong reads as missing. `finish`
/// notes keys that nobody asked for, with the nearest known one. The tree and the faults must outlive it.
class map_reader {
  public:
    /// A missing map reads as an empty one. `file` and `path` are for messages.
    map_reader(const config::yaml::node* from, std::string_view file, std::string path, faults& found);

    /// Whether it is there at all, and a map.
    [[nodiscard]] bool given() const noexcept { return from_ != nullptr; }

    const config::yaml::node* find(std::string_view key);

    std::optional<std::string> text(std::string_view key);
    /// As text, and one of these.
    std::optional<std::string> choice(std::string_view key, std::initializer_list<std::string_view> all);
    /// As YAML 1.1 writes them, `yes` and `off` included.
    std::optional<bool> flag(std::string_view key);
    std::optional<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most);
    std::vector<std::string> texts(std::string_view key);
    /// A map of texts, in the order of the file.
    std::vector<std::pair<std::string, std::string>> pairs(std::string_view key);

    /// This map's own members, each a list of texts.
    std::vector<std::pair<std::string, std::vector<std::string>>> lists();

    map_reader map(std::string_view key);
    /// Of the maps in a list.
    std::vector<map_reader> maps(std::string_view key);

    void complain(std::string_view key, std::string message);
    /// About the map itself.
    void complain(std::string message);
    /// About the item of a list.
    void complain(std::string_view key, std::size_t index, std::string message);
    void warn(std::string_view key, std::string message);
    /// What the value asks for is beyond us.
    void beyond(std::string_view key, std::string message);
    /// The key itself is, if it is there; `remedy` ends the sentence.
    void unsupported(std::string_view key, std::string_view remedy);
    void finish();

    [[nodiscard]] std::string place(std::string_view key) const;

  private:
    const config::yaml::node* scalar(std::string_view key);
    const config::yaml::node* list(std::string_view key);
    [[nodiscard]] config::position position_of(std::string_view key) const;

    const config::yaml::node* from_ = nullptr;
    config::position at_;
    std::string_view file_;
    std::string path_;
    faults* found_;
    std::vector<std::string> known_;
};

} // namespace ferrule::probes::blackbox
