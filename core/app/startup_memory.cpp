#include "app/startup_memory.hpp"

#include <cstddef>
#include <cstdint>

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

// The daemon is linked with jemalloc, its tests and the sanitizers' builds are not. Few arenas, because there are few
// threads; what is free for two seconds goes back to the system.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "narenas:2,dirty_decay_ms:2000,muzzy_decay_ms:0";
[[gnu::weak]] int mallctl(const char* name, void* old, std::size_t* old_size, void* fresh, std::size_t fresh_size);
}

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
    if (mallctl != nullptr)
        mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0); // 4096 stands for all arenas
    else
        ::malloc_trim(0);
    ::dl_iterate_phdr(&give_back_constants, nullptr);
}

} // namespace ferrule::app
