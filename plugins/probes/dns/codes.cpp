// SPDX-License-Identifier: Apache-2.0
#include "dns/codes.hpp"

#include <array>
#include <charconv>
#include <span>

namespace ferrule::probes::dns {

namespace {

struct code {
    std::uint16_t number;
    std::string_view name;
};

constexpr auto types = std::to_array<code>({
    {1, "A"},        {2, "NS"},          {5, "CNAME"},       {6, "SOA"},     {10, "NULL"},   {12, "PTR"},
    {13, "HINFO"},   {15, "MX"},         {16, "TXT"},        {17, "RP"},     {18, "AFSDB"},  {24, "SIG"},
    {25, "KEY"},     {28, "AAAA"},       {29, "LOC"},        {33, "SRV"},    {35, "NAPTR"},  {37, "CERT"},
    {39, "DNAME"},   {41, "OPT"},        {43, "DS"},         {44, "SSHFP"},  {46, "RRSIG"},  {47, "NSEC"},
    {48, "DNSKEY"},  {50, "NSEC3"},      {51, "NSEC3PARAM"}, {52, "TLSA"},   {53, "SMIMEA"}, {59, "CDS"},
    {60, "CDNSKEY"}, {61, "OPENPGPKEY"}, {62, "CSYNC"},      {63, "ZONEMD"}, {64, "SVCB"},   {65, "HTTPS"},
    {99, "SPF"},     {249, "TKEY"},      {250, "TSIG"},      {255, "ANY"},   {256, "URI"},   {257, "CAA"},
});

constexpr auto classes = std::to_array<code>({{1, "IN"}, {3, "CH"}, {4, "HS"}, {254, "NONE"}, {255, "ANY"}});

constexpr auto rcodes = std::to_array<code>({
    {0, "NOERROR"},
    {1, "FORMERR"},
    {2, "SERVFAIL"},
    {3, "NXDOMAIN"},
    {4, "NOTIMP"},
    {5, "REFUSED"},
    {6, "YXDOMAIN"},
    {7, "YXRRSET"},
    {8, "NXRRSET"},
    {9, "NOTAUTH"},
    {10, "NOTZONE"},
});

std::optional<std::uint16_t> number_of(std::span<const code> all, std::string_view name, std::string_view prefix) {
    for (const auto& each : all) {
        if (each.name == name) {
            return each.number;
        }
    }
    if (!prefix.empty() && name.starts_with(prefix) && name.size() > prefix.size()) {
        std::uint16_t number = 0;
        const auto* end = name.data() + name.size();
        const auto [stopped, error] = std::from_chars(name.data() + prefix.size(), end, number);
        if (error == std::errc{} && stopped == end) {
            return number;
        }
    }
    return std::nullopt;
}

std::string name_of(std::span<const code> all, std::uint16_t number, std::string_view prefix) {
    for (const auto& each : all) {
        if (each.number == number) {
            return std::string(each.name);
        }
    }
    return std::string(prefix) + std::to_string(number);
}

} // namespace

std::optional<std::uint16_t> type_number(std::string_view name) {
    return number_of(types, name, "TYPE");
}

std::string type_name(std::uint16_t number) {
    return name_of(types, number, "TYPE");
}

std::optional<std::uint16_t> class_number(std::string_view name) {
    return number_of(classes, name, "CLASS");
}

std::string class_name(std::uint16_t number) {
    return name_of(classes, number, "CLASS");
}

std::optional<std::uint16_t> rcode_number(std::string_view name) {
    return number_of(rcodes, name, {});
}

std::string rcode_name(std::uint16_t number) {
    return name_of(rcodes, number, "RCODE");
}

} // namespace ferrule::probes::dns
