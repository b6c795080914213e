// The order of what is kept for a controller.
#include "fleet/protocol/outbox.hpp"

#include <catch2/catch.hpp>

#include "support/print_result.hpp"

using namespace ferrule;
using fleet::protocol::outbox;
using namespace std::chrono_literals;

namespace {

const base::steady_time now{1h};

outbox::limits small() {
    outbox::limits out;
    out.bytes = 100;
    out.window = 3;
    out.window_bytes = 60;
    out.resend_after = 10s;
    return out;
}

std::vector<std::uint64_t> sent(outbox& from, base::steady_time at = now) {
    std::vector<std::uint64_t> all;
    for (auto seq = from.next(at); seq; seq = from.next(at))
        all.push_back(*seq);
    return all;
}

void fill(outbox& into, int count, std::size_t bytes = 10) {
    for (int i = 0; i < count; ++i)
        into.kept(into.add(bytes).seq);
}

using numbers = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("nothing is sent before it is kept, and nothing overtakes") {
    outbox it(small());
    it.connected();
    const auto first = it.add(10).seq;
    const auto second = it.add(10).seq;
    it.kept(second);
    CHECK(sent(it).empty());
    it.kept(first);
    CHECK(sent(it) == numbers{first, second});
}

TEST_CASE("the window bounds what is under way, by number and by size") {
    outbox it(small());
    fill(it, 5);
    CHECK(sent(it).empty());
    it.connected();
    CHECK(sent(it) == numbers{1, 2, 3});
    CHECK(it.acknowledged(2, now) == numbers{1, 2});
    CHECK(sent(it) == numbers{4, 5});
    outbox large(small());
    fill(large, 2, 50);
    large.connected();
    CHECK(sent(large) == numbers{1}); // two would be 100 bytes
}

TEST_CASE("after a lost connection everything that was not acknowledged comes again in order") {
    outbox it(small());
    fill(it, 4);
    it.connected();
    CHECK(sent(it) == numbers{1, 2, 3});
    it.acknowledged(1, now);
    it.disconnected();
    CHECK(sent(it).empty());
    it.connected();
    CHECK(sent(it) == numbers{2, 3, 4});
    CHECK(it.lost() == 0);
}

TEST_CASE("what is not acknowledged for long comes again on the same connection") {
    outbox it(small());
    fill(it, 2);
    it.connected();
    CHECK(sent(it) == numbers{1, 2});
    CHECK(sent(it, now + 9s).empty());
    CHECK(sent(it, now + 10s) == numbers{1, 2});
    it.acknowledged(1, now + 19s);
    CHECK(sent(it, now + 28s).empty());
    CHECK(sent(it, now + 29s) == numbers{2});
}

TEST_CASE("a full spool drops the oldest and counts it") {
    outbox it(small());
    fill(it, 10);
    const auto more = it.add(25);
    CHECK(more.dropped == numbers{1, 2, 3});
    CHECK(it.lost() == 3);
    CHECK(it.bytes() == 95);
    it.kept(more.seq);
    it.connected();
    CHECK(sent(it) == numbers{4, 5, 6});
    it.told(2);
    CHECK(it.lost() == 1);
    it.told(9);
    CHECK(it.lost() == 0);
}

TEST_CASE("what was dropped on its way counts as lost only if no acknowledgement comes") {
    outbox it(small());
    fill(it, 10);
    it.connected();
    CHECK(sent(it) == numbers{1, 2, 3});
    CHECK(it.add(20).dropped == numbers{1, 2});
    CHECK(it.lost() == 2);
    CHECK(it.acknowledged(1, now).empty());
    CHECK(it.lost() == 1);
    it.disconnected();
    it.connected();
    it.acknowledged(2, now);
    CHECK(it.lost() == 1);
}

TEST_CASE("an acknowledgement of what was never sent removes nothing") {
    outbox it(small());
    fill(it, 4);
    it.connected();
    CHECK(it.acknowledged(1000, now).empty());
    CHECK(sent(it) == numbers{1, 2, 3});
    CHECK(it.acknowledged(1000, now) == numbers{1, 2, 3});
    CHECK(sent(it) == numbers{4});
}

TEST_CASE("what the controller will never take is lost, and the rest goes on") {
    outbox it(small());
    fill(it, 4);
    it.connected();
    sent(it);
    CHECK(it.rejected(2));
    CHECK_FALSE(it.rejected(2));
    CHECK_FALSE(it.rejected(4)); // not sent yet
    CHECK(it.lost() == 1);
    CHECK(sent(it) == numbers{4});
    CHECK(it.acknowledged(4, now) == numbers{1, 3, 4});
    CHECK(it.size() == 0);
    CHECK(it.bytes() == 0);
}

TEST_CASE("what could not be sent or written is sent again, or forgotten") {
    outbox it(small());
    fill(it, 3);
    it.connected();
    sent(it);
    it.not_sent(2);
    CHECK(sent(it) == numbers{2, 3});
    const auto failed = it.add(10).seq;
    it.not_kept(failed);
    fill(it, 1);
    it.acknowledged(3, now);
    CHECK(sent(it) == numbers{failed + 1});
}

TEST_CASE("a new process goes on where the one before ended") {
    outbox it(small());
    it.restore({{7, 10}, {9, 20}}, 1);
    CHECK(it.bytes() == 30);
    CHECK(it.add(10).seq == 10);
    it.connected();
    CHECK(sent(it) == numbers{7, 9});
}
