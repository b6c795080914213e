#include "plugins/probe_plugin.hpp"

#include "runtime/spawn.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

namespace ferrule::plugins {

namespace {

/// One probe of a batch; lives until it has been told.
struct batch_item {
    batch_item(asio::any_io_executor on, std::shared_ptr<probe::batch_callback> call, std::size_t number)
        : waiter(std::move(on), {})
        , done(std::move(call))
        , index(number) {}

    op_waiter waiter;
    std::shared_ptr<probe::batch_callback> done;
    std::size_t index;
};

class set_probe final : public probe {
  public:
    explicit set_probe(std::shared_ptr<component_set> of)
        : set_(std::move(of)) {}

    [[nodiscard]] const std::string& name() const noexcept override { return set_->name(); }

    asio::awaitable<result<std::string>> run(std::string target, base::steady_time deadline) override {
        return run_on(set_, std::move(target), deadline);
    }

    void run_batch(std::vector<std::string> targets, base::steady_time deadline, asio::any_io_executor on,
                   batch_callback done) override {
        auto call = std::make_shared<batch_callback>(std::move(done));
        runtime::spawn(on, "plugins", batch_on(set_, std::move(targets), deadline, on, std::move(call)));
    }

  private:
    static asio::awaitable<result<std::string>> run_on(std::shared_ptr<component_set> set, std::string target,
                                                       base::steady_time deadline) {
        auto finding = component_set::current(set);
        auto found = co_await std::move(finding);
        if (!found)
            co_return found.error();
        // Bringing a plugin in cannot be cut short, so a cancellation of that time is asked for here.
        const auto asked = co_await asio::this_coro::cancellation_state;
        if (asked.cancelled() != asio::cancellation_type::none)
            co_return error("cancelled", "the probe was cancelled");
        auto running = instance::run(found->get(), probe_call(std::move(target), deadline), {});
        auto done = co_await std::move(running);
        if (!done)
            co_return done.error();
        co_return std::move(done->json);
    }

    static asio::awaitable<void> batch_on(std::shared_ptr<component_set> set, std::vector<std::string> targets,
                                          base::steady_time deadline, asio::any_io_executor on,
                                          std::shared_ptr<batch_callback> done) {
        auto finding = component_set::current(set);
        auto found = co_await std::move(finding);
        if (!found) {
            for (std::size_t i = 0; i < targets.size(); ++i)
                (*done)(i, found.error());
            co_return;
        }
        std::vector<instance::prepared> all;
        for (std::size_t i = 0; i < targets.size(); ++i) {
            auto* const mine = new batch_item(on, done, i);
            auto call = probe_call(std::move(targets[i]), deadline);
            const auto owner = found->get();
            mine->waiter.arm(resumption([mine, owner] {
                const std::unique_ptr<batch_item> held(mine);
                auto reply = owner->reply_of(held->waiter.outcome(), op_kind::probe);
                if (reply)
                    (*held->done)(held->index, std::move(reply->json));
                else
                    (*held->done)(held->index, reply.error());
            }));
            instance::prepared item;
            item.op = owner->prepare(mine->waiter, call);
            item.deadline = deadline;
            if (item.op == 0) {
                delete mine;
                const error full("overloaded", "too many probes of '" + set->name() + "' are running", true);
                asio::post(on, [done, i, full] { (*done)(i, full); });
                continue;
            }
            all.push_back(item);
        }
        found->get()->launch_batch(std::move(all));
    }

    static op_call probe_call(std::string target, base::steady_time deadline) {
        op_call call;
        call.which = op_kind::probe;
        call.request = std::move(target);
        call.deadline = deadline;
        return call;
    }

    const std::shared_ptr<component_set> set_;
};

} // namespace

std::shared_ptr<probe> make_probe(std::shared_ptr<component_set> of) {
    return std::make_shared<set_probe>(std::move(of));
}

} // namespace ferrule::plugins
