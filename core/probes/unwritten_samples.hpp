// What was measured and is not on disk yet.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace ferrule::probes {

/// Holds samples, as JSON text, until somebody takes them to write them down; bounded, so that a disk that takes
/// nothing does not fill the memory: then the oldest of a check go first. Not thread-safe.
class unwritten_samples {
  public:
    explicit unwritten_samples(std::size_t most_bytes)
        : most_(most_bytes) {}

    using by_check = std::map<std::string, std::vector<std::string>>;
    using waiting = std::vector<std::function<void()>>;

    struct load {
        by_check samples;
        waiting durable; ///< To be called once they are on disk.
        std::size_t count = 0;
    };

    void add(const std::string& check, std::string sample);

    void wait(std::function<void()> durable) { durable_.push_back(std::move(durable)); }

    /// So much waits for the disk that what somebody else can keep for longer had better stay there.
    [[nodiscard]] bool crowded() const noexcept { return bytes_ > most_ / 2 || durable_.size() >= most_waiting; }

    [[nodiscard]] bool empty() const noexcept { return count_ == 0 && durable_.empty(); }

    [[nodiscard]] load take();
    /// They could not be written: before all that has come since.
    void give_back(load unwritten);
    /// Samples that had to go since the last call.
    [[nodiscard]] std::size_t take_dropped() noexcept;

  private:
    static constexpr std::size_t most_waiting = 65'536;

    void shrink();

    const std::size_t most_;
    by_check samples_;
    waiting durable_;
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
    std::size_t dropped_ = 0;
};

} // namespace ferrule::probes
