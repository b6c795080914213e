// SPDX-License-Identifier: Apache-2.0
// Blocking work from a coroutine, on the host's pool.
#pragma once

#include <ferrule/sdk/detail/answer_wait.hpp>

#include <type_traits>
#include <variant>

namespace ferrule::sdk {

namespace detail {

template <class Fn>
using offload_value =
    std::conditional_t<std::is_void_v<std::invoke_result_t<Fn&>>, std::monostate, std::invoke_result_t<Fn&>>;

/// The function and where its outcome goes; lives in the block, so that it outlives a coroutine that is destroyed
/// meanwhile.
template <class Fn>
struct offload_work {
    Fn fn;
    std::optional<offload_value<Fn>> value;
    std::exception_ptr failure;
};

} // namespace detail

/// Awaiter of offload.
template <class Fn>
class offload_wait final : public detail::answer_wait<detail::offload_value<Fn>, detail::offload_work<Fn>> {
    using base = detail::answer_wait<detail::offload_value<Fn>, detail::offload_work<Fn>>;
    using block = typename base::block;

  public:
    explicit offload_wait(Fn fn)
        : base(never, detail::offload_work<Fn>{std::move(fn), {}, {}}, false) {}

    std::invoke_result_t<Fn&> await_resume() {
        if (this->asked() != FRL_OK) {
            throw failure(error("busy", "The plugin's share of the blocking pool is full; try again later.", true));
        }
        auto& got = this->answer();
        if constexpr (!std::is_void_v<std::invoke_result_t<Fn&>>) {
            return std::move(*got);
        }
    }

  private:
    frl_status ask(block* arg) override {
        const auto& table = this->host().table();
        return this->host().require(table.run_blocking, "run_blocking")(table.ctx, &offload_wait::on_work,
                                                                        &offload_wait::on_done, arg);
    }

    static void on_work(void* arg) noexcept {
        auto& work = static_cast<block*>(arg)->extra;
        try {
            if constexpr (std::is_void_v<std::invoke_result_t<Fn&>>) {
                work.fn();
                work.value.emplace();
            } else {
                work.value.emplace(work.fn());
            }
        } catch (...) {
            work.failure = std::current_exception();
        }
    }

    static void on_done(void* arg) noexcept {
        base::arrived(arg, [](block& mine) -> detail::offload_value<Fn> {
            if (mine.extra.failure) {
                std::rethrow_exception(mine.extra.failure);
            }
            return std::move(*mine.extra.value);
        });
    }
};

/// Runs `fn` on the host's bounded pool and gives back what it returns or throws. A cancellation does not end this
/// wait, because the function goes on; let it watch call::cancelled() when it takes long. Capture by value: the
/// function may outlive the coroutine. Throws `failure` "busy" when the plugin's share of the pool is full. Name the
/// lambda on a line of its own before awaiting.
template <class Fn>
[[nodiscard]] offload_wait<std::decay_t<Fn>> offload(Fn&& fn) {
    return offload_wait<std::decay_t<Fn>>(std::forward<Fn>(fn));
}

} // namespace ferrule::sdk
