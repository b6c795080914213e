#include "base/secret.hpp"

#include <catch2/catch.hpp>

#include <new>
#include <ostream>
#include <sstream>
#include <string>

using namespace ferrule::base;

namespace {

template <class T>
concept printable = requires(std::ostream& out, const T& value) {
    out << value;
};

// The bytes of an object after its end, looked at in storage that the test itself owns.
template <class Make>
std::string bytes_after(Make make) {
    alignas(secret) unsigned char storage[sizeof(secret)] = {};
    auto* made = new (storage) secret(make());
    made->~secret();
    return {reinterpret_cast<const char*>(storage), sizeof storage};
}

} // namespace

TEST_CASE("a secret neither prints nor turns into text by itself") {
    STATIC_REQUIRE_FALSE(printable<secret>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<secret, std::string>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<secret, std::string_view>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<std::string, secret>);
}

TEST_CASE("the memory of a secret is wiped when it goes") {
    // Short texts live inside the object, so what is left of them can be seen.
    CHECK(bytes_after([] { return std::string("hunter2"); }).find("hunter2") == std::string::npos);
}

TEST_CASE("a secret that was moved from is empty, and its bytes are gone") {
    alignas(secret) unsigned char storage[sizeof(secret)] = {};
    auto* from = new (storage) secret(std::string("hunter2"));
    const secret to = std::move(*from);
    CHECK(to.reveal() == "hunter2");
    CHECK(from->empty());
    CHECK(std::string(reinterpret_cast<const char*>(storage), sizeof storage).find("hunter2") == std::string::npos);
    secret other;
    other = secret(std::string("longer than what fits into a small string"));
    CHECK(other.reveal() == "longer than what fits into a small string");
    from->~secret();
}

TEST_CASE("secrets copy, assign and compare by value") {
    const secret one(std::string("a"));
    secret two = one;
    CHECK(one == two);
    two = secret(std::string("b"));
    CHECK_FALSE(one == two);
    CHECK_FALSE(one == secret(std::string("ab")));
    CHECK(secret() == secret(std::string()));
    two = two; // NOLINT: assigning itself must not lose the value
    CHECK(two.reveal() == "b");
}

TEST_CASE("a text is wiped in place") {
    std::string text = "hunter2hunter2hunter2hunter2";
    const char* data = text.data();
    const auto size = text.size();
    wipe(text);
    CHECK(text.empty());
    CHECK(std::string(data, size) == std::string(size, '\0'));
}
