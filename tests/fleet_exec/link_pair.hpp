// A link between one controller and some agents within the process that treats messages badly: it drops, doubles,
// delays and reorders what is sent now or never, and cuts connections; what is delivered comes until it is
// acknowledged, also twice.
#pragma once

#include "base/json.hpp"
#include "fleet/agent_directory.hpp"
#include "fleet/link.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace test {

namespace asio = boost::asio;
namespace fleet = ferrule::fleet;
using ferrule::base::json;

/// How badly. Chances are of 1000.
struct manners {
    int drop = 0;
    int twice = 0;
    int delay = 0; ///< By up to `longest`.
    std::chrono::milliseconds longest{20};
};

/// Lives as long as the test; the ends come and go. All on one loop of one thread.
class network {
  public:
    network(asio::io_context& loop, manners wanted, unsigned seed)
        : loop_(loop)
        , manners_(wanted)
        , random_(seed) {}

    class controller_end final : public fleet::agents_link {
      public:
        explicit controller_end(network& over)
            : over_(over) {}

        void on_message(std::string kind, fleet::message_handler take) override { messages[kind] = std::move(take); }

        void on_delivery(std::string kind, fleet::delivery_handler take) override {
            deliveries[kind] = std::move(take);
        }

        void on_connected(std::function<void(const std::string&)> hear) override {
            connected.push_back(std::move(hear));
        }

        void on_disconnected(std::function<void(const std::string&)>) override {}

        void offer(std::string) override {}

        bool send(const std::string& agent, std::string_view kind, std::string body) override {
            return over_.to_agent(agent, kind, std::move(body));
        }

        [[nodiscard]] bool is_connected(const std::string& agent) const override { return over_.is_connected(agent); }

        [[nodiscard]] bool has_feature(const std::string& agent, std::string_view) const override {
            return over_.is_connected(agent);
        }

        std::map<std::string, fleet::message_handler> messages;
        std::map<std::string, fleet::delivery_handler> deliveries;
        std::vector<std::function<void(const std::string&)>> connected;

      private:
        network& over_;
    };

    class agent_end final : public fleet::controller_link {
      public:
        agent_end(network& over, std::string own)
            : name(std::move(own))
            , over_(over) {}

        void on_message(std::string kind, fleet::message_handler take) override { messages[kind] = std::move(take); }

        void on_connected(std::function<void(const std::string&)>) override {}

        void on_disconnected(std::function<void()>) override {}

        void offer(std::string) override {}

        bool send(std::string_view kind, std::string body) override {
            return over_.to_controller(name, kind, std::move(body));
        }

        [[nodiscard]] bool has_feature(std::string_view) const override { return true; }

        void on_lost(std::function<void()>) override {}

        void deliver(std::string_view kind, std::string body,
                     std::function<void(ferrule::result<void>)> kept) override {
            if (over_.disks_are_full) {
                asio::post(over_.loop_, [kept = std::move(kept)] {
                    kept(ferrule::error("disk_full", "there is no room on the disk", true));
                });
                return;
            }
            over_.spool(name, kind, std::move(body));
            asio::post(over_.loop_, [kept = std::move(kept)] { kept(ferrule::ok()); });
        }

        const std::string name;
        std::map<std::string, fleet::message_handler> messages;

      private:
        network& over_;
    };

    void attach(std::shared_ptr<controller_end> end) {
        controller_ = std::move(end);
        for (const auto& [name, agent] : agents_)
            greet(name);
    }

    void attach(const std::shared_ptr<agent_end>& end) {
        agents_[end->name] = end;
        greet(end->name);
    }

    void detach_controller() { controller_.reset(); }

    std::atomic<bool> disks_are_full = false; ///< Agents can keep nothing.

    void detach(const std::string& agent) { agents_.erase(agent); }

    /// The connection goes and comes back: what was under way is lost.
    void cut(const std::string& agent) {
        ++cuts_[agent];
        greet(agent);
    }

    [[nodiscard]] bool is_connected(const std::string& agent) const {
        return controller_ != nullptr && agents_.contains(agent);
    }

    /// From now on all goes well.
    void behave() { manners_ = manners{}; }

    /// The last order that passed, for those who copy it.
    json last_order;
    std::size_t orders = 0;

    /// Puts an order before an agent as if the controller had sent it.
    void inject(const std::string& agent, const json& body) {
        asio::post(loop_, [this, agent, body] { arrive_at_agent(agent, "command", body); });
    }

    /// Puts deliveries before the controller, all at once, as if the agent had made them; `done` once all are taken.
    void hand_in(const std::string& agent, const std::string& kind, std::vector<json> all, std::function<void()> done) {
        asio::post(loop_, [this, agent, kind, all = std::move(all), done = std::move(done)] {
            auto left = std::make_shared<std::size_t>(all.size());
            for (const auto& each : all)
                controller_->deliveries.at(kind)(agent, each, [this, left, done] {
                    asio::post(loop_, [left, done] {
                        if (--*left == 0)
                            done();
                    });
                });
        });
    }

  private:
    struct letter {
        std::string kind;
        json body;
        bool busy = false;
    };

    bool chance(int of_thousand) { return std::uniform_int_distribution<int>(0, 999)(random_) < of_thousand; }

    void greet(const std::string& agent) {
        asio::post(loop_, [this, agent] {
            if (!is_connected(agent))
                return;
            for (const auto& hear : controller_->connected)
                hear(agent);
            flush(agent);
        });
    }

    /// Runs it now, later, twice or never.
    void carry(const std::string& agent, std::function<void()> arrive) {
        if (chance(manners_.drop))
            return look_again(agent);
        const int times = chance(manners_.twice) ? 2 : 1;
        for (int i = 0; i < times; ++i) {
            auto guarded = [this, agent, arrive, era = cuts_[agent]] {
                if (cuts_[agent] == era)
                    arrive();
            };
            if (chance(manners_.delay)) {
                auto timer = std::make_shared<asio::steady_timer>(loop_);
                timer->expires_after(std::chrono::milliseconds(
                    std::uniform_int_distribution<std::int64_t>(0, manners_.longest.count())(random_)));
                timer->async_wait([timer, guarded](const auto&) { guarded(); });
            } else {
                asio::post(loop_, guarded);
            }
        }
    }

    /// What was delivered and not acknowledged comes again after a while.
    void look_again(const std::string& agent) {
        if (spools_[agent].empty())
            return;
        auto timer = std::make_shared<asio::steady_timer>(loop_);
        timer->expires_after(manners_.longest);
        timer->async_wait([this, timer, agent](const auto&) { flush(agent); });
    }

    bool to_agent(const std::string& agent, std::string_view kind, const std::string& body) {
        if (!is_connected(agent))
            return false;
        auto read = json::parse(body);
        last_order = read;
        ++orders;
        carry(agent, [this, agent, kind = std::string(kind), read] { arrive_at_agent(agent, kind, read); });
        return true;
    }

    void arrive_at_agent(const std::string& agent, const std::string& kind, const json& body) {
        const auto at = agents_.find(agent);
        if (at != agents_.end())
            at->second->messages.at(kind)("controller", body);
    }

    bool to_controller(const std::string& agent, std::string_view kind, const std::string& body) {
        if (!is_connected(agent))
            return false;
        carry(agent, [this, agent, kind = std::string(kind), read = json::parse(body)] {
            if (controller_)
                controller_->messages.at(kind)(agent, read);
        });
        return true;
    }

    void spool(const std::string& agent, std::string_view kind, const std::string& body) {
        spools_[agent].emplace(next_letter_++, letter{std::string(kind), json::parse(body)});
        flush(agent);
    }

    void flush(const std::string& agent) {
        if (!is_connected(agent))
            return;
        for (auto& [number, each] : spools_[agent])
            carry(agent, [this, agent, number = number] { hand_over(agent, number); });
    }

    void hand_over(const std::string& agent, std::uint64_t number) {
        const auto at = spools_[agent].find(number);
        if (!controller_ || at == spools_[agent].end())
            return;
        controller_->deliveries.at(at->second.kind)(agent, at->second.body, [this, agent, number] {
            asio::post(loop_, [this, agent, number] {
                if (!chance(manners_.drop))
                    spools_[agent].erase(number);
                else
                    look_again(agent); // the acknowledgement was lost
            });
        });
    }

    asio::io_context& loop_;
    manners manners_;
    std::mt19937 random_;
    std::shared_ptr<controller_end> controller_;
    std::map<std::string, std::shared_ptr<agent_end>> agents_;
    std::map<std::string, unsigned> cuts_;
    std::map<std::string, std::map<std::uint64_t, letter>> spools_;
    std::uint64_t next_letter_ = 0;
};

/// Agents that are simply there.
class fixed_directory final : public fleet::agent_directory {
  public:
    void add(const std::string& name, ferrule::model::labels tags = {}) {
        auto made = std::make_shared<ferrule::model::agent>();
        made->name = name;
        made->tags = std::move(tags);
        const std::lock_guard lock(mutex_);
        known_[name] = std::move(made);
    }

    void revoke(const std::string& name) {
        auto made = std::make_shared<ferrule::model::agent>(*find(name));
        made->state = ferrule::model::agent_state::revoked;
        const std::lock_guard lock(mutex_);
        known_[name] = std::move(made);
    }

    [[nodiscard]] std::vector<fleet::agent_ptr> list() const override {
        const std::lock_guard lock(mutex_);
        std::vector<fleet::agent_ptr> all;
        for (const auto& [name, each] : known_)
            all.push_back(each);
        return all;
    }

    [[nodiscard]] fleet::agent_ptr find(const std::string& name) const override {
        const std::lock_guard lock(mutex_);
        const auto at = known_.find(name);
        return at == known_.end() ? nullptr : at->second;
    }

  private:
    mutable std::mutex mutex_;
    std::map<std::string, fleet::agent_ptr> known_;
};

} // namespace test
