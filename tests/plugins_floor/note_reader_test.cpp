#include "rig.hpp"

#include "plugins/plugin_file.hpp"

#include <elf.h>

#include <cstring>
#include <fstream>

using ferrule::plugins::memory_source;
using ferrule::plugins::note_text;
using ferrule::plugins::parse_note;
using ferrule::plugins::read_note;
using test::rig;

namespace {

std::string bytes_of(const std::string& fixture) {
    std::ifstream in(rig::fixture(fixture), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string refusal(const std::string& file) {
    const auto text = note_text(memory_source(file));
    REQUIRE_FALSE(text);
    CHECK(text.error().code() == "plugin_broken");
    return text.error().message();
}

template <class T>
void put(std::string& file, std::size_t at, T value) {
    std::memcpy(file.data() + at, &value, sizeof(value));
}

std::string note_with(const std::string& components, const std::string& rest = {}) {
    return R"({"id":"x","version":"1","abi":"1.0","components":[)" + components + "]" + rest + "}";
}

constexpr const char* driver_x = R"({"kind":"ferrule.driver/1","name":"x","execution":"async"})";

} // namespace

TEST_CASE("the note of a plugin is read without loading it") {
    const auto got = read_note(rig::fixture("echo"));
    REQUIRE(got);
    CHECK(got->note.id == "echo");
    CHECK(got->note.version == "1.0.0");
    CHECK(got->note.abi_major == 1);
    CHECK(got->note.abi_minor == 0);
    REQUIRE(got->note.components.size() == 2);
    const auto* driver = got->note.find(ferrule::plugins::kind::driver, "echo");
    REQUIRE(driver != nullptr);
    CHECK(driver->execution == "async");
    CHECK(driver->summary == "A scripted driver");
    CHECK(got->note.find(ferrule::plugins::kind::store, "echo") == nullptr);
}

TEST_CASE("files that are no plugins are refused with what they are") {
    CHECK(refusal("") == "the file is empty");
    CHECK(refusal("#!/bin/sh\n") == "it is not an ELF file");
    CHECK(refusal("\x7f"
                  "ELF") == "the file is cut short (it has 4 bytes and needs 52); is it still being written?");
    CHECK(refusal(bytes_of("no_note")) == "it has no Ferrule note, so it is not a Ferrule plugin (FRL_NOTE makes one)");

    auto file = bytes_of("echo");
    put<Elf64_Half>(file, offsetof(Elf64_Ehdr, e_machine), EM_SPARCV9);
    CHECK(refusal(file) == "it was built for another kind of machine");
    file = bytes_of("echo");
    put<Elf64_Half>(file, offsetof(Elf64_Ehdr, e_type), ET_EXEC);
    CHECK(refusal(file) == "it is an ELF file but not a shared object");
    file = bytes_of("echo");
    put<Elf64_Half>(file, offsetof(Elf64_Ehdr, e_phentsize), 1);
    CHECK(refusal(file) == "its program headers are damaged");
}

TEST_CASE("a file that was cut anywhere is refused") {
    const auto whole = bytes_of("noop");
    REQUIRE(note_text(memory_source(whole)));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto text = note_text(memory_source(std::string_view(whole).substr(0, size)));
        if (text)
            FAIL("accepted with " << size << " of " << whole.size() << " bytes");
    }
}

TEST_CASE("no damage to the headers makes the reader leave the file") {
    const auto whole = bytes_of("noop");
    const std::size_t most = std::min<std::size_t>(whole.size(), 1024);
    for (std::size_t at = 0; at < most; ++at) {
        for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
            auto file = whole;
            file[at] = static_cast<char>(value);
            const auto text = note_text(memory_source(file));
            if (text)
                (void)parse_note(*text);
        }
    }
    for (std::size_t at = 0; at + 8 <= most; at += 4) {
        auto file = whole;
        put<std::uint64_t>(file, at, ~std::uint64_t{0} - 3);
        (void)note_text(memory_source(file));
    }
    SUCCEED();
}

TEST_CASE("a note that is not what abi.h describes is refused with the place") {
    struct row {
        std::string text;
        std::string message;
    };

    const std::string bad = "its note is not valid: ";
    const std::vector<row> rows{
        {"[]", "its note is not a JSON object"},
        {R"({"version":"1","abi":"1.0","components":[]})", bad + "id: is missing"},
        {R"({"id":"","version":"1","abi":"1.0","components":[]})", bad + "id: must not be empty"},
        {R"({"id":"x","version":"1\u001b[2J","abi":"1.0","components":[]})",
         bad + "version: must not contain control characters"},
        {R"({"id":"x","version":1,"abi":"1.0","components":[]})", bad + "version: must be a text"},
        {R"({"id":"x","version":"1","abi":"one","components":[]})", bad + "abi: must be MAJOR.MINOR, such as \"1.0\""},
        {R"({"id":"x","version":"1","abi":"1.0x","components":[]})", bad + "abi: must be MAJOR.MINOR, such as \"1.0\""},
        {R"({"id":"x","version":"1","abi":"1.0"})", bad + "components: is missing"},
        {note_with(""), bad + "components: must name one component or more"},
        {note_with("7"), bad + "components[0]: must be an object"},
        {note_with(R"({"name":"x","execution":"async"})"), bad + "components[0].kind: is missing"},
        {note_with(R"({"kind":"k/1","name":"X","execution":"async"})"),
         bad + "components[0].name: must be a-z, 0-9, _ and -, begin with a letter and have at most 64 characters"},
        {note_with(R"({"kind":"k/1","name":"x","execution":"fast"})"),
         bad + "components[0].execution: must be \"async\", \"blocking\" or \"pure\""},
        {note_with(R"({"kind":"k/1","name":"x","execution":"pure","config_schema":1})"),
         bad + "components[0].config_schema: must be a JSON Schema object"},
        {note_with(std::string(driver_x) + "," + driver_x), bad + "components: 'x' stands twice in it"},
        {note_with(driver_x, R"(,"services":[1])"), bad + "services: must be a list of texts"},
    };
    for (const auto& each : rows) {
        const auto got = parse_note(each.text);
        REQUIRE_FALSE(got);
        CHECK(got.error().code() == "plugin_broken");
        CHECK(got.error().message() == each.message);
    }
    CHECK_FALSE(parse_note("{"));
}

TEST_CASE("fields of a later minor version are left alone") {
    const auto got = parse_note(note_with(driver_x, R"(,"colour":"blue")"));
    REQUIRE(got);
    CHECK(got->find(ferrule::plugins::kind::driver, "x") != nullptr);
}

TEST_CASE("a plugin file that everyone may write to is refused") {
    const test::scratch_folder files;
    const auto place = files.write("open.so", bytes_of("echo"), 0666);
    const auto got = read_note(place);
    REQUIRE_FALSE(got);
    CHECK(got.error().message() ==
          "everyone may write to it, so it is not safe to load; remove that permission (chmod o-w)");
}

TEST_CASE("what is no regular file is refused and does not block") {
    const test::scratch_folder files;
    const auto place = files.path() / "pipe.so";
    REQUIRE(::mkfifo(place.c_str(), 0600) == 0);
    const auto got = read_note(place);
    REQUIRE_FALSE(got);
    CHECK(got.error().message() == "it is not a regular file");
    CHECK_FALSE(read_note(files.path() / "missing.so"));
}
