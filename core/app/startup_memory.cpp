#include "app/startup_memory.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

// The daemon is linked with jemalloc; its tests and the builds with sanitizers are not.
extern "C" [[gnu::weak]] int mallctl(const char* name, void* old, std::size_t* old_size, void* fresh,
                                     std::size_t fresh_size);

namespace ferrule::app {

namespace {

/// /proc/self/pagemap: which pages still are those of their file (proc_pid_pagemap(5)).
class page_map {
  public:
    page_map() noexcept
        : file_(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC))
        , page_(static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE))) {}

    page_map(const page_map&) = delete;
    page_map& operator=(const page_map&) = delete;

    ~page_map() {
        if (file_ >= 0)
            ::close(file_);
    }

    /// Drops the whole pages between the addresses that can be read again from their file.
    void drop(std::uintptr_t from, std::uintptr_t to) const noexcept {
        std::array<std::uint64_t, 512> entries{};
        from = (from + page_ - 1) & ~(page_ - 1);
        while (file_ >= 0 && from + page_ <= to) {
            const auto wanted = std::min<std::size_t>(entries.size(), (to - from) / page_);
            const auto at = static_cast<off_t>(from / page_ * sizeof(std::uint64_t));
            const auto got = ::pread(file_, entries.data(), wanted * sizeof(std::uint64_t), at);
            if (got < static_cast<ssize_t>(sizeof(std::uint64_t)))
                return;
            const auto count = static_cast<std::size_t>(got) / sizeof(std::uint64_t);
            for (std::size_t first = 0; first < count;) {
                auto last = first;
                while (last < count && (entries[last] & of_file) != 0)
                    ++last;
                if (last > first)
                    ::madvise(reinterpret_cast<void*>(from + first * page_), // NOLINT(performance-no-int-to-ptr)
                              (last - first) * page_, MADV_DONTNEED);
                first = last + 1;
            }
            from += count * page_;
        }
    }

  private:
    static constexpr std::uint64_t of_file = std::uint64_t{1} << 61U;

    int file_;
    std::uintptr_t page_;
};

int drop_constants(dl_phdr_info* of, std::size_t, void* pages) {
    for (std::size_t i = 0; i < of->dlpi_phnum; ++i) {
        const auto& segment = of->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0)
            continue;
        const auto from = of->dlpi_addr + segment.p_vaddr;
        static_cast<const page_map*>(pages)->drop(from, from + segment.p_memsz);
    }
    return 0;
}

} // namespace

void give_back_startup_memory() noexcept {
    if (mallctl != nullptr)
        mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0); // 4096 stands for all arenas
    else
        ::malloc_trim(0);
    page_map pages;
    ::dl_iterate_phdr(&drop_constants, &pages);
}

} // namespace ferrule::app
