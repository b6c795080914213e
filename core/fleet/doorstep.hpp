// Connections that are nobody's yet.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ferrule::fleet {

/// One that has shaken hands and is not an agent's connection yet.
class visitor {
  public:
    enum class stage { silent, speaking, answered };

    virtual ~visitor() = default;

    /// What its certificate says; empty for a stranger, who showed none.
    [[nodiscard]] virtual const std::string& name() const noexcept = 0;
    /// Where it comes from, as text with its port.
    [[nodiscard]] virtual const std::string& address() const noexcept = 0;
    [[nodiscard]] virtual stage stands() const noexcept = 0;
};

using visitor_ptr = std::shared_ptr<visitor>;

/// Bounds those that have not greeted, so that nobody fills the memory or keeps those away who want to join. Of each
/// certificate there is one. Of strangers there are so many; for one more that comes the origin with most of them has
/// to make place: one that has had its answer, else its oldest that says nothing, else its oldest. One thread at a
/// time.
class doorstep {
  public:
    explicit doorstep(std::size_t most_strangers)
        : most_(most_strangers) {}

    /// Returns whom it displaces; null for nobody.
    visitor_ptr came(const visitor_ptr& who);
    /// It has greeted, or gone. False when it was displaced before.
    bool left(const visitor_ptr& who);

    [[nodiscard]] std::size_t size() const noexcept { return strangers_.size() + certified_.size(); }

  private:
    struct stranger {
        visitor_ptr who;
        std::string origin;
    };

    using place = std::vector<stranger>::iterator;

    place choose();

    const std::size_t most_;
    std::vector<stranger> strangers_; ///< As they came.
    std::map<std::string, visitor_ptr> certified_;
};

} // namespace ferrule::fleet
