// The ELF note reader over any bytes.
#include "plugins/note.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ferrule::plugins::memory_source file({reinterpret_cast<const char*>(data), size});
    if (const auto text = ferrule::plugins::note_text(file))
        (void)ferrule::plugins::parse_note(*text);
    return 0;
}
