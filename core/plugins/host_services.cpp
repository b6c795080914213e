#include "plugins/host_services.hpp"

#include "base/json.hpp"
#include "plugins/guarded.hpp"
#include "plugins/host_calls.hpp"
#include "plugins/instance.hpp"

#include <boost/asio/post.hpp>

namespace ferrule::plugins {

namespace {

using base::json;

double milliseconds(base::duration span) {
    return std::chrono::duration<double, std::milli>(span).count();
}

void read_tls(base::object_reader& outer, const json& from, net::http_tls& into) {
    base::object_reader in(from, outer.path_of("tls"));
    into.verify = in.boolean_or("verify", true);
    into.ca_file = in.text_or("ca_file", "");
    into.server_name = in.text_or("server_name", "");
    into.client_cert = in.text_or("client_cert", "");
    into.client_key = in.text_or("client_key", "");
    outer.absorb(in);
}

void read_headers(base::object_reader& in, net::http_headers& into) {
    const auto* all = in.array("headers");
    if (all == nullptr)
        return;
    for (const auto& each : *all) {
        if (each.is_array() && each.size() == 2 && each[0].is_string() && each[1].is_string())
            into.emplace_back(each[0].get<std::string>(), each[1].get<std::string>());
        else
            in.complain("headers", "must be a list of [name, value]");
    }
}

result<net::http_request> read_request(std::string_view text, std::string_view body) {
    const auto parsed = base::parse_json(text);
    if (!parsed)
        return parsed.error();
    net::http_request out;
    base::object_reader in(*parsed);
    out.method = in.text_or("method", "GET");
    out.url = in.required_text("url");
    read_headers(in, out.headers);
    out.timeout = std::chrono::milliseconds(in.integer_or("timeout_ms", 30'000, 1, 3'600'000));
    out.follow_redirects = static_cast<unsigned>(in.integer_or("follow_redirects", 0, 0, 50));
    out.max_body =
        static_cast<std::size_t>(in.integer_or("max_body", std::int64_t{16} << 20, 0, std::int64_t{1} << 30));
    if (const auto* tls = in.object("tls"); tls != nullptr)
        read_tls(in, *tls, out.tls);
    out.proxy = in.text_or("proxy", "");
    out.ip_version = static_cast<int>(in.integer_or("ip_version", 0, 0, 6));
    out.fresh_connection = in.boolean_or("fresh_connection", false);
    if (auto bad = in.finish("invalid_request"))
        return *bad;
    out.body = body;
    return out;
}

std::string to_text(const net::http_response& from) {
    auto headers = json::array();
    for (const auto& [name, value] : from.headers)
        headers.push_back(json::array({name, value}));
    const json phases{{"resolve", milliseconds(from.phases.resolve)},
                      {"connect", milliseconds(from.phases.connect)},
                      {"tls", milliseconds(from.phases.tls)},
                      {"processing", milliseconds(from.phases.processing)},
                      {"transfer", milliseconds(from.phases.transfer)}};
    const json out{{"status", from.status}, {"headers", std::move(headers)}, {"version", from.version},
                   {"ip", from.ip},         {"phases_ms", phases},           {"redirects", from.redirects}};
    return base::dump(out);
}

} // namespace

/// "ferrule.http/1".
struct http_service_calls {
    static std::uint64_t request(void* ctx, frl_str text, frl_str body, frl_http_callback fn, void* arg) noexcept {
        auto& self = *static_cast<instance*>(ctx);
        if (fn == nullptr || self.closed_.load() || self.ending_.load() || !may(self, "http request"))
            return 0;
        const auto number = ++self.last_number_;
        self.pend();
        auto answer = [&self, number, fn, arg](result<net::http_response> got) {
            self.exchanges_.erase(number);
            const auto json_text = got ? to_text(*got) : base::dump(base::to_json(got.error()));
            const auto content = got ? std::string_view(got->body) : std::string_view{};
            const frl_status status = got ? FRL_OK : got.error().code() == "cancelled" ? FRL_CANCELLED : FRL_FAILED;
            self.guarded("an HTTP callback", [&] {
                fn(arg, status, {json_text.data(), json_text.size()}, {content.data(), content.size()});
            });
            self.unpend();
        };
        auto asked = read_request(view_of(text), view_of(body));
        if (asked) {
            self.exchanges_[number] = self.around_->http.start(std::move(*asked), self.strand_, std::move(answer));
        } else {
            asio::post(self.strand_, [answer = std::move(answer), why = asked.error()]() mutable { answer(why); });
        }
        return number;
    }

    static frl_status cancel(void* ctx, std::uint64_t exchange) noexcept {
        auto& self = *static_cast<instance*>(ctx);
        if (self.closed_.load())
            return FRL_STALE;
        if (!may(self, "http cancel"))
            return FRL_WRONG_THREAD;
        const auto found = self.exchanges_.find(exchange);
        if (found == self.exchanges_.end())
            return FRL_STALE;
        self.around_->http.cancel(found->second);
        return FRL_OK;
    }

    // Exchanges are kept on the strand, so a BLOCKING component cannot use this service.
    static bool may(instance& self, const char* call) {
        if (self.on_strand())
            return true;
        self.faults_.note(fault::wrong_thread,
                          std::string("called ") + call + " from a thread that is not its strand; that was refused");
        return false;
    }
};

/// "ferrule.sessions/1".
struct session_service_calls {
    static frl_status lost(void* ctx, frl_session session, frl_str error_json) noexcept {
        auto& self = *static_cast<instance*>(ctx);
        if (self.closed_.load())
            return FRL_STALE;
        std::function<void(error)> tell;
        {
            const std::lock_guard lock(self.sessions_mutex_);
            const auto found = self.sessions_.find(session);
            if (found == self.sessions_.end())
                return FRL_STALE;
            tell = std::exchange(found->second, nullptr);
        }
        if (!tell)
            return FRL_STALE;
        tell(base::error_from_json(view_of(error_json), "session_lost"));
        return FRL_OK;
    }
};

void fill_services(instance& of) {
    of.http_.struct_size = sizeof(frl_http_service);
    of.http_.ctx = &of;
    of.http_.request = &http_service_calls::request;
    of.http_.cancel = &http_service_calls::cancel;
    of.sessions_service_.struct_size = sizeof(frl_session_service);
    of.sessions_service_.ctx = &of;
    of.sessions_service_.lost = &session_service_calls::lost;
}

} // namespace ferrule::plugins
