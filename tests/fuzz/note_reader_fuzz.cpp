// The readers of ELF notes and symbols over any bytes.
#include "plugins/elf_symbols.hpp"
#include "plugins/note.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ferrule::plugins::memory_source file({reinterpret_cast<const char*>(data), size});
    if (const auto text = ferrule::plugins::note_text(file)) {
        (void)ferrule::plugins::parse_note(*text);
        (void)ferrule::plugins::exported_symbols(file);
    }
    return 0;
}
