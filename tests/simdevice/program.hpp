// A device's script, checked and compiled: modes and the command table.
#pragma once

#include "simdevice/pattern.hpp"
#include "simdevice/spec.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ferrule::simdevice {

/// What all sessions of one device share and change while it runs. Any thread.
class device_state {
  public:
    device_state(std::string hostname, std::size_t rules)
        : hostname_(std::move(hostname))
        , uses_(rules) {}

    std::string hostname() const;
    void set_hostname(std::string name);

    /// Counts a use of a rule; false when it had been used `limit` times already (0: no limit).
    bool use(std::size_t rule, std::uint64_t limit);

  private:
    mutable std::mutex mutex_;
    std::string hostname_;
    std::vector<std::atomic<std::uint64_t>> uses_;
};

/// A command rule ready to run: line ends are CR LF, `spec.match` is compiled.
struct rule {
    command_spec spec;
    std::optional<pattern> line;
    std::size_t index = 0;
};

/// A rule that matches a command, with the groups of the match (0: the line; for a prefix 1: what follows it).
struct found_rule {
    const rule* what = nullptr;
    std::vector<std::string> groups;
};

/// Immutable once built, so that the sessions of a device share one. Building throws std::invalid_argument that
/// names the device and the mistake.
class program {
  public:
    explicit program(device_spec spec);

    const device_spec& spec() const { return spec_; }

    const mode_spec& mode(std::string_view name) const;

    const std::string& start_mode() const { return spec_.start_mode; }

    std::size_t rules() const { return rules_.size(); }

    bool exit_ends_connection() const { return exit_ends_connection_; }

    /// The first rule for a line that is not used up; counts its use.
    found_rule find(std::string_view mode, std::string_view line, device_state& state) const;

    bool has_exact(const std::string& line) const { return exact_.contains(line); }

    /// Whether `config_reject` refuses this line.
    bool rejects(std::string_view line) const;

  private:
    void adopt_flavour();
    void check() const;

    device_spec spec_;
    std::vector<mode_spec> modes_;
    std::vector<rule> rules_;
    std::unordered_map<std::string, std::vector<std::size_t>> exact_;
    std::vector<std::size_t> others_;
    std::vector<pattern> rejected_;
    bool exit_ends_connection_ = true;
};

} // namespace ferrule::simdevice
