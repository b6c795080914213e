// The controller's end of a link whose other end is the test.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "fleet/link.hpp"

namespace ferrule::test {

/// Agents are those in `there`; what is sent to them lies in `sent`, unless `accepts` refuses it.
class scripted_link final : public fleet::agents_link {
  public:
    struct letter {
        std::string agent;
        std::string kind;
        base::json body;
    };

    void on_message(std::string kind, fleet::message_handler take) override { messages[kind] = std::move(take); }

    void on_delivery(std::string kind, fleet::delivery_handler take) override { deliveries[kind] = std::move(take); }

    void on_connected(std::function<void(const std::string&)> hear) override { connected.push_back(std::move(hear)); }

    void on_disconnected(std::function<void(const std::string&)> hear) override {
        disconnected.push_back(std::move(hear));
    }

    void offer(std::string) override {}

    bool send(const std::string& agent, std::string_view kind, std::string body) override {
        ++tries;
        if (!there.contains(agent) || !accepts())
            return false;
        sent.push_back({agent, std::string(kind), *base::parse_json(body)});
        return true;
    }

    [[nodiscard]] bool is_connected(const std::string& agent) const override { return there.contains(agent); }

    [[nodiscard]] bool has_feature(const std::string& agent, std::string_view) const override {
        return there.contains(agent);
    }

    /// The oldest letter that the test has not seen.
    letter next() {
        auto first = std::move(sent.front());
        sent.pop_front();
        return first;
    }

    void say(const std::string& agent, const std::string& kind, const std::string& body) {
        messages.at(kind)(agent, *base::parse_json(body));
    }

    void lose(const std::string& agent) {
        there.erase(agent);
        for (const auto& hear : disconnected)
            hear(agent);
    }

    std::set<std::string> there;
    std::function<bool()> accepts = [] { return true; };
    std::deque<letter> sent;
    std::size_t tries = 0;
    std::map<std::string, fleet::message_handler> messages;
    std::map<std::string, fleet::delivery_handler> deliveries;
    std::vector<std::function<void(const std::string&)>> connected;
    std::vector<std::function<void(const std::string&)>> disconnected;
};

} // namespace ferrule::test
