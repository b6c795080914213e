// Agents whose controller has the right authority and misbehaves.
#include "fleet/link_rig.hpp"

#include "fleet/protocol/frame.hpp"
#include "net/mutual_tls.hpp"
#include "net/web_socket_listener.hpp"
#include "runtime/spawn.hpp"

#include <fstream>
#include <iterator>

using namespace test;

namespace {

/// Shakes hands as a controller of this authority, and then does as the test says.
class rogue {
  public:
    using conduct = std::function<asio::awaitable<void>(std::shared_ptr<net::web_socket>)>;

    rogue(machine& on, const fleet::pki::authority& ca, conduct how)
        : on_(on) {
        net::web_socket_listener_settings wanted;
        wanted.addresses = {"127.0.0.1:0"};
        net::web_socket_events tell;
        tell.opened = [this, how = std::move(how)](std::shared_ptr<net::web_socket> socket) {
            const auto on_it = socket->get_executor();
            {
                const std::lock_guard lock(mutex_);
                open_.push_back(socket);
            }
            heard.tell("opened");
            if (how)
                runtime::spawn(on_it, "rogue", how(std::move(socket)));
        };
        listener_.emplace(on.loop, std::move(wanted), std::move(tell));
        const auto identity = ca.make_server("rogue", on.clock.wall_now(), 1h);
        REQUIRE(identity);
        auto context = net::make_mutual_server_context(*identity);
        REQUIRE(context);
        REQUIRE(listener_->start(std::move(*context)));
    }

    ~rogue() {
        {
            const std::lock_guard lock(mutex_);
            for (const auto& each : open_)
                each->cut_off();
        }
        on_.wait(stopping());
    }

    [[nodiscard]] std::string address() const { return listener_->addresses().front(); }

    journal heard;

  private:
    asio::awaitable<void> stopping() { co_await listener_->stop(5s); }

    machine& on_;
    std::optional<net::web_socket_listener> listener_;
    std::mutex mutex_;
    std::vector<std::shared_ptr<net::web_socket>> open_;
};

void say(net::web_socket& over, std::string_view kind, const std::string& body) {
    over.send(std::make_shared<const std::string>(fleet::protocol::make_frame(kind, body)));
}

asio::awaitable<void> forge(std::shared_ptr<net::web_socket> over, const fleet::pki::authority& ca,
                            const base::clock& clock, std::string name, std::string highest, std::string other) {
    for (;;) {
        const auto got = co_await over->read();
        if (!got)
            break;
        const auto read = fleet::protocol::read_frame(*got);
        if (!read)
            break;
        if (read->kind == fleet::protocol::kinds::hello) {
            fleet::protocol::welcome hello;
            hello.program = "1";
            say(*over, fleet::protocol::kinds::welcome, fleet::protocol::to_json(hello));
        }
        if (read->kind == fleet::protocol::kinds::renew) {
            const auto signed_ =
                ca.sign_agent(fleet::protocol::text_of(read->body, "csr", 32768), name, clock.wall_now(), 1h, highest);
            if (!signed_)
                break;
            fleet::protocol::grant out;
            out.certificate = signed_->pem;
            out.command_key = "forged";
            out.authority = other;
            say(*over, fleet::protocol::kinds::renewed, fleet::protocol::to_json(out));
        }
    }
}

/// Joins at a real controller, and stops.
void join(machine& on, controller& at, const std::string& name) {
    agent first(on, name, {at.address()}, at.token());
    first.start();
    REQUIRE(first.heard.wait("connected controller-1"));
}

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace

TEST_CASE("a controller that does not even answer the close is left for the next one") {
    machine on;
    controller at(on);
    at.start();
    join(on, at, "edge");
    rogue mute(on, *at.ca, {});
    agent edge(on, "edge", {mute.address(), at.address()}, {}, std::make_shared<memory_store>(), {}, 2s);
    edge.start();
    REQUIRE(mute.heard.wait("opened"));
    REQUIRE(edge.heard.wait("connected controller-1"));
}

TEST_CASE("a renewal changes neither whom an agent trusts nor whose commands it takes") {
    machine on;
    config::fleet_settings brief;
    brief.certificate_lifetime = 1h;
    controller at(on, std::make_shared<memory_store>(), brief);
    controller other(on, std::make_shared<memory_store>(), {}, "other-ca");
    at.admits->tell_command_key("the key of its joining");
    at.start();
    join(on, at, "edge");
    const auto pinned = on.folder.path() / "edge" / fleet::command_key_file;
    const auto key = text_of(pinned);
    REQUIRE(key == "the key of its joining\n");
    const fleet::identity_file identity(on.folder.path() / "edge");
    const auto before = identity.load();
    REQUIRE(before);

    rogue liar(on, *at.ca, [&](std::shared_ptr<net::web_socket> over) {
        return forge(std::move(over), *at.ca, on.clock, "edge", (*before)->facts.serial, other.ca->certificate());
    });
    agent edge(on, "edge", {liar.address()});
    on.agents_clock.advance(50min);
    edge.start();
    REQUIRE(liar.heard.wait("opened", 2)); // the second time with what it was given
    const auto after = identity.load();
    REQUIRE(after);
    CHECK((*after)->facts.serial > (*before)->facts.serial);
    CHECK((*after)->tls.authority == (*before)->tls.authority);
    CHECK(text_of(pinned) == key);
}
