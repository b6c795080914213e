// SPDX-License-Identifier: Apache-2.0
#include "http/exchange.hpp"

#include "common/certificates.hpp"
#include "http/h2_reader.hpp"
#include "http/response_reader.hpp"
#include "http/socks_handshake.hpp"

namespace ferrule::probes::http {

namespace {

constexpr std::size_t piece = 16384;

packing packing_of(const response_head& head, const settings& how) {
    const auto* coding = find_header(head.headers, "content-encoding");
    if (coding == nullptr || how.compression.empty()) { // nobody asked for it: it is part of the content
        return packing::none;
    }
    if (same_name(*coding, "gzip") || same_name(*coding, "x-gzip")) {
        return packing::gzip;
    }
    return same_name(*coding, "deflate") ? packing::deflate
           : same_name(*coding, "br")    ? packing::brotli
                                         : packing::none;
}

std::string_view name_of(packing how) {
    return how == packing::gzip ? "gzip" : how == packing::deflate ? "deflate" : how == packing::brotli ? "br" : "";
}

/// What goes wrong while a proxy is asked keeps the connection from being there.
fault while_connecting(const fault& why) {
    const bool ours = why.is_cancelled() || why.phase() == sdk::probe_phase::local;
    return ours ? why : fault(sdk::probe_phase::connect, why.reason());
}

} // namespace

sdk::task<maybe_fault> exchange::run(const request& what, body& into) {
    auto failed = co_await connect(what);
    if (!failed && how_->proxy && how_->proxy_is_socks) {
        failed = co_await open_socks(what);
    } else if (!failed && how_->proxy && what.to().secure) {
        failed = co_await open_tunnel(what);
    }
    if (!failed && what.to().secure) {
        failed = co_await secure(what);
    }
    if (!failed) {
        failed = co_await ask(what, into);
    }
    co_return failed;
}

sdk::task<maybe_fault> exchange::connect(const request& what) {
    found_->skip();
    const auto& next = how_->proxy ? *how_->proxy : what.to();
    auto addresses = co_await locate(next.host, how_->route, found_->deadline());
    if (!addresses) {
        co_return addresses.why();
    }
    found_->add_phase("resolve");
    auto failed = co_await connection_.connect(*addresses, next.port, how_->route);
    found_->address(connection_.peer().address());
    if (!failed) {
        found_->add_phase("connect");
    }
    co_return failed;
}

sdk::task<maybe_fault> exchange::open_tunnel(const request& what) {
    const auto text = connect_text(what.to(), *how_);
    auto failed = co_await connection_.write(text);
    if (failed) {
        co_return while_connecting(*failed);
    }
    body nothing(0, false);
    const auto ignore = [](const response_head&) {};
    response_reader reader(nothing, true, ignore);
    std::string got;
    while (!reader.done()) {
        got.clear();
        const auto ended = co_await connection_.read(got, 1, "answer of the proxy"); // not a byte of the tunnel's
        if (!ended) {
            co_return while_connecting(ended.why());
        }
        const bool good = *ended ? reader.end() : reader.put(got);
        if (!good) {
            co_return fault(sdk::probe_phase::connect,
                            connection_.peer().text() + ": the proxy fails: " + reader.problem());
        }
    }
    if (reader.head().status < 200 || reader.head().status > 299) {
        co_return fault(sdk::probe_phase::connect, connection_.peer().text() + ": the proxy opens no tunnel to " +
                                                       what.to().host_and_port() + ": " + reader.head().status_text() +
                                                       ".");
    }
    found_->add_phase("connect");
    co_return std::nullopt;
}

sdk::task<maybe_fault> exchange::open_socks(const request& what) {
    socks_handshake proxy(*how_->proxy, what.to());
    std::string got;
    while (!proxy.done() && !proxy.failed()) {
        const auto text = proxy.output();
        auto failed = co_await connection_.write(text);
        if (failed) {
            co_return while_connecting(*failed);
        }
        got.clear();
        const auto ended = co_await connection_.read(got, proxy.wanted(), proxy.waiting_for());
        if (!ended) {
            co_return while_connecting(ended.why());
        }
        if (*ended) {
            proxy.end();
        } else {
            proxy.put(got);
        }
    }
    if (proxy.failed()) {
        co_return fault(sdk::probe_phase::connect, connection_.peer().text() + ": the SOCKS proxy " + proxy.problem());
    }
    found_->add_phase("connect");
    co_return std::nullopt;
}

sdk::task<maybe_fault> exchange::secure(const request& what) {
    tls_ = what.tls();
    auto context = co_await contexts_->get(tls_);
    if (!context) {
        throw sdk::failure(context.error());
    }
    found_->skip(); // making a context is no part of the handshake
    auto failed = co_await connection_.start_tls(*context, tls_, what.to().host);
    found_->add_phase("tls");
    if (failed) {
        describe_chain(connection_.tls()->sent_chain(), *found_);
    }
    co_return failed;
}

sdk::task<maybe_fault> exchange::ask(const request& what, body& into) {
    auto begin = [this, &into](const response_head& head) { into.begin(packing_of(head, *how_)); };
    std::string text;
    if (connection_.tls() != nullptr && connection_.tls()->protocol() == "h2") {
        reader_ = std::make_unique<h2_reader>(what, into, begin);
        text = reader_->output();
    } else {
        reader_ = std::make_unique<response_reader>(into, what.method() == "HEAD", begin);
        text = what.text(how_->proxy && !how_->proxy_is_socks && !what.to().secure);
    }
    auto failed = co_await connection_.write(text);
    if (!failed) {
        failed = co_await receive(how_->follow_redirects);
    }
    co_return failed;
}

sdk::task<maybe_fault> exchange::receive(bool follow) {
    std::string got;
    bool first = true;
    // Framing, padding and packing cost something, but not more than the content.
    const auto most = 2 * std::uint64_t{how_->body_size_limit} + (std::uint64_t{1} << 20);
    std::uint64_t received = 0;
    while (!reader_->done()) {
        got.clear();
        const auto* missing = first                 ? "answer to the request"
                              : reader_->has_head() ? "rest of the body"
                                                    : "rest of the answer";
        const auto ended = co_await connection_.read(got, piece, missing);
        if (!ended) {
            co_return ended.why();
        }
        received += got.size();
        if (received > most) {
            co_return fault(sdk::probe_phase::answer,
                            connection_.peer().text() + ": the answer takes more than " + std::to_string(most) +
                                " bytes of the connection, twice 'body_size_limit' and 1 MiB.");
        }
        const bool good = *ended ? reader_->end() : reader_->put(got);
        if (first && reader_->begun()) {
            found_->add_phase("processing");
            first = false;
        }
        if (!good) {
            co_return broken();
        }
        if (follow && reader_->has_head() && request::is_redirect(reader_->head())) {
            co_return std::nullopt; // its body says nothing
        }
        const auto more = reader_->done() ? std::string() : reader_->output();
        if (!more.empty()) {
            auto failed = co_await connection_.write(more);
            if (failed) {
                co_return failed;
            }
        }
    }
    found_->add_phase("transfer");
    co_return std::nullopt;
}

void exchange::describe() const {
    if (connection_.tls() != nullptr) {
        describe_handshake(connection_.tls()->raw(), *found_);
    }
}

bool exchange::compressed() const {
    const auto how = packing_of(reader_->head(), *how_);
    return how != packing::none && how_->compression.find(name_of(how)) != std::string::npos;
}

fault exchange::broken() const {
    return {sdk::probe_phase::answer, connection_.peer().text() + ": " + reader_->problem()};
}

} // namespace ferrule::probes::http
