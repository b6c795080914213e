// Hands credentials to plugins by reference.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "model/target.hpp"
#include "plugins/secret_source.hpp"

namespace ferrule::devices {

/// Lends credentials: each session gets references of its own, which mean nothing once the loan is over. A plugin
/// cannot reach a credential that it was not given. Thread-safe; must outlive its loans.
class secret_book final : public plugins::secret_source {
  public:
    /// Makes a reference valid for as long as it lives.
    class loan {
      public:
        loan(loan&& other) noexcept;
        loan& operator=(loan&&) = delete;
        loan(const loan&) = delete;
        loan& operator=(const loan&) = delete;
        ~loan();

        [[nodiscard]] const std::string& reference() const noexcept { return reference_; }

      private:
        friend class secret_book;
        loan(secret_book& book, std::string reference);
        secret_book* book_;
        std::string reference_;
    };

    [[nodiscard]] loan lend(std::shared_ptr<const model::credential> login);

    void fetch(std::string_view plugin, std::string reference, std::function<void(result<base::secret>)> done) override;

  private:
    std::mutex mutex_;
    std::unordered_map<std::string, std::shared_ptr<const model::credential>> lent_;
    std::uint64_t next_ = 1;
};

} // namespace ferrule::devices
