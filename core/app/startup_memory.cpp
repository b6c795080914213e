#include "app/startup_memory.hpp"

#include <cstdint>

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace ferrule::app {

namespace {

// Only segments that nobody can have written to: a private page that was written, such as a relocated one, would be
// lost, while these are read again from their file.
int give_back_constants(dl_phdr_info* of, std::size_t, void*) {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    for (std::size_t i = 0; i < of->dlpi_phnum; ++i) {
        const auto& segment = of->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0)
            continue;
        // Whole pages, so that no neighbour is met.
        const auto from = (of->dlpi_addr + segment.p_vaddr + page - 1) & ~(page - 1);
        const auto to = (of->dlpi_addr + segment.p_vaddr + segment.p_memsz) & ~(page - 1);
        if (from < to)
            ::madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED); // NOLINT(performance-no-int-to-ptr)
    }
    return 0;
}

} // namespace

void give_back_startup_memory() noexcept {
    ::malloc_trim(0);
    ::dl_iterate_phdr(&give_back_constants, nullptr);
}

} // namespace ferrule::app
