#include "fleet/exec/envelope.hpp"

#include "base/id.hpp"
#include "base/json.hpp"
#include "model/command_json.hpp"
#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

using namespace ferrule;
using namespace ferrule::fleet::exec;
using namespace std::chrono_literals;
using base::json;

namespace {

const base::wall_time noon = base::parse_rfc3339("2026-03-01T12:00:00Z").value();

order some_order() {
    order made;
    made.task_id = base::make_id();
    made.target = "web1";
    made.issued_at = noon;
    made.not_after = noon + 10min;
    made.nonce = base::random_token(18);
    made.spec.argv = {"/usr/bin/echo", "a b", "\"quoted\"", "\xC3\xA9"};
    made.spec.user = "deploy";
    made.spec.environment = {{"TZ", "UTC"}};
    made.spec.timeout = 1500ms;
    return made;
}

verifier trusting(const std::vector<std::string>& keys, const std::string& self = "web1") {
    verifier::rules wanted;
    wanted.self = self;
    wanted.skew = 30s;
    wanted.max_lifetime = 1h;
    return verifier(trusted_keys::make(keys).value(), wanted);
}

std::string code(const verifier& by, const json& message) {
    const auto read = by.open(message);
    return read ? "ok" : read.error().code();
}

std::string code(const verifier& by, const order& given, base::wall_time now) {
    const auto judged = by.timely(given, now);
    return judged ? "ok" : judged.error().code();
}

} // namespace

TEST_CASE("an order arrives as it was given, over JSON text and back") {
    const auto key = signing_key::make();
    const auto given = some_order();
    const auto message = base::parse_json(base::dump(seal(given, key))).value();
    const auto read = trusting({key.shown().text()}).open(message);
    REQUIRE(read);
    CHECK(read->what.task_id == given.task_id);
    CHECK(read->what.nonce == given.nonce);
    CHECK(read->what.issued_at == given.issued_at);
    CHECK(read->what.not_after == given.not_after);
    CHECK(read->what.key_id == key.shown().id());
    CHECK(read->what.spec == given.spec);
    CHECK(read->digest == digest_of(message));
    // What other programs know these messages by.
    CHECK(message["command"] == "/usr/bin/echo a b \"quoted\" \xC3\xA9");
    CHECK(message["timeout"] == 2);
    CHECK(message["user"] == "deploy");
    CHECK(message["timestamp"] == 1772366400);
}

TEST_CASE("no byte of an order can be altered") {
    const auto key = signing_key::make();
    const auto by = trusting({key.shown().text()});
    const auto good = seal(some_order(), key);
    const auto raw = good["signed"].get<std::string>();
    for (std::size_t i = 0; i < raw.size(); ++i) {
        auto bad = good;
        auto text = raw;
        text[i] = text[i] == 'x' ? 'y' : 'x';
        bad["signed"] = text;
        INFO(text);
        const auto told = code(by, bad);
        CHECK((told == "altered" || told == "unknown_key"));
    }
    auto signature = good["sign"].get<std::string>();
    for (const std::size_t i : {std::size_t{0}, std::size_t{40}, signature.size() - 3}) {
        auto bad = good;
        auto text = signature;
        text[i] = text[i] == 'A' ? 'B' : 'A';
        bad["sign"] = text;
        CHECK(code(by, bad) == "altered");
    }
    for (const auto* member : {"task_id", "command", "timeout", "user", "timestamp"}) {
        auto bad = good;
        bad[member] = "other";
        INFO(member);
        CHECK(code(by, bad) == "altered");
        bad.erase(member); // not needed, so it harms nothing
        CHECK(code(by, bad) == "ok");
    }
}

TEST_CASE("an order counts only with a trusted key, whoever it says it is from") {
    const auto trusted = signing_key::make();
    const auto other = signing_key::make();
    const auto by = trusting({trusted.shown().text()});
    auto message = seal(some_order(), other);
    CHECK(code(by, message) == "unknown_key");
    // The other's signature under the trusted key's name.
    auto text = message["signed"].get<std::string>();
    text.replace(text.find(other.shown().id()), 16, trusted.shown().id());
    message["signed"] = text;
    message["sign"] = other.sign(text);
    CHECK(code(by, message) == "altered");
    CHECK(code(trusting({}), seal(some_order(), trusted)) == "unknown_key");
}

TEST_CASE("while a controller changes its key, an agent may trust the old and the new one") {
    const auto old_key = signing_key::make();
    const auto new_key = signing_key::make();
    const auto by = trusting({old_key.shown().text(), new_key.shown().text()});
    CHECK(code(by, seal(some_order(), old_key)) == "ok");
    CHECK(code(by, seal(some_order(), new_key)) == "ok");
    CHECK(old_key.shown().id() != new_key.shown().id());
}

TEST_CASE("an order for another agent is refused") {
    const auto key = signing_key::make();
    const auto by = trusting({key.shown().text()}, "web2");
    const auto read = by.open(seal(some_order(), key));
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == "wrong_target");
    CHECK(read.error().message() == "the order is for the agent \"web1\", and this is \"web2\"");
}

TEST_CASE("an order is begun within its time only, give or take the clocks") {
    const auto by = trusting({});
    const auto given = some_order();
    CHECK(code(by, given, noon) == "ok");
    CHECK(code(by, given, noon - 30s) == "ok");
    CHECK(code(by, given, noon - 31s) == "not_yet_valid");
    CHECK(code(by, given, noon + 10min) == "ok");
    CHECK(code(by, given, noon + 10min + 1ms) == "expired");
    auto long_lived = given;
    long_lived.not_after = noon + 2h;
    CHECK(code(by, long_lived, noon) == "lifetime_too_long");
    for (const int centuries : {3, 5, 6, 9}) {
        long_lived.not_after = noon + centuries * 100 * 8766h; // more than fits into nanoseconds
        CHECK(code(by, long_lived, noon) == "lifetime_too_long");
    }
    auto backwards = given;
    backwards.not_after = noon - 1s;
    CHECK(code(by, backwards, noon - 2s) == "lifetime_too_long");
}

TEST_CASE("what is no order is refused, signed or not") {
    const auto key = signing_key::make();
    const auto by = trusting({key.shown().text()});
    const auto with = [&key](const std::string& raw) { return json{{"signed", raw}, {"sign", key.sign(raw)}}; };
    const auto changed = [&key, &with](const std::function<void(json&)>& change) {
        auto raw = json::parse(seal(some_order(), key)["signed"].get<std::string>());
        change(raw);
        return with(base::dump(raw));
    };
    CHECK(code(by, json()) == "bad_envelope");
    CHECK(code(by, json::array()) == "bad_envelope");
    CHECK(code(by, json{{"signed", 1}, {"sign", 2}}) == "bad_envelope");
    CHECK(code(by, with("{")) == "altered");
    CHECK(code(by, with("[]")) == "unknown_key");
    CHECK(code(by, changed([](json& raw) { raw["v"] = 2; })) == "unsupported_version");
    CHECK(code(by, changed([](json& raw) { raw.erase("nonce"); })) == "bad_envelope");
    CHECK(code(by, changed([](json& raw) { raw["nonce"] = "short"; })) == "bad_envelope");
    CHECK(code(by, changed([](json& raw) { raw["task_id"] = "../../x"; })) == "bad_envelope");
    CHECK(code(by, changed([](json& raw) { raw["action"] = "destroy"; })) == "bad_envelope");
    CHECK(code(by, changed([](json& raw) { raw["more"] = 1; })) == "bad_envelope");
    CHECK(code(by, changed([](json& raw) { raw["args"]["sudo"] = true; })) == "bad_envelope");
    CHECK(code(by, changed([](json& raw) { raw["args"].erase("timeout"); })) == "bad_envelope");
    CHECK(code(by, changed([](json& raw) { raw["issued_at"] = "now"; })) == "bad_envelope");
}

TEST_CASE("the key that signs commands is made once, for its owner alone") {
    const test::scratch_folder scratch;
    const auto file = (scratch.path() / "sub" / "command.key").string();
    const auto made = signing_key::open(file);
    REQUIRE(made);

    struct stat about {};

    REQUIRE(::stat(file.c_str(), &about) == 0);
    CHECK((about.st_mode & 0777U) == 0600U);
    const auto again = signing_key::open(file);
    REQUIRE(again);
    CHECK(again->shown().text() == made->shown().text());
    CHECK(made->shown().verifies("text", again->sign("text")));
    CHECK(public_key::parse(made->shown().text()).value().id() == made->shown().id());

    REQUIRE(::chmod(file.c_str(), 0640) == 0);
    CHECK(signing_key::open(file).error().message().find("chmod 600") != std::string::npos);
    const auto cut = scratch.write("cut.key", "too short");
    CHECK(signing_key::open(cut.string()).error().code() == "command_key");
}

TEST_CASE("a public key is read whole or not at all") {
    const auto good = signing_key::make().shown().text();
    CHECK(public_key::parse(good));
    for (const auto& bad : {std::string(), std::string("ed25519:"), good.substr(8), good + "A", good.substr(0, 50),
                            "rsa:" + good.substr(8), good.substr(0, 20) + "!" + good.substr(21)}) {
        INFO(bad);
        CHECK_FALSE(public_key::parse(bad));
    }
}
