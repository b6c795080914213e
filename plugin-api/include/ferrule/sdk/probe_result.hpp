// SPDX-License-Identifier: Apache-2.0
// What a probe found.
#pragma once

#include <ferrule/sdk/json_writer.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace ferrule::sdk {

/// Where a probe of a target that is down came to its end.
enum class probe_phase { resolve, connect, tls, request, answer, local };

/// The outcome of one measurement: up or down, how long it took, and what else was measured.
class probe_result {
  public:
    using milliseconds = std::chrono::duration<double, std::milli>;

    /// The target answers as it should.
    static probe_result up(milliseconds took) { return probe_result(true, took); }

    /// The target does not answer as it should: a sentence for people, and the phase in which it failed.
    static probe_result down(std::string_view reason, probe_phase phase, milliseconds took) {
        probe_result made(false, took);
        made.text_.add("reason", reason).add("failed_phase", name(phase));
        return made;
    }

    probe_result& metric(std::string_view key, double value) {
        metrics_.add(key, value);
        return *this;
    }

    probe_result& label(std::string_view key, std::string_view value) {
        labels_.add(key, value);
        return *this;
    }

    probe_result& phase(std::string_view key, milliseconds took) {
        phases_.add(key, took.count());
        return *this;
    }

    [[nodiscard]] bool success() const noexcept { return success_; }

    /// The JSON that the operation completes with.
    [[nodiscard]] std::string json() const {
        json_object whole = text_;
        add_group(whole, "metrics", metrics_);
        add_group(whole, "labels", labels_);
        add_group(whole, "phases_ms", phases_);
        return whole.text();
    }

  private:
    probe_result(bool success, milliseconds took)
        : success_(success) {
        text_.add("success", success).add("duration_ms", took.count());
    }

    static std::string_view name(probe_phase phase) noexcept {
        switch (phase) {
        case probe_phase::resolve:
            return "resolve";
        case probe_phase::connect:
            return "connect";
        case probe_phase::tls:
            return "tls";
        case probe_phase::request:
            return "request";
        case probe_phase::answer:
            return "reply";
        case probe_phase::local:
            break;
        }
        return "local";
    }

    static void add_group(json_object& whole, std::string_view key, const json_object& group) {
        if (!group.empty()) {
            whole.add_json(key, group.text());
        }
    }

    json_object text_;
    json_object metrics_;
    json_object labels_;
    json_object phases_;
    bool success_;
};

} // namespace ferrule::sdk
