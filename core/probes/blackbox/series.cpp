#include "probes/blackbox/series.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

namespace ferrule::probes::blackbox {

namespace {

using label = prometheus::ClientMetric::Label;

// Go's zero time in Unix seconds: what blackbox_exporter tells where no chain was verified.
constexpr double no_time = -62135596800;

double address_hash(const std::string& text) {
    std::array<unsigned char, 16> bytes{};
    std::size_t size = 4;
    if (inet_pton(AF_INET, text.c_str(), bytes.data()) != 1)
        size = inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), bytes.data()) == 1 ? 16 : 0;
    std::uint32_t hash = 2166136261U; // FNV-1a, 32 bits
    for (std::size_t i = 0; i < size; ++i)
        hash = (hash ^ bytes[i]) * 16777619U;
    return size == 0 ? 0 : hash;
}

class page {
  public:
    page(const probe_module& of, const model::sample& found)
        : of_(of)
        , found_(found)
        , located_(found.tags.contains("address")) {}

    std::string text() {
        add("probe_success", "Whether the probe found what it should", found_.success ? 1 : 0);
        add("probe_duration_seconds", "How long the probe took, in seconds", found_.duration_ms / 1000);
        if (!found_.failed && !of_.leaves_resolving)
            addresses();
        switch (of_.how) {
        case prober::http:
            http();
            break;
        case prober::tcp:
            tcp();
            break;
        case prober::icmp:
            icmp();
            break;
        case prober::dns:
            dns();
            break;
        }
        std::sort(all_.begin(), all_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
        return prometheus::TextSerializer().Serialize(all_);
    }

  private:
    void add(const char* name, const char* help, double value, std::vector<label> labels = {}) {
        if (all_.empty() || all_.back().name != name)
            all_.push_back({name, help, prometheus::MetricType::Gauge, {}});
        prometheus::ClientMetric one;
        one.label = std::move(labels);
        one.gauge.value = value;
        all_.back().metric.push_back(std::move(one));
    }

    void add_phase(const char* name, const char* help, const char* phase, double seconds) {
        add(name, help, seconds, {{"phase", phase}});
    }

    [[nodiscard]] double metric(const char* name) const {
        const auto at = found_.metrics.find(name);
        return at == found_.metrics.end() ? 0 : at->second;
    }

    [[nodiscard]] bool has_metric(const char* name) const { return found_.metrics.contains(name); }

    [[nodiscard]] double seconds(const char* phase) const {
        const auto at = found_.phases_ms.find(phase);
        return at == found_.phases_ms.end() ? 0 : at->second / 1000;
    }

    [[nodiscard]] const std::string& tag(const char* name) const {
        static const std::string none;
        const auto at = found_.tags.find(name);
        return at == found_.tags.end() ? none : at->second;
    }

    // A look-up that failed is no phase that was reached; it took all the time there was.
    [[nodiscard]] double look_up() const {
        return located_ || found_.phases_ms.contains("resolve") ? seconds("resolve") : found_.duration_ms / 1000;
    }

    void addresses() {
        add("probe_dns_lookup_time_seconds", "How long looking up the target's address took, in seconds", look_up());
        add("probe_ip_protocol", "Version of IP that was used, 4 or 6; 0 without an address",
            located_ ? metric("ip_protocol") : 0);
        add("probe_ip_addr_hash", "FNV-1a hash of the target's address, to see that it changed",
            located_ ? address_hash(tag("address")) : 0);
    }

    void regex() {
        add("probe_failed_due_to_regex", "Whether a regular expression made the probe fail",
            metric("failed_due_to_regex"));
    }

    void http() {
        constexpr auto name = "probe_http_duration_seconds";
        constexpr auto help = "How long each phase took over all redirects, in seconds";
        if (!found_.failed && !of_.leaves_resolving)
            add_phase(name, help, "resolve", look_up());
        if (!found_.failed && (located_ || of_.leaves_resolving))
            for (const auto* phase : {"connect", "tls", "processing", "transfer"})
                add_phase(name, help, phase, seconds(phase));
        regex();
        add("probe_http_content_length", "Length that the answer announced in bytes, -1 without one",
            metric("content_length"));
        add("probe_http_redirects", "How many redirects there were", metric("redirects"));
        add("probe_http_ssl", "Whether the last answer came over TLS", metric("ssl"));
        add("probe_http_status_code", "Status of the last answer", metric("status_code"));
        add("probe_http_uncompressed_body_length", "Length of the last body, unpacked, in bytes",
            metric("uncompressed_body_length"));
        add("probe_http_version", "Version of HTTP of the last answer", metric("version"));
        if (has_metric("last_modified_timestamp_seconds"))
            add("probe_http_last_modified_timestamp_seconds", "Last-Modified of the last answer in Unix time",
                metric("last_modified_timestamp_seconds"));
        if (has_metric("status_code"))
            tls();
    }

    void tcp() {
        regex();
        tls();
        std::vector<label> caught;
        for (const auto& [name, value] : found_.tags)
            if (name.starts_with("expect_"))
                caught.push_back({name.substr(7), value});
        if (!caught.empty())
            add("probe_expect_info", "What the expressions of the conversation caught", 1, std::move(caught));
    }

    // Of a handshake that was finished.
    void tls() {
        if (tag("tls_version").empty())
            return;
        add("probe_ssl_earliest_cert_expiry", "When the first certificate of the chain expires, in Unix time",
            metric("ssl_earliest_cert_expiry"));
        const auto* last = "ssl_last_chain_expiry_timestamp_seconds";
        add("probe_ssl_last_chain_expiry_timestamp_seconds",
            "When the verified chain expires, in Unix time; the year 1 where none was verified",
            has_metric(last) ? metric(last) : no_time);
        add("probe_ssl_last_chain_info", "What the certificate says", 1,
            {{"fingerprint_sha256", tag("ssl_fingerprint_sha256")},
             {"issuer", tag("ssl_issuer")},
             {"serialnumber", tag("ssl_serialnumber")},
             {"subject", tag("ssl_subject")},
             {"subjectalternative", tag("ssl_subjectalternative")}});
        add("probe_tls_version_info", "Version of TLS that was used", 1, {{"version", tag("tls_version")}});
    }

    void icmp() {
        constexpr auto name = "probe_icmp_duration_seconds";
        constexpr auto help = "How long each phase took, in seconds";
        add_phase(name, help, "resolve", located_ ? seconds("resolve") : 0);
        add_phase(name, help, "rtt", seconds("rtt"));
        add_phase(name, help, "setup", seconds("setup"));
        if (has_metric("reply_hop_limit"))
            add("probe_icmp_reply_hop_limit", "Hop limit (IPv6) or TTL (IPv4) of the reply", metric("reply_hop_limit"));
    }

    void dns() {
        constexpr auto name = "probe_dns_duration_seconds";
        constexpr auto help = "How long each phase took, in seconds; connecting includes TLS";
        add_phase(name, help, "connect", seconds("connect") + seconds("tls"));
        add_phase(name, help, "request", seconds("request"));
        add_phase(name, help, "resolve", located_ ? seconds("resolve") : 0);
        add("probe_dns_additional_rrs", "Records in the additional section", metric("dns_additional_rrs"));
        add("probe_dns_answer_rrs", "Records in the answer section", metric("dns_answer_rrs"));
        add("probe_dns_authority_rrs", "Records in the authority section", metric("dns_authority_rrs"));
        add("probe_dns_query_succeeded", "Whether the server gave a proper answer, whatever it says",
            metric("dns_query_succeeded"));
        if (of_.asks_serial && metric("dns_query_succeeded") > 0)
            add("probe_dns_serial", "Serial of the SOA record in the answer", metric("dns_serial"));
    }

    const probe_module& of_;
    const model::sample& found_;
    const bool located_;
    std::vector<prometheus::MetricFamily> all_;
};

} // namespace

std::string series_text(const probe_module& of, const model::sample& found) {
    return page(of, found).text();
}

} // namespace ferrule::probes::blackbox
