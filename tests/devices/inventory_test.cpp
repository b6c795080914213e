// The inventory, tokens, targets and lent secrets over a real store.
#include "devices/engine_rig.hpp"
#include "devices/placement.hpp"
#include "devices/resolved_target.hpp"
#include "devices/tokens.hpp"
#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace std::chrono_literals;
using test::engine_rig;

namespace {

model::device a_device(const std::string& name, const std::string& credential = {}) {
    model::device made;
    made.name = name;
    made.at.host = name + ".test";
    made.at.credential = credential;
    return made;
}

std::string code(const auto& outcome) {
    return outcome ? std::string() : outcome.error().code();
}

} // namespace

TEST_CASE("devices and credentials outlive the process, the secrets unreadable in between") {
    const test::scratch_folder scratch;
    {
        engine_rig rig({scratch.path()});
        rig.add_credential("c", "swordfish");
        CHECK(rig.wait(rig.inventory().put(a_device("d", "c"))).value());
        CHECK_FALSE(rig.wait(rig.inventory().put(a_device("d", "c"))).value()); // there already
        const auto kept = rig.wait(rig.store().get("credentials", "c")).value().value();
        CHECK(kept.value.find("swordfish") == std::string::npos);
        CHECK(kept.value.find("someone") == std::string::npos);
    }
    engine_rig rig({scratch.path()});
    CHECK(rig.inventory().find_credential("c")->password.reveal() == "swordfish");
    CHECK(rig.inventory().find_device("d")->at.credential == "c");
    CHECK(rig.inventory().nearest_device("dd") == "d");
}

TEST_CASE("references hold: no device without its credential, no credential taken from a device") {
    const test::scratch_folder scratch;
    engine_rig rig({scratch.path()});
    auto& known = rig.inventory();
    CHECK(code(rig.wait(known.put(a_device("d", "c")))) == "credential_not_found");
    rig.add_credential("c", "x");
    REQUIRE(rig.wait(known.put(a_device("d", "c"))));
    const auto used = rig.wait(known.remove_credential("c"));
    REQUIRE_FALSE(used);
    CHECK(used.error().code() == "in_use");
    CHECK(used.error().message() == "the credential \"c\" is used by d");
    REQUIRE(rig.wait(known.remove_device("d")));
    REQUIRE(rig.wait(known.remove_credential("c")));
    CHECK(code(rig.wait(known.remove_device("d"))) == "device_not_found");
    CHECK(code(rig.wait(known.remove_credential("c"))) == "credential_not_found");
}

TEST_CASE("changes of one name at the same time leave memory and disk with the same outcome") {
    const test::scratch_folder scratch;
    std::string last;
    {
        engine_rig rig({scratch.path()});
        std::vector<std::future<result<bool>>> all;
        std::vector<std::future<result<void>>> removals;
        for (int i = 0; i < 200; ++i) {
            auto made = a_device("d");
            made.at.host = "h" + std::to_string(i);
            all.push_back(test::asio::co_spawn(rig.loop().make_strand(), rig.inventory().put(std::move(made)),
                                               test::asio::use_future));
            if (i % 20 == 0)
                removals.push_back(test::asio::co_spawn(rig.loop().make_strand(), rig.inventory().remove_device("d"),
                                                        test::asio::use_future));
        }
        for (auto& each : all)
            REQUIRE(engine_rig::get(std::move(each)));
        for (auto& each : removals)
            engine_rig::get(std::move(each));
        const auto kept = rig.inventory().find_device("d");
        last = kept ? kept->at.host : std::string();
    }
    engine_rig rig({scratch.path()});
    const auto kept = rig.inventory().find_device("d");
    CHECK((kept ? kept->at.host : std::string()) == last);
}

TEST_CASE("what the configuration file brings hides what was made by REST and cannot be changed") {
    const test::scratch_folder scratch;
    engine_rig rig({scratch.path()});
    rig.add_credential("c", "rest");
    REQUIRE(rig.wait(rig.inventory().put(a_device("d", "c"))));
    const auto sealing = devices::vault::open((scratch.path() / "secret.key").string()).value();
    devices::inventory known(rig.store(), sealing);
    std::vector<model::device> devices{a_device("d"), a_device("e")};
    std::vector<model::credential> credentials(1);
    credentials[0].name = "c";
    REQUIRE(rig.wait(known.load(devices, credentials)));
    CHECK(known.find_device("d")->origin == "file");
    CHECK(known.find_credential("c")->password.empty());
    CHECK(code(rig.wait(known.put(a_device("d")))) == "read_only");
    CHECK(code(rig.wait(known.remove_device("e"))) == "read_only");
    CHECK(code(rig.wait(known.put(credentials[0]))) == "read_only");
    CHECK(code(rig.wait(known.remove_credential("c"))) == "read_only");
}

TEST_CASE("listings page by name and filter by labels") {
    const test::scratch_folder scratch;
    engine_rig rig({scratch.path()});
    for (const auto* name : {"c", "a", "e", "b", "d"}) {
        auto made = a_device(name);
        made.tags["even"] = name == std::string("b") || name == std::string("d") ? "yes" : "no";
        REQUIRE(rig.wait(rig.inventory().put(made)));
    }
    const auto first = rig.inventory().devices("", 2, {});
    REQUIRE(first.items.size() == 2);
    CHECK(first.items[1]->name == "b");
    CHECK(first.next == "b");
    const auto rest = rig.inventory().devices("b", 3, {});
    CHECK(rest.items.size() == 3);
    CHECK_FALSE(rest.next);
    CHECK(rig.inventory().devices("", 9, {{"even", "yes"}}).items.size() == 2);
}

TEST_CASE("a target names what is missing, and a session serves only what it was opened for") {
    const test::scratch_folder scratch;
    engine_rig rig({scratch.path()});
    rig.add_credential("c", "one");
    REQUIRE(rig.wait(rig.inventory().put(a_device("router", "c"))));
    const auto resolve = [&rig](const std::string& name) {
        return devices::resolve(rig.inventory(), engine_rig::asking(name, {"x"}));
    };
    const auto missing = resolve("ruter");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code() == "device_not_found");
    CHECK(missing.error().message() == "there is no device \"ruter\"; did you mean \"router\"?");
    const auto first = resolve("router").value();
    CHECK(first->same_session(*resolve("router").value()));
    CHECK(first->key() == "ssh://router.test:22");

    rig.add_credential("c", "one"); // the same again: the session may stay, a hold-back ends
    const auto same = resolve("router").value();
    CHECK(first->same_session(*same));
    CHECK(first->login_key() != same->login_key());
    rig.add_credential("c", "two");
    CHECK_FALSE(first->same_session(*resolve("router").value()));

    auto disabled = a_device("router", "c");
    disabled.enabled = false;
    REQUIRE(rig.wait(rig.inventory().put(disabled)));
    CHECK(code(resolve("router")) == "device_disabled");

    auto wanted = engine_rig::asking("", {"x"});
    auto& given = wanted.inline_at.emplace();
    given.at.host = "h";
    given.at.jump.emplace_back().credential = "nobody";
    CHECK(code(devices::resolve(rig.inventory(), wanted)) == "credential_not_found");
    given.at.jump.clear();
    given.login.emplace().password = base::secret("one");
    const auto inline_one = devices::resolve(rig.inventory(), wanted).value();
    CHECK(inline_one->login_key() == devices::resolve(rig.inventory(), wanted).value()->login_key());
    given.login->password = base::secret("two");
    const auto inline_two = devices::resolve(rig.inventory(), wanted).value();
    CHECK(inline_one->login_key() != inline_two->login_key());
    CHECK_FALSE(inline_one->same_session(*inline_two));
    CHECK(inline_one->login_key().find("one") == std::string::npos);
}

TEST_CASE("a lent secret can be fetched by its reference as long as the loan lasts") {
    devices::secret_book book;
    auto login = std::make_shared<model::credential>();
    login->username = "u";
    login->password = base::secret("swordfish");
    std::string reference;
    const auto fetch = [&book, &reference] {
        result<base::secret> got = error("none", "");
        book.fetch("plugin", reference, [&got](result<base::secret> came) { got = std::move(came); });
        return got;
    };
    {
        const auto loan = book.lend(login);
        const auto other = book.lend(login);
        CHECK(loan.reference() != other.reference());
        reference = loan.reference();
        CHECK(base::parse_json(fetch().value().reveal()).value()["password"] == "swordfish");
    }
    const auto over = fetch();
    REQUIRE_FALSE(over);
    CHECK(over.error().code() == "secret_not_found");
    CHECK(login->password.reveal() == "swordfish");
}

TEST_CASE("tokens are recognised until they expire or are revoked, also after a restart, and the last admin stays") {
    const test::scratch_folder scratch;
    engine_rig rig({scratch.path()});
    devices::tokens known(rig.store());
    const auto now = base::system_clock().wall_now();
    const auto admin = rig.wait(known.make("a", model::role::admin, std::nullopt)).value();
    const auto gone = rig.wait(known.make("old", model::role::admin, now - 1h)).value();
    const auto viewer = rig.wait(known.make("v", model::role::viewer, now + 1h)).value();
    CHECK(known.recognise(viewer.text.reveal(), now)->id == viewer.entry->id);
    CHECK_FALSE(known.recognise(viewer.text.reveal(), now + 2h));
    CHECK_FALSE(known.recognise(gone.text.reveal(), now));
    CHECK_FALSE(known.recognise("frl_nothing", now));
    const auto refused = rig.wait(known.revoke(admin.entry->id)); // the other one has expired
    CHECK(code(refused) == "last_admin");
    REQUIRE(rig.wait(known.revoke(gone.entry->id)));
    REQUIRE(rig.wait(known.revoke(viewer.entry->id)));
    CHECK_FALSE(known.recognise(viewer.text.reveal(), now));
    CHECK(code(rig.wait(known.revoke(viewer.entry->id))) == "token_not_found");

    devices::tokens again(rig.store());
    REQUIRE(rig.wait(again.load({})));
    CHECK(again.recognise(admin.text.reveal(), now)->may == model::role::admin);
    CHECK(again.list().size() == 1);
    const auto row = rig.wait(rig.store().get("tokens", admin.entry->id)).value().value();
    CHECK(row.value.find(std::string(admin.text.reveal())) == std::string::npos);
}

TEST_CASE("two admins that are revoked at the same time leave one") {
    const test::scratch_folder scratch;
    engine_rig rig({scratch.path()});
    devices::tokens known(rig.store());
    std::vector<std::future<result<void>>> all;
    for (int i = 0; i < 8; ++i)
        REQUIRE(rig.wait(known.make("a", model::role::admin, std::nullopt)));
    for (const auto& each : known.list())
        all.push_back(test::asio::co_spawn(rig.loop().make_strand(), known.revoke(each->id), test::asio::use_future));
    int refused = 0;
    for (auto& each : all)
        refused += engine_rig::get(std::move(each)) ? 0 : 1;
    CHECK(refused == 1);
    CHECK(known.list().size() == 1);
}

TEST_CASE("only nodes that are online are offered to the scheduler, and the answer is an index of the whole list") {
    const test::scratch_folder scratch;
    engine_rig rig({scratch.path()});
    REQUIRE(rig.wait(rig.inventory().put(a_device("d"))));
    const auto at = devices::resolve(rig.inventory(), engine_rig::asking("d", {"x"})).value();
    const devices::placement chooser(rig.scheduler());
    std::vector<model::node_info> nodes(3);
    for (auto& each : nodes)
        each.capacity = 2;
    nodes[0].online = false;
    nodes[1].count = 2;
    CHECK(chooser.choose(nodes, *at).value() == 2);
    nodes[2].count = 2;
    const auto full = chooser.choose(nodes, *at);
    REQUIRE_FALSE(full);
    CHECK(full.error().code() == "no_capacity");
    CHECK(full.error().retryable());
    CHECK(code(chooser.choose({}, *at)) == "no_capacity");
}
