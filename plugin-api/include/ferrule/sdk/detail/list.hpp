// SPDX-License-Identifier: Apache-2.0
// An intrusive list whose members unlink themselves, so that waiting costs no allocation and dying while waiting is
// safe.
#pragma once

namespace ferrule::sdk::detail {

/// A place in at most one list of kind `Tag`. Leaves it when destroyed.
template <class Tag>
class hook {
  public:
    hook() noexcept = default;
    hook(const hook&) = delete;
    hook& operator=(const hook&) = delete;

    ~hook() { unlink(); }

    [[nodiscard]] bool linked() const noexcept { return next_ != this; }

    void unlink() noexcept {
        previous_->next_ = next_;
        next_->previous_ = previous_;
        next_ = previous_ = this;
    }

    /// Puts this in front of `position`, which makes it the last when `position` is the head.
    void link_before(hook& position) noexcept {
        unlink();
        previous_ = position.previous_;
        next_ = &position;
        previous_->next_ = this;
        position.previous_ = this;
    }

    [[nodiscard]] hook* next() const noexcept { return next_; }

  private:
    hook* next_ = this;
    hook* previous_ = this;
};

/// The list: a ring with one head. `T` derives from hook<Tag>.
template <class T, class Tag>
class list {
  public:
    [[nodiscard]] bool empty() const noexcept { return !head_.linked(); }

    void push_back(T& item) noexcept { static_cast<hook<Tag>&>(item).link_before(head_); }

    /// The first, or nullptr.
    [[nodiscard]] T* front() const noexcept { return empty() ? nullptr : static_cast<T*>(head_.next()); }

    T* pop_front() noexcept {
        T* first = front();
        if (first != nullptr) {
            static_cast<hook<Tag>*>(first)->unlink();
        }
        return first;
    }

    /// Calls `fn` for each; `fn` must not change the list.
    template <class Fn>
    void for_each(Fn fn) const {
        for (auto* at = head_.next(); at != &head_; at = at->next()) {
            fn(*static_cast<T*>(at));
        }
    }

    /// Moves every member to the end of `other`.
    void splice_to(list& other) noexcept {
        while (T* item = pop_front()) {
            other.push_back(*item);
        }
    }

  private:
    hook<Tag> head_;
};

} // namespace ferrule::sdk::detail
