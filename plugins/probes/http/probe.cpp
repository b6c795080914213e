// SPDX-License-Identifier: Apache-2.0
// The probe "http": whether a server answers a request as it should, and how long each phase took.
#include "common/settings_cache.hpp"
#include "http/exchange.hpp"

#include <curl/curl.h>

#include <ferrule/sdk/probe.hpp>

namespace {

namespace sdk = ferrule::sdk;
using namespace ferrule::probes;

/// What is told of the last answer.
void tell(measurement& found, const http::exchange& last, const http::body& content, bool secure) {
    const auto& head = last.head();
    found.metric("status_code", head.status);
    found.metric("version", head.version / 10.0);
    found.metric("content_length", static_cast<double>(head.content_length));
    found.metric("uncompressed_body_length", static_cast<double>(content.size()));
    found.metric("ssl", secure ? 1 : 0);
    if (const auto* changed = http::find_header(head.headers, "last-modified")) {
        if (const auto at = ::curl_getdate(changed->c_str(), nullptr); at >= 0) {
            found.metric("last_modified_timestamp_seconds", static_cast<double>(at));
        }
    }
    last.describe();
}

class http_probe final : public sdk::probe {
  public:
    void configure(std::string_view config) override {
        defaults_ = http::read_config(config);
        known_.clear();
    }

    sdk::task<sdk::probe_reply> measure(const sdk::target& where, sdk::call& c) override {
        const auto read = [this](const sdk::json& target) { return http::read_target(target, defaults_); };
        const auto how = known_.get(where.settings(), read);
        http::request asked(*how, http::place_of(where.settings(), *how));
        http::body content(how->body_size_limit, how->expect.need_body());

        measurement found(this->host(), c.deadline());
        found.metric("failed_due_to_regex", 0);
        int redirects = 0;
        while (true) {
            found.metric("redirects", redirects);
            http::exchange now(home(), found, contexts_, *how);
            auto failed = co_await now.run(asked, content);
            const bool redirect = now.answered() && http::request::is_redirect(now.head());
            if (failed || !redirect || !how->follow_redirects || redirects == how->max_redirects) {
                found.metric("redirects", redirects + (redirect ? 1 : 0));
                if (now.answered()) {
                    tell(found, now, content, asked.to().secure);
                }
                if (failed) {
                    co_return found.down(*failed);
                }
                co_return judge(*how, asked, now, content, found);
            }
            ++redirects;
            const auto peer = asked.to().text();
            if (const auto lost = asked.follow(now.head())) {
                found.metric("redirects", redirects);
                tell(found, now, content, asked.to().secure);
                co_return found.down(fault(sdk::probe_phase::answer, peer + ": " + *lost));
            }
        }
    }

  private:
    static sdk::probe_reply judge(const http::settings& how, const http::request& asked, const http::exchange& last,
                                  const http::body& content, measurement& found) {
        auto wrong = how.expect.judge(last.head(), content, asked.to().secure, found);
        if (!wrong.empty() && how.follow_redirects && http::request::is_redirect(last.head())) {
            wrong = "it redirects more than " + std::to_string(how.max_redirects) + " times (max_redirects).";
        }
        if (wrong.empty() && how.compression_required && !last.compressed()) {
            wrong = "the body is not compressed with " + how.compression + " (compression_required).";
            found.metric("uncompressed_body_length", 0); // nothing was unpacked
        }
        if (wrong.empty()) {
            return found.up();
        }
        return found.down(fault(sdk::probe_phase::answer, asked.to().text() + ": " + wrong));
    }

    http::settings defaults_;
    settings_cache<http::settings> known_{"host", "port", "url"};
    tls_contexts contexts_;
};

} // namespace

FERRULE_PROBE(http_probe, "http", "1.0.0",
              "Asks a web server and checks status, headers, body and certificate, with the time of each phase",
              http::schema);
