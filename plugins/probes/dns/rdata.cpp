// SPDX-License-Identifier: Apache-2.0
#include "dns/rdata.hpp"

#include "dns/codes.hpp"

#include <arpa/inet.h>

#include <array>

namespace ferrule::probes::dns {

namespace {

std::string hex(std::string_view bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const char c : bytes) {
        const auto value = static_cast<unsigned char>(c);
        out += digits[value >> 4];
        out += digits[value & 15];
    }
    return out;
}

std::string address(int family, std::string_view bytes) {
    std::array<char, INET6_ADDRSTRLEN> out{};
    return bytes.empty() ? std::string() : inet_ntop(family, bytes.data(), out.data(), out.size());
}

std::string number(std::uint32_t value) {
    return std::to_string(value) + ' ';
}

std::string quoted(std::string_view bytes) {
    std::string out = "\"";
    append_escaped(out, bytes, "\"\\");
    return out + '"';
}

std::string texts(wire_reader& from) {
    std::string out;
    while (from.left() > 0 && !from.broken()) {
        out += (out.empty() ? "" : " ") + quoted(from.character_string());
    }
    return out;
}

rdata read_soa(wire_reader& from) {
    rdata out;
    out.text = from.name() + ' ';
    out.text += from.name() + ' ';
    out.serial = from.u32();
    out.text += number(*out.serial);
    for (int i = 0; i < 3; ++i) {
        out.text += number(from.u32());
    }
    out.text += std::to_string(from.u32());
    return out;
}

std::string read_mx(wire_reader& from) {
    const auto preference = number(from.u16());
    return preference + from.name();
}

std::string read_srv(wire_reader& from) {
    auto out = number(from.u16());
    out += number(from.u16());
    out += number(from.u16());
    return out + from.name();
}

std::string read_caa(wire_reader& from) {
    auto out = number(from.u8());
    append_escaped(out, from.character_string(), "\"\\");
    return out + ' ' + quoted(from.bytes(from.left()));
}

std::string read_ds(wire_reader& from) {
    auto out = number(from.u16());
    out += number(from.u8());
    out += number(from.u8());
    return out + hex(from.bytes(from.left()));
}

rdata read_known(std::uint16_t which, wire_reader& from) {
    switch (which) {
    case type::a:
        return {address(AF_INET, from.bytes(4)), {}};
    case type::aaaa:
        return {address(AF_INET6, from.bytes(16)), {}};
    case type::ns:
    case type::cname:
    case type::ptr:
    case type::dname:
        return {from.name(), {}};
    case type::soa:
        return read_soa(from);
    case type::mx:
        return {read_mx(from), {}};
    case type::txt:
        return {texts(from), {}};
    case type::srv:
        return {read_srv(from), {}};
    case type::caa:
        return {read_caa(from), {}};
    case type::ds:
        return {read_ds(from), {}};
    default:
        return {};
    }
}

} // namespace

rdata read_rdata(std::uint16_t type, wire_reader from) {
    auto raw = from;
    auto out = read_known(type, from);
    if (out.text.empty() || from.broken() || from.left() != 0) {
        const auto bytes = raw.bytes(raw.left());
        out = {"\\# " + std::to_string(bytes.size()), {}};
        if (!bytes.empty()) {
            out.text += ' ' + hex(bytes);
        }
    }
    return out;
}

} // namespace ferrule::probes::dns
