#include "fleet/herd.hpp"

#include "base/json.hpp"
#include "fleet/pki/request.hpp"
#include "runtime/spawn.hpp"

#include <array>
#include <cstdio>

namespace ferrule::bench {

namespace {

constexpr base::duration tick_every = std::chrono::milliseconds(100);
constexpr std::size_t ticks_a_second = 10;

double seconds(base::duration span) {
    return std::chrono::duration<double>(span).count();
}

void say(const base::json& what) {
    std::puts(base::dump(what).c_str());
    std::fflush(stdout);
}

asio::ip::address source(std::size_t number, std::size_t addresses) {
    const auto last = static_cast<unsigned char>(2 + number % addresses);
    return asio::ip::address_v4(std::array<unsigned char, 4>{127, 0, 1, last});
}

} // namespace

herd::herd(asio::io_context& loop, herd_settings wanted)
    : loop_(loop)
    , wanted_(std::move(wanted))
    , ticking_(loop) {}

result<void> herd::make_agents() {
    if (!wanted_.command_key.empty()) {
        auto keys = exec::trusted_keys::make({wanted_.command_key});
        if (!keys)
            return keys.error();
        keys_ = std::move(*keys);
    }
    const auto authority = fleet::pki::authority::open(wanted_.authority);
    if (!authority)
        return authority.error();
    const auto now = base::system_clock().wall_now();
    for (std::size_t i = 0; i < wanted_.agents; ++i) {
        auto name = "agent-" + std::to_string(i + 1);
        net::tls_identity identity;
        identity.key = fleet::pki::make_key();
        identity.authority = authority->certificate();
        const auto request = fleet::pki::make_request(identity.key, name);
        if (!request)
            return request.error();
        auto signed_ = authority->sign_agent(*request, name, now, std::chrono::hours(24));
        if (!signed_)
            return signed_.error();
        identity.certificate = std::move(signed_->pem);
        auto context = net::make_mutual_client_context(identity);
        if (!context)
            return context.error();
        all_.push_back(std::make_unique<simulated_agent>(*this, std::move(name), std::move(*context),
                                                         source(i, wanted_.addresses)));
    }
    return ok();
}

void herd::start() {
    began_ = now();
    for (const auto& each : all_)
        runtime::spawn(loop_.get_executor(), "simulated agent", each->run());
    tick();
}

// A tenth of them at a time, each once a second.
void herd::tick() {
    const auto count = (all_.size() + ticks_a_second - 1) / ticks_a_second;
    for (std::size_t i = 0; i < count; ++i) {
        all_[next_to_tick_]->tick(now());
        next_to_tick_ = (next_to_tick_ + 1) % all_.size();
    }
    ticking_.expires_after(tick_every);
    ticking_.async_wait([this](const boost::system::error_code& failed) {
        if (!failed)
            tick();
    });
}

void herd::connected() {
    ++connects_;
    if (++connected_ == all_.size())
        say({{"event", "all"}, {"connected", connected_}, {"seconds", seconds(now() - began_)}});
}

void herd::disconnected() {
    if (connected_ == all_.size())
        began_ = now();
    if (--connected_ == 0)
        say({{"event", "none"}});
}

void herd::failed(const error& why) {
    ++failures_[why.code()];
}

void herd::ordered(bool good, const std::string& why) {
    if (!good) {
        ++bad_orders_[why];
        return;
    }
    ++orders_in_all_;
    if (++orders_ == 1)
        first_order_ = now();
    if (orders_ < all_.size())
        return;
    say({{"event", "answered"}, {"orders", orders_}, {"seconds", seconds(now() - first_order_)}});
    orders_ = 0;
}

void herd::answered() {
    ++acknowledged_;
}

// The same for all of them, as they are on the same host.
const std::string& herd::metrics() {
    if (const auto at = now(); sample_.empty() || at - sampled_ >= std::chrono::seconds(1)) {
        sample_ = base::dump(sampler_.sample());
        sampled_ = at;
    }
    return sample_;
}

double herd::chance() {
    return std::uniform_real_distribution<double>(0, 1)(random_);
}

void herd::tell_counts() const {
    say({{"event", "end"},
         {"connected", connected_},
         {"connects", connects_},
         {"orders", orders_in_all_},
         {"acknowledged", acknowledged_},
         {"heartbeat_bytes", sample_.size()},
         {"failures", failures_},
         {"bad_orders", bad_orders_}});
}

} // namespace ferrule::bench
