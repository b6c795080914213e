// tcp, and icmp, which has hardly any.
#include "probes/blackbox/options.hpp"

#include "probes/blackbox/go_forms.hpp"

#include <algorithm>

namespace ferrule::probes::blackbox {

using base::json;

namespace {

bool is_label(const std::string& text) {
    return !text.empty() && !(text.front() >= '0' && text.front() <= '9') &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
           });
}

// Newer versions than the one of Debian 12 have labels; they become probe_expect_info.
void read_labels(map_reader& from, bool has_captures, json& step) {
    json labels = json::object();
    for (auto& each : from.maps("labels")) {
        const auto name = each.text("name");
        const auto value = each.text("value");
        each.finish();
        if (!name || !is_label(*name))
            each.complain("name", "expected the name of a label: letters, digits and underscores");
        else
            labels[*name] = template_of(value.value_or(""), true);
    }
    if (labels.empty())
        return;
    if (!has_captures)
        from.complain("labels", "only a step with expect can have labels");
    step["labels"] = std::move(labels);
}

json read_step(map_reader& from) {
    json step = json::object();
    const auto pattern = from.text("expect").value_or("");
    const auto text = from.text("send").value_or("");
    const bool starts = from.flag("starttls").value_or(false);
    if (!pattern.empty()) {
        if (auto fault = pattern_fault(pattern); !fault.empty())
            from.complain("expect", std::move(fault));
        step["expect"] = pcre_of(pattern);
    }
    if (!text.empty())
        step["send"] = template_of(text, !pattern.empty()) + "\n";
    if (starts)
        step["starttls"] = true;
    read_labels(from, !pattern.empty(), step);
    from.finish();
    return step;
}

} // namespace

void read_tcp(map_reader& from, section& to) {
    read_family(from, to);
    read_source(from, to);
    read_tls(from, to);
    const bool tls = from.flag("tls").value_or(false);
    to.settings["tls"] = tls;
    int starts = tls ? 1 : 0;
    json steps = json::array();
    for (auto& each : from.maps("query_response")) {
        auto step = read_step(each);
        if (step.contains("starttls") && ++starts > 1)
            each.complain("starttls", "TLS has begun already; it can begin once only");
        if (!step.empty()) // blackbox_exporter passes over a step that does nothing
            steps.push_back(std::move(step));
    }
    if (!steps.empty())
        to.settings["steps"] = std::move(steps);
    from.finish();
}

void read_icmp(map_reader& from, section& to) {
    to.settings["count"] = 1;
    constexpr std::int64_t cookie = 16;
    constexpr std::int64_t largest = 65507;
    read_family(from, to);
    read_source(from, to);
    if (from.flag("dont_fragment").value_or(false))
        to.settings["dont_fragment"] = true;
    const auto size = from.integer("payload_size", 0, largest);
    if (size && *size != 0) { // zero leaves it to the prober
        if (*size < cookie)
            from.beyond("payload_size", "Ferrule knows its packets by the first 16 bytes of their payload; give at "
                                        "least 16");
        to.settings["size"] = *size;
    }
    const auto hops = from.integer("ttl", 0, 255);
    if (hops && *hops != 0)
        to.settings["ttl"] = *hops;
    from.finish();
}

} // namespace ferrule::probes::blackbox
