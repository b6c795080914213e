#include "probes/blackbox/options.hpp"

#include "base/strings.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace ferrule::probes::blackbox {

using base::json;

namespace {

// Those that the probe dns knows by name; it takes others as TYPE and a number.
constexpr std::array types{
    "A",      "NS",   "CNAME",  "SOA",   "NULL",       "PTR",   "HINFO",  "MX",    "TXT",     "RP",         "AFSDB",
    "SIG",    "KEY",  "AAAA",   "LOC",   "SRV",        "NAPTR", "CERT",   "DNAME", "OPT",     "DS",         "SSHFP",
    "RRSIG",  "NSEC", "DNSKEY", "NSEC3", "NSEC3PARAM", "TLSA",  "SMIMEA", "CDS",   "CDNSKEY", "OPENPGPKEY", "CSYNC",
    "ZONEMD", "SVCB", "HTTPS",  "SPF",   "TKEY",       "TSIG",  "ANY",    "URI",   "CAA"};
constexpr std::array classes{"IN", "CH", "HS", "NONE", "ANY"};
constexpr std::array rcodes{"NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
                            "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE"};

template <class Names>
bool is_one_of(const std::string& text, const Names& names) {
    return std::find(names.begin(), names.end(), text) != names.end();
}

bool is_numbered(const std::string& text, std::string_view prefix) {
    unsigned short number = 0;
    if (!text.starts_with(prefix))
        return false;
    const auto* end = text.data() + text.size();
    const auto [stopped, failed] = std::from_chars(text.data() + prefix.size(), end, number);
    return failed == std::errc() && stopped == end;
}

bool is_domain_name(std::string_view text) {
    if (text == ".")
        return true;
    if (text.ends_with('.'))
        text.remove_suffix(1);
    const auto labels = base::split(text, '.');
    return text.size() <= 253 && std::all_of(labels.begin(), labels.end(),
                                             [](std::string_view each) { return !each.empty() && each.size() <= 63; });
}

void read_question(map_reader& from, section& to) {
    const auto name = from.text("query_name").value_or("");
    if (name.empty())
        from.complain("query_name", "is missing: the name that is asked for");
    else if (name.find('\\') == std::string::npos && !is_domain_name(name))
        from.complain("query_name", "is not a domain name with labels of at most 63 bytes and 253 in all");
    const auto type = from.text("query_type").value_or("ANY");
    if (!is_one_of(type, types) && !is_numbered(type, "TYPE"))
        from.complain("query_type", "\"" + base::shortened(type, 60) +
                                        "\" is no type of record that Ferrule knows by name; write TYPE and its "
                                        "number, such as TYPE65280");
    const auto group = from.text("query_class").value_or("IN");
    if (!is_one_of(group, classes) && !is_numbered(group, "CLASS"))
        from.complain("query_class", "\"" + base::shortened(group, 60) + "\" is not one of IN, CH, HS, NONE, ANY");
    to.settings["query_name"] = name;
    to.settings["query_type"] = type;
    to.settings["query_class"] = group;
    to.settings["recursion_desired"] = from.flag("recursion_desired").value_or(true);
    to.into.asks_serial = type == "SOA";
}

void read_transport(map_reader& from, section& to) {
    const auto transport = from.choice("transport_protocol", {"udp", "tcp"}).value_or("udp");
    to.into.over_tls = from.flag("dns_over_tls").value_or(false);
    if (to.into.over_tls && transport == "udp")
        from.complain("dns_over_tls", "goes over tcp only; add \"transport_protocol: tcp\"");
    to.settings["transport"] = to.into.over_tls ? "tls" : transport;
    to.settings["attempts"] = 1; // a second try would hide what the first one lost
}

void read_rcodes(map_reader& from, section& to) {
    const auto given = from.texts("valid_rcodes");
    for (std::size_t i = 0; i < given.size(); ++i)
        if (!is_one_of(given[i], rcodes))
            from.complain("valid_rcodes", i,
                          "\"" + base::shortened(given[i], 60) +
                              "\" is no response code that an answer can have without extensions, such as NOERROR or "
                              "NXDOMAIN");
    if (!given.empty())
        to.settings["valid_rcodes"] = given;
}

void read_records(map_reader& from, const std::string& key, section& to) {
    auto given = from.map(key);
    json made = json::object();
    for (const auto* each : {"fail_if_matches_regexp", "fail_if_all_match_regexp", "fail_if_not_matches_regexp",
                             "fail_if_none_matches_regexp"})
        read_patterns(given, each, made);
    given.finish();
    if (!made.empty())
        to.settings[key] = std::move(made);
}

} // namespace

void read_dns(map_reader& from, section& to) {
    read_family(from, to);
    read_source(from, to);
    read_tls(from, to);
    read_question(from, to);
    read_transport(from, to);
    read_rcodes(from, to);
    for (const auto* each : {"validate_answer_rrs", "validate_authority_rrs", "validate_additional_rrs"})
        read_records(from, each, to);
    from.finish();
}

} // namespace ferrule::probes::blackbox
