// SPDX-License-Identifier: Apache-2.0
#include "dns/settings.hpp"

#include "dns/codes.hpp"
#include "dns/wire.hpp"

#include <algorithm>

namespace ferrule::probes::dns {

namespace {

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return text;
}

void read_question(settings_reader& from, question& into) {
    if (const auto name = from.text("query_name"); !name.empty()) {
        auto encoded = encode_name(name);
        if (!encoded) {
            from.wrong("query_name",
                       "a domain name with labels of at most 63 bytes and 255 in all, not '" + name + "'");
        }
        into.name = std::move(*encoded);
    }
    if (const auto name = upper(from.text("query_type")); !name.empty()) {
        const auto number = type_number(name);
        if (!number) {
            from.wrong("query_type", "a type of record such as A, AAAA, MX or TYPE65280, not '" + name + "'");
        }
        into.type = *number;
    }
    if (const auto name = upper(from.text("query_class")); !name.empty()) {
        const auto number = class_number(name);
        if (!number) {
            from.wrong("query_class", "a class such as IN or CH, not '" + name + "'");
        }
        into.cls = *number;
    }
    into.recursion = from.flag("recursion_desired", into.recursion);
}

void read_rcodes(settings_reader& from, std::vector<std::uint16_t>& into) {
    if (from.find("valid_rcodes") == nullptr) {
        return;
    }
    into.clear();
    for (const auto& name : from.texts("valid_rcodes")) {
        const auto number = rcode_number(upper(name));
        if (!number) {
            from.wrong("valid_rcodes", "response codes such as NOERROR or NXDOMAIN; '" + name + "' is none");
        }
        into.push_back(*number);
    }
    if (into.empty()) {
        from.wrong("valid_rcodes", "at least one response code");
    }
}

transport transport_of(std::string_view name) {
    return name == "udp"   ? transport::udp
           : name == "tcp" ? transport::tcp
           : name == "tls" ? transport::tls
                           : transport::automatic;
}

settings read(settings_reader& from, settings base) {
    base.route.read(from);
    read_question(from, base.query);
    if (from.find("transport") != nullptr) {
        base.over = transport_of(from.choice("transport", "auto", {"auto", "udp", "tcp", "tls"}));
    }
    base.tls_config.read(from.object("tls_config"));
    read_rcodes(from, base.valid_rcodes);
    base.answer.read(from.object("validate_answer_rrs"));
    base.authority.read(from.object("validate_authority_rrs"));
    base.additional.read(from.object("validate_additional_rrs"));
    base.attempts = from.number("attempts", base.attempts, 1, 100);
    from.finish();
    return base;
}

} // namespace

settings read_config(std::string_view text) {
    const auto config = sdk::json::parse(text.empty() ? "{}" : text).value();
    settings_reader from(config, "", "invalid_config");
    settings fresh;
    fresh.query.type = type::a;
    fresh.query.cls = 1;
    return read(from, std::move(fresh));
}

settings read_target(const sdk::json& target, settings base) {
    settings_reader from(target, "", "invalid_target");
    host_of(from);
    port_of(from, base.default_port());
    auto made = read(from, std::move(base));
    if (made.query.name.empty()) {
        from.wrong("query_name", "given: the name that is asked for");
    }
    return made;
}

} // namespace ferrule::probes::dns
