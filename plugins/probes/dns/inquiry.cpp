// SPDX-License-Identifier: Apache-2.0
#include "dns/inquiry.hpp"

#include "common/certificates.hpp"
#include "common/datagrams.hpp"
#include "common/stream.hpp"
#include "dns/wire.hpp"

#include <sys/random.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace ferrule::probes::dns {

namespace {

/// Nobody who does not see the query can guess it.
std::uint16_t random_id(std::uint64_t otherwise) {
    std::uint16_t id = 0;
    return ::getrandom(&id, sizeof(id), GRND_NONBLOCK) == static_cast<ssize_t>(sizeof(id))
               ? id
               : static_cast<std::uint16_t>(otherwise);
}

/// What the error queue or the socket says, as a fault.
fault socket_fault(const datagram_socket& socket, int error, const endpoint& server) {
    const auto report = socket.report();
    if (!report) {
        return peer_fault(error, sdk::probe_phase::request, server.text());
    }
    if (report->port_closed) {
        return {sdk::probe_phase::request,
                server.text() + ": port closed (ICMP port unreachable); no DNS server there."};
    }
    if (!report->from_network) {
        return local_fault(report->error, "The query to " + server.text() + " was not sent");
    }
    return peer_fault(report->error, sdk::probe_phase::request, server.text());
}

} // namespace

inquiry::inquiry(sdk::strand& home, measurement& found, tls_contexts& contexts, const settings& how, std::string host)
    : home_(&home)
    , found_(&found)
    , contexts_(&contexts)
    , how_(&how)
    , host_(std::move(host))
    , id_(random_id(home.host().now())) {}

sdk::task<outcome<message>> inquiry::ask(sdk::address server, std::uint16_t port) {
    const endpoint to(server, port);
    if (how_->over == transport::automatic || how_->over == transport::udp) {
        auto got = co_await ask_datagrams(to);
        const bool again = got && got->truncated && how_->over == transport::automatic;
        found_->metric("dns_truncated", got && got->truncated ? 1 : 0);
        if (!again) {
            co_return got;
        }
    }
    auto got = co_await ask_stream(to);
    co_return got;
}

sdk::task<outcome<message>> inquiry::ask_datagrams(endpoint server) {
    found_->label("transport", "udp");
    auto opened = datagram_socket::open(server, how_->route);
    if (!opened) {
        co_return opened.why();
    }
    const datagram_socket socket = std::move(*opened);
    found_->phase("connect");
    sdk::watch watch(*home_, socket.fd());
    const auto query = encode_query(how_->query, id_);
    const auto start = home_->host().now();
    const auto span = found_->deadline() - std::min(start, found_->deadline());
    const auto all = static_cast<sdk::time_ns>(how_->attempts);
    std::optional<outcome<message>> nonsense;
    for (sdk::time_ns attempt = 1; attempt <= all; ++attempt) {
        const auto until =
            attempt == all || found_->deadline() == sdk::never ? found_->deadline() : start + span / all * attempt;
        if (const int error = socket.send(query); error != 0) {
            co_return socket_fault(socket, error, server);
        }
        found_->metric("attempts", static_cast<double>(attempt));
        while (true) {
            const auto waited = co_await watch.readable(until);
            if (waited.status == sdk::wait_status::cancelled) {
                co_return fault::cancelled();
            }
            if (!waited.ready()) {
                break;
            }
            int error = 0;
            const auto got = socket.receive(error);
            if (error != 0) {
                co_return socket_fault(socket, error, server);
            }
            if (got) {
                auto answer = understand(got->bytes, server);
                if (answer ? answers(*answer, how_->query, id_) : claims_to_answer(got->bytes)) {
                    found_->phase("request");
                    co_return answer;
                }
                if (!answer) {
                    nonsense.emplace(std::move(answer));
                }
            }
        }
    }
    if (nonsense) {
        co_return std::move(*nonsense);
    }
    co_return fault(sdk::probe_phase::answer, server.text() + ": no answer to " + std::to_string(all) +
                                                  (all == 1 ? " query" : " queries") + " over UDP within " +
                                                  found_->limit() + ".");
}

sdk::task<maybe_fault> inquiry::secure(stream& connection) {
    auto context = co_await contexts_->get(how_->tls_config);
    if (!context) {
        throw sdk::failure(context.error());
    }
    found_->skip();
    auto failed = co_await connection.start_tls(*context, how_->tls_config, host_);
    found_->phase("tls");
    if (failed) {
        describe_chain(connection.tls()->sent_chain(), *found_);
    } else {
        describe_handshake(connection.tls()->raw(), *found_);
    }
    co_return failed;
}

sdk::task<outcome<message>> inquiry::ask_stream(endpoint server) {
    found_->label("transport", how_->over == transport::tls ? "tls" : "tcp");
    found_->skip();
    stream connection(*home_, found_->deadline(), found_->limit());
    std::vector<sdk::address> only(1, server.address());
    auto failed = co_await connection.connect(std::move(only), server.port(), how_->route);
    if (!failed) {
        found_->phase("connect");
        if (how_->over == transport::tls) {
            failed = co_await secure(connection);
        }
    }
    if (failed) {
        co_return std::move(*failed);
    }
    const auto query = encode_query(how_->query, id_);
    std::string framed; // RFC 1035, 4.2.2: its length before it
    put_u16(framed, static_cast<std::uint16_t>(query.size()));
    framed += query;
    failed = co_await connection.write(framed);
    if (failed) {
        co_return std::move(*failed);
    }
    std::string got;
    std::size_t wanted = 2;
    while (got.size() < wanted) {
        const auto ended = co_await connection.read(got, wanted - got.size(), "answer to the query");
        if (!ended) {
            co_return ended.why();
        }
        if (*ended) {
            co_return fault(sdk::probe_phase::answer,
                            server.text() + ": the server closed the connection before its answer was whole.");
        }
        if (got.size() == 2 && wanted == 2) {
            wanted += wire_reader(got).u16();
        }
    }
    found_->phase("request");
    auto answer = understand(std::string_view(got).substr(2), server);
    if (answer && !answers(*answer, how_->query, id_)) {
        co_return fault(sdk::probe_phase::answer, server.text() + ": what came is no answer to the query.");
    }
    connection.close(closing::reset);
    co_return answer;
}

// What bears neither the query's number nor the mark of an answer may come from anybody: the answer may still come.
bool inquiry::claims_to_answer(std::string_view bytes) const {
    constexpr unsigned char answer = 0x80;
    const auto byte = [bytes](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
    return bytes.size() > 2 && (byte(0) << 8U | byte(1)) == id_ && (byte(2) & answer) != 0;
}

outcome<message> inquiry::understand(std::string_view bytes, const endpoint& server) const {
    auto read = decode(bytes);
    if (!read) {
        return fault(sdk::probe_phase::answer, server.text() + ": " + read.error().message());
    }
    return std::move(*read);
}

} // namespace ferrule::probes::dns
