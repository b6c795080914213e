// SPDX-License-Identifier: Apache-2.0
#include "dns/message.hpp"

#include "dns/codes.hpp"
#include "dns/rdata.hpp"
#include "dns/wire.hpp"

#include <algorithm>

namespace ferrule::probes::dns {

namespace {

constexpr std::uint16_t flag_response = 0x8000;
constexpr std::uint16_t flag_authoritative = 0x0400;
constexpr std::uint16_t flag_truncated = 0x0200;
constexpr std::uint16_t flag_recursion = 0x0100;
constexpr std::size_t smallest_record = 11; // root, type, class, TTL, length

sdk::error malformed(std::string_view part) {
    return {"malformed_message", "the answer is malformed: its " + std::string(part)};
}

record read_record(wire_reader& from) {
    record out;
    out.name = from.name();
    out.type = from.u16();
    out.cls = from.u16();
    out.ttl = from.u32();
    auto data = from.part(from.u16());
    auto read = read_rdata(out.type, data);
    out.data = std::move(read.text);
    out.serial = read.serial;
    return out;
}

/// False when a record is cut or malformed.
bool read_section(wire_reader& from, std::size_t count, std::vector<record>& into) {
    into.reserve(std::min(count, from.left() / smallest_record));
    for (std::size_t i = 0; i < count; ++i) {
        auto next = read_record(from);
        if (from.broken()) {
            return false;
        }
        into.push_back(std::move(next));
    }
    return true;
}

bool equal_caseless(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

} // namespace

std::string record::text() const {
    return name + '\t' + std::to_string(ttl) + '\t' + class_name(cls) + '\t' + type_name(type) + '\t' + data;
}

std::string encode_query(const question& what, std::uint16_t id) {
    std::string out;
    put_u16(out, id);
    put_u16(out, what.recursion ? flag_recursion : std::uint16_t{0});
    put_u16(out, 1); // one question, no records
    out.append(6, '\0');
    out += what.name;
    put_u16(out, what.type);
    put_u16(out, what.cls);
    return out;
}

sdk::result<message> decode(std::string_view bytes) {
    wire_reader from(bytes);
    message out;
    out.id = from.u16();
    const auto flags = from.u16();
    out.response = (flags & flag_response) != 0;
    out.authoritative = (flags & flag_authoritative) != 0;
    out.truncated = (flags & flag_truncated) != 0;
    out.rcode = static_cast<std::uint16_t>(flags & 0xfu);
    const std::size_t questions = from.u16();
    const std::size_t answers = from.u16();
    const std::size_t authorities = from.u16();
    const std::size_t additionals = from.u16();
    if (from.broken()) {
        return malformed("header is cut (" + std::to_string(bytes.size()) + " bytes).");
    }
    for (std::size_t i = 0; i < questions; ++i) {
        out.asked_name = from.name();
        out.asked_type = from.u16();
        out.asked_class = from.u16();
        if (from.broken()) {
            return malformed("question is.");
        }
    }
    const bool whole = read_section(from, answers, out.answers) && read_section(from, authorities, out.authorities) &&
                       read_section(from, additionals, out.additionals);
    if (!whole && !out.truncated) {
        const auto read = out.answers.size() + out.authorities.size() + out.additionals.size();
        return malformed("record " + std::to_string(read + 1) + " of " +
                         std::to_string(answers + authorities + additionals) + " is cut or makes no sense.");
    }
    return out;
}

bool answers(const message& got, const question& what, std::uint16_t id) {
    if (!got.response || got.id != id) {
        return false;
    }
    if (got.asked_name.empty()) { // as some servers do with errors
        return got.rcode != 0;
    }
    const auto asked = encode_name(got.asked_name);
    return asked && equal_caseless(*asked, what.name) && got.asked_type == what.type && got.asked_class == what.cls;
}

} // namespace ferrule::probes::dns
