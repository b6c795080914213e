// A completion handler without its type.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace ferrule::plugins {

/// Holds a move-only function to be called once, small ones without an allocation: Asio's handler of a waiting
/// coroutine is a pointer. Asio 1.81 has no type of its own for that.
class resumption {
  public:
    resumption() = default;

    template <class F>

    requires(!std::is_same_v<std::remove_cvref_t<F>, resumption>) explicit resumption(F&& what) {
        using function = std::remove_cvref_t<F>;
        if constexpr (fits<function>) {
            ::new (static_cast<void*>(room_)) function(std::forward<F>(what));
            calls_ = &inline_calls<function>;
        } else {
            ::new (static_cast<void*>(room_))
                std::unique_ptr<function>(std::make_unique<function>(std::forward<F>(what)));
            calls_ = &heap_calls<function>;
        }
    }

    resumption(resumption&& other) noexcept { take(other); }

    resumption& operator=(resumption&& other) noexcept {
        if (this != &other) {
            reset();
            take(other);
        }
        return *this;
    }

    resumption(const resumption&) = delete;
    resumption& operator=(const resumption&) = delete;

    ~resumption() { reset(); }

    explicit operator bool() const noexcept { return calls_ != nullptr; }

    /// Calls and empties it; what was held is destroyed after the call.
    void operator()() {
        resumption mine(std::move(*this));
        mine.calls_->call(mine.room_);
    }

  private:
    struct calls {
        void (*call)(void*);
        void (*move)(void* from, void* to) noexcept;
        void (*destroy)(void*) noexcept;
    };

    static constexpr std::size_t space = 4 * sizeof(void*);

    template <class F>
    // NOLINTNEXTLINE(misc-redundant-expression): different for each F
    static constexpr bool fits = sizeof(F) <= space &&
                                 alignof(F) <= alignof(std::max_align_t) && std::is_nothrow_move_constructible_v<F>;

    template <class Held>
    static void relocate(void* from, void* to) noexcept {
        ::new (to) Held(std::move(*static_cast<Held*>(from)));
        static_cast<Held*>(from)->~Held();
    }

    template <class Held>
    static void end(void* at) noexcept {
        static_cast<Held*>(at)->~Held();
    }

    template <class F>
    static void call_inline(void* at) {
        (*static_cast<F*>(at))();
    }

    template <class F>
    static void call_heap(void* at) {
        (**static_cast<std::unique_ptr<F>*>(at))();
    }

    template <class F>
    static constexpr calls inline_calls{&call_inline<F>, &relocate<F>, &end<F>};
    template <class F>
    static constexpr calls heap_calls{&call_heap<F>, &relocate<std::unique_ptr<F>>, &end<std::unique_ptr<F>>};

    void take(resumption& other) noexcept {
        calls_ = std::exchange(other.calls_, nullptr);
        if (calls_ != nullptr)
            calls_->move(other.room_, room_);
    }

    void reset() noexcept {
        if (calls_ != nullptr)
            std::exchange(calls_, nullptr)->destroy(room_);
    }

    alignas(std::max_align_t) std::byte room_[space];
    const calls* calls_ = nullptr;
};

} // namespace ferrule::plugins
