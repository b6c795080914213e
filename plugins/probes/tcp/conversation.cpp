// SPDX-License-Identifier: Apache-2.0
#include "tcp/conversation.hpp"

#include "common/certificates.hpp"

namespace ferrule::probes::tcp {

sdk::task<maybe_fault> conversation::secure() {
    auto context = co_await contexts_->get(how_->tls_config);
    if (!context) {
        throw sdk::failure(context.error());
    }
    found_->skip(); // making a context is no part of the handshake
    auto failed = co_await connection_->start_tls(*context, how_->tls_config, host_);
    found_->phase("tls");
    const auto* session = connection_->tls();
    if (failed) {
        describe_chain(session->sent_chain(), *found_);
    } else {
        describe_handshake(session->raw(), *found_);
    }
    co_return failed;
}

sdk::task<maybe_fault> conversation::talk() {
    for (const auto& now : how_->steps) {
        maybe_fault failed;
        if (now.expect) {
            failed = co_await expect(now);
        }
        if (!failed && !now.send.empty()) {
            failed = co_await say(now);
        }
        if (!failed && now.starttls) {
            if (!received_.empty()) { // RFC 3207, 6: what came before belongs to nobody
                co_return fault(sdk::probe_phase::tls,
                                connection_->peer().text() +
                                    ": more text came before TLS began; somebody on the way may have put it there.");
            }
            failed = co_await secure();
        }
        if (failed) {
            co_return failed;
        }
    }
    co_return std::nullopt;
}

sdk::task<maybe_fault> conversation::expect(const step& now) {
    received_.begin();
    bool ended = false;
    auto how = received_.find(now, ended, caught_);
    while (how == find_status::need_more) {
        const auto waiting_for = received_.last_line().empty() ? "text" : "matching text";
        auto more = co_await connection_->read(received_.buffer(), received_.room(), waiting_for);
        if (!more) {
            co_return more.why();
        }
        ended = *more;
        how = received_.find(now, ended, caught_);
    }
    if (how != find_status::found) {
        co_return mismatch(how, now);
    }
    for (const auto& [name, text] : now.labels) {
        found_->label("expect_" + name, expand(text, caught_));
    }
    co_return std::nullopt;
}

sdk::task<maybe_fault> conversation::say(const step& now) {
    const auto text = now.is_template ? expand(now.send, caught_) : now.send;
    co_return co_await connection_->write(text);
}

fault conversation::mismatch(find_status how, const step& now) {
    found_->metric("failed_due_to_regex", 1);
    const auto peer = connection_->peer().text();
    const auto last = received_.last_line();
    const auto seen = last.empty() ? std::string("it sent nothing more") : "the last it sent was '" + last + "'";
    if (how == find_status::too_much) {
        return {sdk::probe_phase::answer, peer + ": nothing in the first " + std::to_string(how_->max_bytes) +
                                              " bytes matches '" + now.expect->pattern() + "' (max_bytes); " + seen +
                                              "."};
    }
    return {sdk::probe_phase::answer, peer + ": the peer closed the connection before anything matched '" +
                                          now.expect->pattern() + "'; " + seen + "."};
}

} // namespace ferrule::probes::tcp
