// Messages of the link of any contents, at both ends and in every phase: each ends in an action or in a reason, and
// what one end sends the other can read.
#include "base/json.hpp"
#include "base/strings.hpp"
#include "fleet/protocol/agent_side.hpp"
#include "fleet/protocol/controller_side.hpp"
#include "fleet/protocol/frame.hpp"
#include "fleet/traffic.hpp"

#include <cstdint>
#include <cstdlib>

using namespace ferrule;
using namespace ferrule::fleet::protocol;
using namespace std::chrono_literals;

namespace {

void must(bool holds) {
    if (!holds)
        std::abort();
}

class controller_end final : public controller_actions {
  public:
    void send(std::string text) override { must(read_frame(text).has_value()); }

    void ping() override {}

    void enrol(enrolment wanted) override { must(!wanted.token.empty() && !wanted.request.empty()); }

    void greeted(hello from) override {
        must(!from.boot_id.empty() && from.heartbeat >= 100ms && from.heartbeat <= 1h);
        must(hello_from(*base::parse_json(to_json(from))).has_value());
    }

    void heartbeat(const base::json& body) override {
        fleet::traffic seen;
        if (const auto network = body.find("network"); network != body.end())
            seen.take(*network, text_of(body, "host_boot_id"), base::steady_time(1h));
        must(fleet::traffic::from_record(seen.to_record()).to_record() == seen.to_record());
        must(seen.interfaces().size() <= 256);
    }

    void renew(std::string) override {}

    bool message(const std::string& kind, const base::json&) override { return kind == "known"; }

    bool delivery(const std::string& kind, const base::json&, std::uint64_t) override { return kind == "known"; }

    void end(std::string code, std::string reason) override {
        must(!code.empty() && !reason.empty());
        must(!ended);
        ended = true;
    }

    bool ended = false;
};

class agent_end final : public agent_actions {
  public:
    void send(std::string text) override { must(read_frame(text).has_value()); }

    void ping() override {}

    void welcomed(const welcome& by) override { must(by.version >= oldest_version && by.version <= newest_version); }

    void beat_due() override {}

    void acknowledged(std::uint64_t) override {}

    void rejected(std::uint64_t seq, const std::string&) override { must(seq != 0); }

    void renewed(const grant& what) override { must(!what.certificate.empty()); }

    void not_renewed(const farewell&) override {}

    bool message(const std::string& kind, const base::json&) override { return kind == "known"; }

    void end(const farewell& why) override {
        must(!why.code.empty() && why.retry_after <= 1h);
        must(!ended);
        ended = true;
    }

    bool ended = false;
};

} // namespace

// Each line is one message.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const base::steady_time now{1h};
    const controller_side::settings settings{"1", {}, 10s};
    for (const bool greeted : {false, true}) {
        controller_end controller;
        controller_side at(settings, controller, size % 8 != 0 || greeted, now);
        agent_end agent;
        agent_side of(agent, 10s, 5s, now);
        if (greeted) {
            at.received(R"({"kind":"hello","body":{"protocol":1,"boot_id":"b"}})", now);
            at.accept();
            of.received(R"({"kind":"welcome","body":{"protocol":1}})", now);
        }
        for (const auto line : base::split(text, '\n')) {
            at.received(line, now);
            at.accept();
            at.taken(1);
            of.received(line, now);
            static_cast<void>(enrolment_answer(line));
        }
        at.tick(now + 1h);
        of.tick(now + 1h);
        must(controller.ended && agent.ended);
    }
    return 0;
}
