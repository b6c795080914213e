// SPDX-License-Identifier: Apache-2.0
#include "tcp/settings.hpp"

namespace ferrule::probes::tcp {

namespace {

step read_step(settings_reader& from) {
    step made;
    const auto pattern = from.text("expect");
    if (!pattern.empty()) {
        auto compiled = regex::compile(pattern, from.code());
        if (!compiled) {
            from.refuse("expect", compiled.error().message());
        }
        made.expect = *compiled;
    }
    made.whole_stream = from.choice("match", "line", {"line", "stream"}) == "stream";
    made.send = from.text("send");
    if (const auto raw = from.bytes("send_hex"); !raw.empty()) {
        if (!made.send.empty()) {
            from.refuse("send_hex", "stands beside 'send'; give one of them.");
        }
        made.send = raw;
        made.is_template = false;
    }
    made.starttls = from.flag("starttls", false);
    if (const auto* labels = from.find("labels")) {
        if (!labels->is_object()) {
            from.wrong("labels", "an object of texts");
        }
        for (const auto& name : labels->keys()) {
            const auto* value = labels->find(name);
            if (!value->is_text()) {
                from.wrong("labels." + name, "a text");
            }
            made.labels.emplace_back(name, value->as_text());
        }
    }
    from.finish();
    if (!made.expect && made.send.empty() && !made.starttls) {
        from.refuse("expect", "the step does nothing; give it 'expect', 'send' or 'starttls'.");
    }
    if (!made.labels.empty() && !made.expect) {
        from.refuse("labels", "only a step with 'expect' can have labels.");
    }
    return made;
}

void check_tls(const settings& all, const settings_reader& from) {
    int starts = all.tls ? 1 : 0;
    for (const auto& each : all.steps) {
        starts += each.starttls ? 1 : 0;
    }
    if (starts > 1) {
        from.refuse("steps", "TLS can begin once only, by 'tls' or by one step with 'starttls'.");
    }
}

settings read(settings_reader& from, settings base) {
    base.route.read(from);
    base.tls = from.flag("tls", base.tls);
    base.tls_config.read(from.object("tls_config"));
    if (from.find("steps") != nullptr) {
        base.steps.clear();
        for (auto& each : from.objects("steps")) {
            base.steps.push_back(read_step(each));
        }
    }
    base.max_bytes = static_cast<std::size_t>(
        from.number("max_bytes", static_cast<std::int64_t>(base.max_bytes), 1, 16 * 1024 * 1024));
    if (from.find("close") != nullptr) {
        const auto close = from.choice("close", "auto", {"auto", "reset", "orderly"});
        base.close = close == "auto"    ? closing_choice::automatic
                     : close == "reset" ? closing_choice::reset
                                        : closing_choice::orderly;
    }
    from.finish();
    check_tls(base, from);
    return base;
}

} // namespace

settings read_config(std::string_view text) {
    const auto config = sdk::json::parse(text.empty() ? "{}" : text).value();
    settings_reader from(config, "", "invalid_config");
    return read(from, {});
}

settings read_target(const sdk::json& target, settings base) {
    settings_reader from(target, "", "invalid_target");
    host_of(from);
    port_of(from);
    return read(from, std::move(base));
}

} // namespace ferrule::probes::tcp
