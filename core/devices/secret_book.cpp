#include "devices/secret_book.hpp"

#include "base/json.hpp"
#include "model/inventory_json.hpp"

namespace ferrule::devices {

secret_book::loan::loan(secret_book& book, std::string reference)
    : book_(&book)
    , reference_(std::move(reference)) {}

secret_book::loan::loan(loan&& other) noexcept
    : book_(std::exchange(other.book_, nullptr))
    , reference_(std::move(other.reference_)) {}

secret_book::loan::~loan() {
    if (book_ == nullptr)
        return;
    const std::lock_guard lock(book_->mutex_);
    book_->lent_.erase(reference_);
}

secret_book::loan secret_book::lend(std::shared_ptr<const model::credential> login) {
    const std::lock_guard lock(mutex_);
    auto reference = "loan-" + std::to_string(next_++);
    lent_.emplace(reference, std::move(login));
    return loan(*this, std::move(reference));
}

void secret_book::fetch(std::string_view, std::string reference, std::function<void(result<base::secret>)> done) {
    std::shared_ptr<const model::credential> login;
    {
        const std::lock_guard lock(mutex_);
        if (const auto at = lent_.find(reference); at != lent_.end())
            login = at->second;
    }
    if (!login) {
        done(error("secret_not_found", "the reference " + reference + " is not valid any more"));
        return;
    }
    auto value = model::to_secret_json(*login);
    auto text = base::dump(value);
    model::wipe(value);
    done(base::secret(std::move(text)));
}

} // namespace ferrule::devices
