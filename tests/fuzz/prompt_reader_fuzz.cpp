// SPDX-License-Identifier: Apache-2.0
// The readers meet whatever a device may send: they end or wait, keep the secret, and hold no more than they were
// given.
#include "ssh/reader/config_reader.hpp"
#include "ssh/reader/prompt_reader.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

using namespace ferrule::ssh;

namespace {

constexpr const char* rules_text = R"json({
    "name": "fuzz",
    "prompt": {
        "pattern": "^(\\[[^\\]\\n]*\\]\\n)?(?<host>[\\w.-]{1,64})(\\([^)\\n]*\\))?[>#]$",
        "exclude": ["^no#"]
    },
    "prompt_lines": 2,
    "echo": "fuzzy",
    "pager": {"pattern": "--more--", "reply": " "},
    "confirm": [{"pattern": "\\[confirm\\]", "reply": "y"}],
    "fatal": ["^% "],
    "redact": ["key (?<secret>\\S+)"],
    "modes": [{"name": "user", "pattern": "^.*>$"}, {"name": "top", "pattern": "^.*#$", "fatal": ["^error"]}]
})json";

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

/// The first bytes choose how the rest is cut and how time goes on.
template <class Reader, class Each>
void drive(Reader& reader, std::string_view bytes, std::uint8_t choice, Each each) {
    nanoseconds now = second;
    const std::size_t cut = 1u + choice % 31u;
    for (std::size_t at = 0; at < bytes.size() && reader.state() == Reader::outcome::waiting; at += cut) {
        reader.feed(bytes.substr(at, cut), now);
        if ((choice & 0x40u) != 0 && reader.deadline() < now + 100 * millisecond) {
            now = reader.deadline();
            reader.tick(now);
        }
        each();
    }
    for (int i = 0; i < 100 && reader.state() == Reader::outcome::waiting; ++i) {
        check(reader.deadline() >= now);
        now = reader.deadline();
        reader.tick(now);
        each();
    }
    check(reader.state() != Reader::outcome::waiting); // silence at the latest
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto rules = platform::compile(rules_text).value();
    if (size < 2) {
        return 0;
    }
    const auto choice = data[0];
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    dialog state(rules, 80, 24);
    state.secrets.add("hunter2");
    state.memory.learn("r1#", "r1");
    if ((choice & 0x80) != 0) {
        config_plan plan;
        plan.lines = {"a1", "b2", "c3", "d4"};
        plan.window = 1u + choice % 4u;
        plan.stop_on_error = (choice & 0x20) != 0;
        config_reader reader(state, plan, second);
        drive(reader, bytes, choice, [&] { check(reader.take_writes().size() < 4096); });
        if (reader.state() == config_reader::outcome::done) {
            check(reader.take_answers().size() == plan.lines.size());
        }
        return 0;
    }
    expectation wanted;
    wanted.typed = "show x";
    wanted.expect_echo = (choice & 0x20) != 0;
    wanted.stream = true;
    for (const auto* list : {&rules->pager, &rules->confirm}) {
        for (const auto& q : *list) {
            armed_question armed;
            armed.pattern = &q.pattern;
            armed.reply = q.reply;
            armed.repeat = q.repeat;
            armed.pager = list == &rules->pager;
            wanted.questions.push_back(armed);
        }
    }
    prompt_reader reader(state, wanted, second);
    std::string out;
    drive(reader, bytes, choice, [&] {
        out += reader.out().take();
        reader.take_writes();
    });
    check(reader.last_line().find("hunter2") == std::string::npos);
    check(out.find("hunter2") == std::string::npos);
    return 0;
}
